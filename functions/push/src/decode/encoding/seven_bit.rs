//! Encodings that write everything in ASCII, so that no byte gives them away: ISO-2022, HZ and UTF-7.

/// The name of the one that ASCII text is surely written in, if it is one of these.
pub(super) fn name(text: &[u8]) -> Option<&'static str> {
    // A byte that nearly no text has stands at the front of each: one fast look for it is enough.
    if text.contains(&0x1b) && is_iso_2022(text) {
        Some("ISO-2022")
    } else if text.contains(&b'~') && is_hz(text) {
        Some("HZ-GB-2312")
    } else if text.contains(&b'+') && is_utf7(text) {
        Some("UTF-7")
    } else {
        None
    }
}

/// Whether an escape sequence begins another set of characters.
fn is_iso_2022(text: &[u8]) -> bool {
    let escapes = text.windows(3).filter(|at| at[0] == 0x1b);
    escapes
        .into_iter()
        .any(|at| matches!(at[1], b'$' | b'(' | b')') && matches!(at[2], b'@'..=b'Z' | b'(' | b')'))
}

/// Whether pairs stand between `~{` and `~}`, and neither stands alone.
fn is_hz(text: &[u8]) -> bool {
    let (mut rest, mut found) = (text, false);
    while let Some(start) = rest.windows(2).position(|at| at == b"~{") {
        rest = &rest[start + 2..];
        let Some(len) = rest.windows(2).position(|at| at == b"~}") else {
            return false;
        };
        if len == 0 || len % 2 == 1 || !rest[..len].iter().all(u8::is_ascii_graphic) {
            return false;
        }
        rest = &rest[len + 2..];
        found = true;
    }
    found
}

/// Whether every `+` begins what UTF-7 writes so, some of it is a letter of an alphabet, and a `-` ends some of it.
fn is_utf7(text: &[u8]) -> bool {
    let (mut letters, mut ended) = (false, false);
    for part in text.split(|byte| *byte == b'+').skip(1) {
        let len = part.iter().take_while(|byte| sextet(**byte).is_some()).count();
        ended |= len > 0 && part.get(len) == Some(&b'-');
        match shifted(&part[..len]) {
            // `+-` is a plus.
            _ if len == 0 && part.first() == Some(&b'-') => {}
            Some(text) if text.chars().all(is_usual) => letters |= text.chars().any(char::is_alphabetic),
            _ => return false,
        }
    }
    letters && ended
}

/// Whether a character is one of European alphabets, or a mark that is used with them.
fn is_usual(c: char) -> bool {
    matches!(c, '!'..='~' | '\u{a0}'..='\u{24f}' | '\u{370}'..='\u{52f}' | '\u{2010}'..='\u{2122}')
}

/// The text that a shifted sequence stands for: UTF-16 in the letters of base64, with zeros behind it.
fn shifted(letters: &[u8]) -> Option<String> {
    let (mut units, mut bits, mut count) = (Vec::new(), 0_u32, 0_u32);
    for letter in letters {
        bits = (bits << 6 | sextet(*letter)?) & 0x003f_ffff;
        count += 6;
        if count >= 16 {
            count -= 16;
            units.push(u16::try_from(bits >> count & 0xffff).ok()?);
        }
    }
    let no_more = count < 6 && bits & ((1 << count) - 1) == 0;
    String::from_utf16(&units)
        .ok()
        .filter(|text| no_more && !text.is_empty())
}

fn sextet(byte: u8) -> Option<u32> {
    Some(u32::from(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_in_ascii_alone_is_recognised() {
        for (text, expected) in [
            ("Name\n\u{1b}$B;3ED\u{1b}(B\n", Some("ISO-2022")),
            ("Name\nAltpreu\u{1b}$)C\u{e}),\u{f}isch\n", Some("ISO-2022")),
            ("Name\n~{VPND~} Ltd\n", Some("HZ-GB-2312")),
            ("Name\nM+APw-ller +- K+APY-nig\n", Some("UTF-7")),
            ("Name\n+ANY-sterreich\n", Some("UTF-7")),
            ("Name\nZ+APw-rich\n", Some("UTF-7")),
            ("Name,Phone\nM+APw-ller,+49 30 1234567\n", None),
            ("Name\nA+B-C\nO+\n", None),
            ("Name\nX+ABC-1\n", None),
            ("Name\n{~} a~{b\n", None),
            ("Name\n~{abc~}\n", None),
            ("Name\n\u{1b}[1mbold\n", None),
        ] {
            assert_eq!(name(text.as_bytes()), expected, "{text:?}");
        }
    }
}
