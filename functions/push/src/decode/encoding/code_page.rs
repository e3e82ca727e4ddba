//! Encodings beside UTF-8 and UTF-16, by name: those of the Encoding Standard by the crate `encoding_rs`, others by tables.

use std::fmt;

use encoding_rs::{Decoder, DecoderResult, Encoding as Standard};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::pages::PAGES;
use super::{NO_TEXT, push_char};

/// An encoding beside UTF-8 and UTF-16.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CodePage(PageKind);

#[derive(Clone, Copy, PartialEq, Eq)]
enum PageKind {
    Standard(&'static Standard),
    Table(&'static (&'static str, &'static str)),
}

impl CodePage {
    /// The encoding of that name, in small letters; any name that the Encoding Standard has for it.
    pub fn named(name: &str) -> Option<Self> {
        let bare = |name: &str| name.trim_start_matches("ibm").trim_start_matches("cp").to_owned();
        let of_table = |page: &&(&str, &str)| page.0 == name || page.0.starts_with("ibm") && bare(page.0) == bare(name);
        if let Some(page) = PAGES.iter().find(of_table) {
            return Some(Self(PageKind::Table(page)));
        }
        let alias = match name {
            "mac-roman" | "macroman" => "macintosh",
            "mac-cyrillic" => "x-mac-cyrillic",
            "shift-jis" => "shift_jis",
            _ => name,
        };
        let standard = Standard::for_label(alias.as_bytes())?;
        let is_ours = [
            encoding_rs::UTF_8,
            encoding_rs::UTF_16LE,
            encoding_rs::UTF_16BE,
            encoding_rs::REPLACEMENT,
        ];
        (!is_ours.contains(&standard) && standard != encoding_rs::X_USER_DEFINED)
            .then_some(Self(PageKind::Standard(standard)))
    }

    /// Its name.
    pub fn name(self) -> String {
        match self.0 {
            PageKind::Standard(standard) => standard.name().to_ascii_lowercase(),
            PageKind::Table((name, _)) => (*name).to_owned(),
        }
    }

    /// The text that bytes are, unless some have no meaning.
    pub(super) fn text_of(self, bytes: &[u8]) -> Option<String> {
        let mut out = Vec::new();
        PageDecoder::new(self).push(bytes, true, &mut out);
        String::from_utf8(out)
            .ok()
            .filter(|text| !text.chars().any(|c| ('\u{80}'..'\u{a0}').contains(&c)))
    }

    /// The bytes that a text was read from; `None` where it is not of this encoding, or that is not told.
    pub(crate) fn bytes_of(self, text: &str) -> Option<Vec<u8>> {
        match self.0 {
            PageKind::Standard(standard) => {
                let (bytes, _, is_lossy) = standard.encode(text);
                (!is_lossy).then(|| bytes.into_owned())
            }
            PageKind::Table((_, upper)) => text
                .chars()
                .map(|c| match u8::try_from(c) {
                    Ok(byte) if byte.is_ascii() => Some(byte),
                    _ => upper
                        .chars()
                        .position(|of| of == c)
                        .and_then(|place| u8::try_from(place + 0x80).ok()),
                })
                .collect(),
        }
    }
}

impl fmt::Debug for CodePage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl Serialize for CodePage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name())
    }
}

impl<'de> Deserialize<'de> for CodePage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(&name).ok_or_else(|| de::Error::custom("no encoding has that name"))
    }
}

/// Turns bytes of a page into UTF-8, piece by piece.
pub(crate) enum PageDecoder {
    Standard(Box<Decoder>),
    Table(Vec<char>),
}

impl PageDecoder {
    pub(crate) fn new(page: CodePage) -> Self {
        match page.0 {
            PageKind::Standard(standard) => Self::Standard(Box::new(standard.new_decoder_without_bom_handling())),
            PageKind::Table((_, upper)) => Self::Table(upper.chars().collect()),
        }
    }

    pub(crate) fn push(&mut self, bytes: &[u8], last: bool, out: &mut Vec<u8>) {
        match self {
            Self::Standard(decoder) => standard(decoder, bytes, last, out),
            Self::Table(upper) => {
                for byte in bytes {
                    match upper.get(usize::from(*byte).wrapping_sub(0x80)) {
                        None => out.push(*byte),
                        Some('\u{fffd}') => out.push(NO_TEXT),
                        Some(c) => push_char(*c, out),
                    }
                }
            }
        }
    }
}

fn standard(decoder: &mut Decoder, mut bytes: &[u8], last: bool, out: &mut Vec<u8>) {
    loop {
        let start = out.len();
        out.resize(start + bytes.len() * 3 + 16, 0);
        let (result, read, written) = decoder.decode_to_utf8_without_replacement(bytes, &mut out[start..], last);
        out.truncate(start + written);
        bytes = &bytes[read..];
        match result {
            DecoderResult::InputEmpty => return,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => out.push(NO_TEXT),
        }
    }
}
