//! Tells encodings apart by evidence, and turns text into UTF-8.

use super::fault::FileFault;
use super::form::Encoding;

/// Stands for what has no meaning in the file's encoding. No UTF-8 text has this byte, so its row is found out.
const NO_TEXT: u8 = 0xff;

/// What Windows-1252 has from 0x80 on, where Latin-1 has control characters. Its five gaps are read as those (WHATWG
/// Encoding Standard, "index windows-1252").
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', //
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Turns text into UTF-8, piece by piece. A byte order mark stays, as U+FEFF.
///
/// A crate that does so for all encodings there are would bring 150 kB of tables along.
pub(crate) enum Transcoder {
    Utf16(Utf16),
    Windows1252,
}

impl Transcoder {
    /// `None` for UTF-8, which needs none.
    pub(crate) fn new(encoding: Encoding) -> Option<Self> {
        match encoding {
            Encoding::Utf8 => None,
            Encoding::Utf16Le => Some(Self::Utf16(Utf16::of(u16::from_le_bytes))),
            Encoding::Utf16Be => Some(Self::Utf16(Utf16::of(u16::from_be_bytes))),
            Encoding::Windows1252 => Some(Self::Windows1252),
        }
    }

    /// Adds the bytes to `out` as UTF-8. `last` says that the file ends with them.
    pub(crate) fn push(&mut self, bytes: &[u8], last: bool, out: &mut Vec<u8>) {
        match self {
            Self::Utf16(utf16) => utf16.push(bytes, last, out),
            Self::Windows1252 => {
                for byte in bytes {
                    let place = usize::from(*byte).checked_sub(0x80);
                    let own = place.and_then(|place| WINDOWS_1252.get(place));
                    push_char(own.copied().unwrap_or(char::from(*byte)), out);
                }
            }
        }
    }
}

/// UTF-16 on its way.
pub(crate) struct Utf16 {
    order: fn([u8; 2]) -> u16,
    /// The first byte of a unit whose second one has not come yet.
    odd: Option<u8>,
    /// The first unit of a pair whose second one has not come yet.
    high: Option<u16>,
}

impl Utf16 {
    fn of(order: fn([u8; 2]) -> u16) -> Self {
        Self {
            order,
            odd: None,
            high: None,
        }
    }

    fn push(&mut self, bytes: &[u8], last: bool, out: &mut Vec<u8>) {
        for byte in bytes {
            match self.odd.take() {
                None => self.odd = Some(*byte),
                Some(first) => self.unit((self.order)([first, *byte]), out),
            }
        }
        if last {
            let (odd, high) = (self.odd.take(), self.high.take());
            if odd.is_some() || high.is_some() {
                out.push(NO_TEXT);
            }
        }
    }

    fn unit(&mut self, unit: u16, out: &mut Vec<u8>) {
        if let Some(high) = self.high.take() {
            if let Some(Ok(character)) = char::decode_utf16([high, unit]).next() {
                return push_char(character, out);
            }
            out.push(NO_TEXT);
        }
        match char::decode_utf16([unit]).next() {
            Some(Ok(character)) => push_char(character, out),
            _ if (0xd800..0xdc00).contains(&unit) => self.high = Some(unit),
            _ => out.push(NO_TEXT),
        }
    }
}

fn push_char(character: char, out: &mut Vec<u8>) {
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

/// What the first bytes say about the encoding.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) encoding: Encoding,
    pub(crate) bom: bool,
    pub(crate) warning: Option<String>,
}

/// Tells the encoding from the first bytes; `whole` says that there are no more.
pub(crate) fn tell(bytes: &[u8], whole: bool) -> Result<Found, FileFault> {
    let found = |encoding, bom| {
        Ok(Found {
            encoding,
            bom,
            warning: None,
        })
    };
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => return Err(unknown("it is UTF-32")),
        [0xef, 0xbb, 0xbf, ..] => return found(Encoding::Utf8, true),
        [0xff, 0xfe, ..] => return found(Encoding::Utf16Le, true),
        [0xfe, 0xff, ..] => return found(Encoding::Utf16Be, true),
        _ => {}
    }
    if bytes.contains(&0) {
        let encoding = utf16(bytes).ok_or_else(|| {
            FileFault::new(
                "BINARY_FILE",
                "the file is no text: it has zero bytes in it",
                "save the data as CSV UTF-8",
            )
        })?;
        let warning = "the file has no byte order mark; by its zero bytes it was read as UTF-16".to_owned();
        return Ok(Found {
            encoding,
            bom: false,
            warning: Some(warning),
        });
    }
    if std::str::from_utf8(bytes).is_ok() {
        return found(Encoding::Utf8, false);
    }
    let mut utf8 = Utf8Evidence::default();
    utf8.add(bytes, whole);
    // Characters of several bytes hardly ever come about by chance: some of them, and the rest is damage in a UTF-8 file.
    if utf8.invalid <= utf8.valid * 20 {
        return found(Encoding::Utf8, false);
    }
    let mut western = WesternEvidence::default();
    western.add(bytes);
    if !western.is_plausible() {
        return Err(unknown("it is neither UTF-8 nor Western European (Windows-1252)"));
    }
    Ok(Found {
        encoding: Encoding::Windows1252,
        bom: false,
        warning: Some(read_as_windows_1252()),
    })
}

/// The warning that a guess was made.
pub(crate) fn read_as_windows_1252() -> String {
    "the file is not UTF-8; by its letters it was read as Windows-1252 (Western European): if names look wrong, save it as \
     CSV UTF-8"
        .to_owned()
}

fn unknown(what: &str) -> FileFault {
    FileFault::new(
        "ENCODING_UNKNOWN",
        format!("the file's encoding is not one that is read: {what}"),
        "save it as CSV UTF-8",
    )
}

/// UTF-16 without a mark: the zero bytes of line ends, delimiters and Latin letters are all on the same side.
fn utf16(bytes: &[u8]) -> Option<Encoding> {
    let zeros = |side: usize| bytes.iter().skip(side).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    // At least a line end or delimiter in a hundred characters. Few are on the other side (U+4E00 has one).
    let enough = |zeros: usize| zeros * 100 >= bytes.len() / 2;
    if odd > even * 4 && enough(odd) {
        Some(Encoding::Utf16Le)
    } else if even > odd * 4 && enough(even) {
        Some(Encoding::Utf16Be)
    } else {
        None
    }
}

/// Counts what speaks for and against UTF-8.
#[derive(Debug, Default, Clone, Copy)]
struct Utf8Evidence {
    valid: u64,
    invalid: u64,
}

impl Utf8Evidence {
    fn add(&mut self, bytes: &[u8], whole: bool) {
        let mut chunks = bytes.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            self.valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count() as u64;
            let invalid = chunk.invalid();
            let cut = chunks.peek().is_none() && !whole && is_start_of_char(invalid);
            self.invalid += u64::from(!invalid.is_empty() && !cut);
        }
    }
}

/// Whether these bytes may be a character whose rest is missing.
fn is_start_of_char(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

/// Counts what speaks for and against Windows-1252 where bytes are not UTF-8.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct WesternEvidence {
    /// Accented letters where a Western text has them.
    letters: u64,
    /// Marks that may stand anywhere, such as an apostrophe or a euro sign.
    marks: u64,
    /// Bytes that Windows-1252 does not have, signs in the middle of words, long runs without an ASCII letter.
    oddities: u64,
    /// Letters without accents.
    plain: u64,
}

impl WesternEvidence {
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        let at = |index: usize| bytes.get(index).copied().unwrap_or(b' ');
        let mut run = 0;
        for (index, byte) in bytes.iter().copied().enumerate() {
            let before = if index == 0 { b' ' } else { at(index - 1) };
            let within_word = before.is_ascii_alphabetic() && at(index + 1).is_ascii_alphabetic();
            run = if byte >= 0xc0 { run + 1 } else { 0 };
            match byte {
                0..=0x7f => self.plain += u64::from(byte.is_ascii_alphabetic()),
                0x81 | 0x8d | 0x8f | 0x90 | 0x9d => self.oddities += 1,
                // Four accented letters in a row are Cyrillic, Greek or Asian text in another encoding.
                0xc0..=0xff if run > 3 => self.oddities += 4,
                0xc0..=0xff => self.letters += 1,
                // Apostrophes, dashes, soft hyphens, middle dots and the like do stand within words.
                0x91 | 0x92 | 0x96 | 0x97 | 0xa0 | 0xaa | 0xad | 0xb4 | 0xb7 | 0xba => self.marks += 1,
                0x80..=0xbf if within_word => self.oddities += 1,
                0x80..=0xbf => self.marks += 1,
            }
        }
    }

    pub(crate) fn is_plausible(self) -> bool {
        let Self {
            letters,
            marks,
            oddities,
            plain,
        } = self;
        // In no Western language is every second letter an accented one.
        letters + marks > 0 && oddities * 10 <= letters + marks && (letters + marks) * 2 <= plain + 10
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::{DecoderResult, UTF_16BE, UTF_16LE, WINDOWS_1252};
    use proptest::prelude::*;

    use super::*;

    /// What a crate that knows all encodings makes of it.
    fn expected(encoding: Encoding, bytes: &[u8]) -> Vec<u8> {
        let encoding = match encoding {
            Encoding::Utf16Le => UTF_16LE,
            Encoding::Utf16Be => UTF_16BE,
            _ => WINDOWS_1252,
        };
        let mut decoder = encoding.new_decoder_without_bom_handling();
        let (mut out, mut from) = (Vec::new(), 0);
        loop {
            let mut room = [0; 64];
            let (result, read, written) = decoder.decode_to_utf8_without_replacement(&bytes[from..], &mut room, true);
            from += read;
            out.extend_from_slice(&room[..written]);
            match result {
                DecoderResult::InputEmpty => return out,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => out.push(NO_TEXT),
            }
        }
    }

    fn in_pieces(encoding: Encoding, bytes: &[u8], size: usize) -> Vec<u8> {
        let (mut transcoder, mut out) = (Transcoder::new(encoding).unwrap(), Vec::new());
        for piece in bytes.chunks(size) {
            transcoder.push(piece, false, &mut out);
        }
        transcoder.push(&[], true, &mut out);
        out
    }

    /// Bytes among which halves of pairs are common.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![any::<u8>(), 0xd7..0xe1_u8, Just(0), Just(b'a')];
        proptest::collection::vec(byte, 0..40)
    }

    proptest! {
        #[test]
        fn text_is_read_as_the_standard_says_however_it_is_cut(bytes in bytes(), size in 1..5_usize) {
            for encoding in [Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Windows1252] {
                prop_assert_eq!(in_pieces(encoding, &bytes, size), expected(encoding, &bytes));
            }
        }
    }

    #[test]
    fn every_byte_of_windows_1252_is_the_character_of_the_standard() {
        let all: Vec<u8> = (0..=255).collect();
        let read = in_pieces(Encoding::Windows1252, &all, 256);
        assert_eq!(read, expected(Encoding::Windows1252, &all));
    }
}
