//! Tells encodings apart by evidence, and turns text into UTF-8.

mod code_page;
mod letters;
mod pages;
mod recognise;
mod seven_bit;
mod table;

use super::fault::FileFault;
use super::form::Encoding;
pub use code_page::CodePage;
use recognise::{Recognised, recognise};
pub(crate) use recognise::{WordSet, is_foreign};

/// Stands for what has no meaning in the file's encoding. No UTF-8 text has this byte, so its row is found out.
const NO_TEXT: u8 = 0xff;

/// Turns text into UTF-8, piece by piece. A byte order mark stays, as U+FEFF.
pub(crate) enum Transcoder {
    Utf16(Utf16),
    CodePage(code_page::PageDecoder),
}

impl Transcoder {
    /// `None` for UTF-8, which needs none.
    pub(crate) fn new(encoding: Encoding) -> Option<Self> {
        match encoding {
            Encoding::Utf8 => None,
            Encoding::Utf16Le => Some(Self::Utf16(Utf16::of(u16::from_le_bytes))),
            Encoding::Utf16Be => Some(Self::Utf16(Utf16::of(u16::from_be_bytes))),
            Encoding::CodePage(page) => Some(Self::CodePage(code_page::PageDecoder::new(page))),
        }
    }

    /// Adds the bytes to `out` as UTF-8. `last` says that the file ends with them.
    pub(crate) fn push(&mut self, bytes: &[u8], last: bool, out: &mut Vec<u8>) {
        match self {
            Self::Utf16(utf16) => utf16.push(bytes, last, out),
            Self::CodePage(page) => page.push(bytes, last, out),
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
pub(crate) struct FoundEncoding {
    pub(crate) encoding: Encoding,
    pub(crate) bom: bool,
    /// Whether the bytes have shown it: they have something beside ASCII.
    pub(crate) settled: bool,
    pub(crate) warning: Option<String>,
}

/// Tells the encoding from the first bytes; `whole` says that there are no more. `named` is what the mapping says.
pub(crate) fn tell(bytes: &[u8], whole: bool, named: Option<Encoding>) -> Result<FoundEncoding, FileFault> {
    let found = |encoding, bom| {
        Ok(FoundEncoding {
            encoding,
            bom,
            settled: true,
            warning: None,
        })
    };
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => return Err(unread("UTF-32")),
        [0xef, 0xbb, 0xbf, ..] => return found(Encoding::Utf8, true),
        [0xff, 0xfe, ..] => return found(Encoding::Utf16Le, true),
        [0xfe, 0xff, ..] => return found(Encoding::Utf16Be, true),
        _ => {}
    }
    if let Some(named) = named {
        let mut utf8 = Utf8Evidence::default();
        utf8.add(bytes, whole);
        let is_other = match named {
            Encoding::CodePage(_) => utf8.valid > 2 && utf8.invalid == 0,
            Encoding::Utf8 => utf8.invalid > utf8.valid,
            Encoding::Utf16Le | Encoding::Utf16Be => false,
        };
        return if is_other {
            Err(contradicted(named))
        } else {
            found(named, false)
        };
    }
    // Nearly no file has any, which is found out faster than how many there are.
    let zeros = if bytes.contains(&0) {
        bytes.split(|byte| *byte == 0).count() - 1
    } else {
        0
    };
    // A few are a matter of the rows that have them.
    if zeros > 0 && (zeros * 200 > bytes.len() || utf16(bytes).is_some()) {
        if is_utf32(bytes) {
            return Err(unread("UTF-32"));
        }
        let encoding = utf16(bytes).ok_or_else(|| {
            FileFault::new(
                "BINARY_FILE",
                "the file is no text: it has zero bytes in it",
                "save the data as CSV UTF-8",
            )
        })?;
        let warning = "the file has no byte order mark; by its zero bytes it was read as UTF-16".to_owned();
        return Ok(FoundEncoding {
            encoding,
            bom: false,
            settled: true,
            warning: Some(warning),
        });
    }
    if std::str::from_utf8(bytes).is_ok() {
        let is_ascii = bytes.is_ascii();
        if is_ascii && let Some(name) = seven_bit::name(bytes) {
            return Err(if name == "ISO-2022" {
                unknown("it is ISO-2022")
            } else {
                unread(name)
            });
        }
        return Ok(FoundEncoding {
            encoding: Encoding::Utf8,
            bom: false,
            settled: !is_ascii,
            warning: None,
        });
    }
    // Characters of several bytes hardly ever come about by chance: where lines have them, the rest is damage, or a part
    // that is written otherwise; the rows tell.
    let lines = LineEvidence::of(bytes, whole);
    if lines.is_utf8() {
        return Ok(FoundEncoding {
            encoding: Encoding::Utf8,
            bom: false,
            settled: lines.valid > 0,
            warning: None,
        });
    }
    let mut words = WordSet::default();
    words.add(bytes);
    let page = of_words(&words)?;
    Ok(FoundEncoding {
        encoding: Encoding::CodePage(page),
        bom: false,
        settled: true,
        warning: Some(read_as(page)),
    })
}

/// The encoding that words are in, or the question.
pub(crate) fn of_words(words: &WordSet) -> Result<CodePage, FileFault> {
    match recognise(words) {
        Recognised::Certain(page) => Ok(page),
        Recognised::Open(names) => Err(unknown(&format!(
            "it is not UTF-8, and its letters make words in {}",
            names.join(", ")
        ))),
        Recognised::None => Err(unknown(&match words.suggestion() {
            Some(name) => format!("it is not UTF-8; it may be {name}, but nothing proves that"),
            None => "it is neither UTF-8 nor one whose letters make words".to_owned(),
        })),
    }
}

/// The warning that an encoding was told by its letters.
pub(crate) fn read_as(page: CodePage) -> String {
    format!(
        "the file is not UTF-8; by its letters it was read as {}: if names look wrong, save it as CSV UTF-8, or name the \
         encoding in the mapping",
        page.name()
    )
}

fn contradicted(named: Encoding) -> FileFault {
    let (what, action) = match named {
        Encoding::Utf8 => ("is not UTF-8, as the mapping's encoding says", "name its own encoding"),
        _ => (
            "is UTF-8, although the mapping names another encoding",
            "take encoding out of the mapping",
        ),
    };
    FileFault::new("ENCODING_CONTRADICTED", format!("the file {what}"), action)
}

/// A file of which a part is written otherwise than the rest.
pub(crate) fn mixed(line: u64) -> FileFault {
    FileFault::new(
        "ENCODING_MIXED",
        "from here on the text is in another encoding than before",
        "files in different encodings were put one behind the other: save each as CSV UTF-8",
    )
    .on_line(line)
}

fn unknown(what: &str) -> FileFault {
    FileFault::new(
        "ENCODING_UNKNOWN",
        format!("the file's encoding is not one that is read: {what}"),
        "save it as CSV UTF-8, or name its encoding in the mapping, as in encoding = \"windows-1254\"",
    )
}

/// An encoding that no mapping can name.
fn unread(name: &str) -> FileFault {
    FileFault::new(
        "ENCODING_UNKNOWN",
        format!("the file is in {name}, which is not read"),
        "save it as CSV UTF-8",
    )
}

/// UTF-32 without a mark: in each unit the two bytes are zero that only rare characters have.
fn is_utf32(bytes: &[u8]) -> bool {
    let units = || bytes.chunks_exact(4);
    let all = |is_high: fn(&[u8]) -> bool| units().len() > 1 && units().all(is_high);
    all(|unit| unit[3] == 0 && unit[2] <= 0x10) && units().any(|unit| unit[2] == 0)
        || all(|unit| unit[0] == 0 && unit[1] <= 0x10) && units().any(|unit| unit[1] == 0)
}

/// UTF-16 without a mark: the zero bytes of line ends, delimiters and Latin letters are all on the same side.
fn utf16(bytes: &[u8]) -> Option<Encoding> {
    let zeros = |side: usize| bytes.iter().skip(side).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    // At least a line end or delimiter in a hundred characters. Few are on the other side (U+4E00 has one).
    let enough = |zeros: usize| zeros * 100 >= bytes.len() / 2;
    // A line ends in it: a zero in the middle of a word makes no UTF-16.
    let ends = |unit: [u8; 2]| bytes.chunks_exact(2).any(|found| found == unit);
    let (odd, even) = (
        if ends([b'\n', 0]) || ends([b'\r', 0]) { odd } else { 0 },
        if ends([0, b'\n']) || ends([0, b'\r']) { even } else { 0 },
    );
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

/// Counts the lines with something beside ASCII.
#[derive(Debug, Default, Clone, Copy)]
struct LineEvidence {
    valid: u64,
    invalid: u64,
    /// How often a line is valid and the one before was not, or the other way round.
    changes: u64,
}

impl LineEvidence {
    fn of(bytes: &[u8], whole: bool) -> Self {
        let mut evidence = Self::default();
        let mut before = None;
        let mut lines = bytes.split(|byte| matches!(byte, b'\n' | b'\r')).peekable();
        while let Some(line) = lines.next() {
            let is_valid = std::str::from_utf8(line).is_ok() || is_damaged(line);
            let is_cut = !is_valid && lines.peek().is_none() && !whole;
            if line.is_ascii() || is_cut {
                continue;
            }
            *(if is_valid {
                &mut evidence.valid
            } else {
                &mut evidence.invalid
            }) += 1;
            evidence.changes += u64::from(before.is_some_and(|before| before != is_valid));
            before = Some(is_valid);
        }
        evidence
    }

    /// Whether most is UTF-8, or a part of its own is. In an East Asian encoding some lines are valid by chance, here and
    /// there.
    fn is_utf8(self) -> bool {
        let is_part = self.changes == 1 && (self.valid > 2 || self.invalid <= self.valid * 3);
        self.valid >= self.invalid || is_part
    }
}

/// Whether text is UTF-8 of which characters were cut: all that is not is a character's beginning, and others are whole.
pub(crate) fn is_damaged(text: &[u8]) -> bool {
    let chunks = || text.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty());
    let has_whole = text.utf8_chunks().any(|chunk| !chunk.valid().is_ascii());
    chunks().all(|chunk| is_start_of_char(chunk.invalid()) && (has_whole || chunk.invalid().len() > 1))
}

/// Whether these bytes may be a character whose rest is missing.
fn is_start_of_char(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
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
            Encoding::Utf8 | Encoding::CodePage(_) => WINDOWS_1252,
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
            for encoding in [Encoding::Utf16Le, Encoding::Utf16Be] {
                prop_assert_eq!(in_pieces(encoding, &bytes, size), expected(encoding, &bytes));
            }
        }
    }
}
