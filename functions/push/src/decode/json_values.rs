//! Finds where JSON values end, without parsing them: a broken value then breaks nothing but itself.

/// Finds the end of one value. Goes on where it stopped when more bytes come.
#[derive(Debug, Clone, Default)]
pub(crate) struct ValueScanner {
    at: usize,
    depth: usize,
    in_text: bool,
    escaped: bool,
}

impl ValueScanner {
    /// Makes ready for the next value.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }

    /// How long the value is; `None` while it does not end in these bytes. They start where the value starts. At the
    /// file's end (`last`), a bare word or number ends too.
    pub(crate) fn scan(&mut self, bytes: &[u8], last: bool) -> Option<usize> {
        while let Some(byte) = bytes.get(self.at) {
            let behind = self.at + 1;
            if self.in_text {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => {
                        self.in_text = false;
                        if self.depth == 0 {
                            return Some(behind);
                        }
                    }
                    _ => {}
                }
            } else {
                match byte {
                    b'"' => self.in_text = true,
                    b'{' | b'[' => self.depth += 1,
                    b'}' | b']' if self.depth <= 1 => {
                        // Without an opening one before it, it belongs to what is around the value.
                        return Some(if self.depth == 1 { behind } else { self.at });
                    }
                    b'}' | b']' => self.depth -= 1,
                    b',' | b' ' | b'\t' | b'\r' | b'\n' if self.depth == 0 => return Some(self.at),
                    _ => {}
                }
            }
            self.at = behind;
        }
        (last && self.depth == 0 && !self.in_text && self.at > 0).then_some(self.at)
    }
}

/// The members of an object, as they are written: each member's name (still in JSON's escapes), and the member whole.
/// `None` if the text is no object.
pub(crate) fn members(object: &str) -> Option<Vec<(&str, &str)>> {
    let mut rest = object.trim_ascii().strip_prefix('{')?.strip_suffix('}')?.trim_ascii();
    let mut members = Vec::new();
    while !rest.is_empty() {
        let name = ValueScanner::default().scan(rest.as_bytes(), true)?;
        let value = rest[name..].trim_ascii_start().strip_prefix(':')?.trim_ascii_start();
        let value_at = rest.len() - value.len();
        let len = value_at + ValueScanner::default().scan(value.as_bytes(), true)?;
        members.push((&rest[..name], &rest[..len]));
        rest = rest[len..].trim_ascii_start();
        rest = match rest.strip_prefix(',') {
            Some(rest) => rest.trim_ascii_start(),
            None if rest.is_empty() => rest,
            None => return None,
        };
    }
    Some(members)
}

/// Where the list of records starts (behind its bracket) in an object around it, such as Zoho's own `{"data": [...]}`.
pub(crate) fn wrapped_list(text: &[u8]) -> Option<(usize, bool)> {
    let mut at = 1;
    let mut is_message = false;
    let blanks = |at: usize| {
        at + text[at..]
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace() || **byte == b',')
            .count()
    };
    loop {
        at = blanks(at);
        let name_at = at;
        at += ValueScanner::default().scan(&text[at..], false)?;
        let name = &text[name_at..at];
        at = blanks(at);
        if text.get(at) != Some(&b':') {
            return None;
        }
        at = blanks(at + 1);
        if matches!(name, b"\"data\"" | b"\"records\"") && text.get(at) == Some(&b'[') {
            let behind = blanks(at + 1);
            return matches!(text.get(behind), Some(b'{' | b']')).then_some((at + 1, is_message));
        }
        is_message |= name == b"\"module\"";
        at += ValueScanner::default().scan(&text[at..], false)?;
    }
}
