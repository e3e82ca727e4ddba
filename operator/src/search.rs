//! Looks for a text in bytes that come piece by piece.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::mem;

use flate2::write::MultiGzDecoder;
use memchr::memmem::Finder;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZIP: &[u8] = b"PK\x03\x04";

/// So many bytes around a text tell whether it stands there as a whole.
const AROUND: usize = 2;

/// A text to look for. Capital and small letters are the same; it is found in UTF-8 and in UTF-16. In UTF-8 it has to stand
/// as a whole: `ann@example.com` is not in `joann@example.com`, nor in `ann@example.com.au`.
#[derive(Debug)]
pub struct Wanted {
    finders: Vec<Finder<'static>>,
    longest: usize,
}

impl Wanted {
    /// That text.
    pub fn of(text: &str) -> Self {
        let mut forms = BTreeSet::new();
        for text in [text.to_owned(), text.to_lowercase(), text.to_uppercase()] {
            forms.insert(text.clone().into_bytes());
            forms.insert(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
            forms.insert(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
        }
        for form in mem::take(&mut forms) {
            forms.insert(form.to_ascii_lowercase());
        }
        Self {
            longest: forms.iter().map(Vec::len).max().unwrap_or(0),
            finders: forms.iter().map(|form| Finder::new(form).into_owned()).collect(),
        }
    }

    /// Whether it is in these bytes, which are all that there are.
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        self.is_among(bytes, true)
    }

    /// `is_all`: no further bytes follow. Otherwise one whose surroundings are not there yet is left for the next look.
    fn is_among(&self, bytes: &[u8], is_all: bool) -> bool {
        let bytes = bytes.to_ascii_lowercase();
        self.finders.iter().any(|finder| {
            let length = finder.needle().len();
            finder.find_iter(&bytes).any(|at| {
                let (before, behind) = (&bytes[..at], &bytes[at + length..]);
                (is_all || behind.len() >= AROUND) && is_whole(before, behind)
            })
        })
    }
}

/// Whether what stands around a text is no part of it. A line break in JSON ends with a letter: `\n`.
fn is_whole(before: &[u8], behind: &[u8]) -> bool {
    let is_after_a_break = matches!(before, [.., b'\\', b'n' | b'r' | b't']);
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"._+-".contains(byte);
    let is_joined_before = !is_after_a_break && before.last().is_some_and(is_part);
    let is_joined_behind = match behind {
        [b'.', next, ..] => next.is_ascii_alphanumeric(),
        [first, ..] => first.is_ascii_alphanumeric() || b"_-".contains(first),
        [] => false,
    };
    !is_joined_before && !is_joined_behind
}

/// What a search has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// The text is there.
    Found,
    /// It is not.
    Nothing,
    /// Nobody knows: a packed file that is not unpacked here, or one that is damaged.
    NotReadable,
}

/// A search through one object, which may be gzipped.
#[derive(Debug)]
pub struct Search<'w> {
    wanted: &'w Wanted,
    way: Way<'w>,
}

#[derive(Debug)]
enum Way<'w> {
    NotBegun,
    Plain(Scan<'w>),
    Unpacked(Box<MultiGzDecoder<Scan<'w>>>),
    NotReadable,
}

impl<'w> Search<'w> {
    /// For that text.
    pub fn of(wanted: &'w Wanted) -> Self {
        Self {
            wanted,
            way: Way::NotBegun,
        }
    }

    /// Looks through the next piece.
    pub fn take(&mut self, piece: &[u8]) {
        if matches!(self.way, Way::NotBegun) && !piece.is_empty() {
            let scan = Scan::of(self.wanted);
            self.way = match piece {
                piece if piece.starts_with(GZIP) => Way::Unpacked(Box::new(MultiGzDecoder::new(scan))),
                piece if piece.starts_with(ZIP) => Way::NotReadable,
                _ => Way::Plain(scan),
            };
        }
        let is_damaged = match &mut self.way {
            Way::Plain(scan) => scan.write_all(piece).is_err(),
            Way::Unpacked(unpacked) => unpacked.write_all(piece).is_err() && !unpacked.get_ref().is_found,
            Way::NotBegun | Way::NotReadable => false,
        };
        if is_damaged {
            self.way = Way::NotReadable;
        }
    }

    /// What was seen, now that all has been looked through.
    pub fn finish(self) -> Seen {
        let scan = match self.way {
            Way::NotBegun => return Seen::Nothing,
            Way::NotReadable => return Seen::NotReadable,
            Way::Plain(scan) => scan,
            Way::Unpacked(mut unpacked) => {
                let is_damaged = unpacked.try_finish().is_err();
                let is_found = unpacked.get_ref().is_found_in_all();
                return match (is_found, is_damaged) {
                    (true, _) => Seen::Found,
                    (false, true) => Seen::NotReadable,
                    (false, false) => Seen::Nothing,
                };
            }
        };
        if scan.is_found_in_all() {
            Seen::Found
        } else {
            Seen::Nothing
        }
    }
}

/// Keeps so much of what it has seen that a text which two pieces share is found.
#[derive(Debug)]
struct Scan<'w> {
    wanted: &'w Wanted,
    before: Vec<u8>,
    is_found: bool,
}

impl<'w> Scan<'w> {
    fn of(wanted: &'w Wanted) -> Self {
        Self {
            wanted,
            before: Vec::new(),
            is_found: false,
        }
    }

    fn is_found_in_all(&self) -> bool {
        self.is_found || self.wanted.is_in(&self.before)
    }
}

impl Write for Scan<'_> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if !self.is_found {
            self.before.extend_from_slice(piece);
            self.is_found = self.wanted.is_among(&self.before, false);
            let kept = self.wanted.longest + 2 * AROUND;
            self.before.drain(..self.before.len().saturating_sub(kept));
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn seen(text: &str, bytes: &[u8], piece: usize) -> Seen {
        let wanted = Wanted::of(text);
        let mut search = Search::of(&wanted);
        bytes.chunks(piece).for_each(|piece| search.take(piece));
        search.finish()
    }

    fn gzipped(bytes: &[u8]) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    }

    #[test]
    fn a_person_is_found_wherever_a_piece_ends_and_however_the_text_is_written() {
        let text = "Last Name,Email\nRao,Ann.RAO@Example.com\nBo,bo@example.com\n";
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let (packed, twice) = (
            gzipped(text.as_bytes()),
            [gzipped(b"Name\n"), gzipped(text.as_bytes())].concat(),
        );
        for bytes in [text.as_bytes(), &utf16, &packed, &twice] {
            for piece in [4, 7, 33, 4096] {
                assert_eq!(seen("ann.rao@example.com", bytes, piece), Seen::Found, "{piece}");
                assert_eq!(seen("ann.rho@example.com", bytes, piece), Seen::Nothing, "{piece}");
            }
        }
        assert_eq!(seen("zoë@example.com", "ZOË@EXAMPLE.COM".as_bytes(), 4), Seen::Found);
        assert_eq!(seen("ann", b"", 4), Seen::Nothing);
    }

    #[test]
    fn somebody_whose_address_or_id_is_longer_is_somebody_else() {
        let others: [&[u8]; 4] = [
            b"joann.rao@example.com,x",
            b"x,ann.rao@example.com.au",
            b"jo.ann.rao@example.com",
            b"ann.rao@example.community",
        ];
        let the_person: [&[u8]; 5] = [
            b"ann.rao@example.com",
            b"Ask ann.rao@example.com. Then go",
            br#"{"Description":"asked:\nann.rao@example.com"}"#,
            b"<mailto:ann.rao@example.com>",
            "\u{201c}ann.rao@example.com\u{201d}".as_bytes(),
        ];
        for piece in [3, 5, 8, 4096] {
            for text in others {
                assert_eq!(
                    seen("ann.rao@example.com", text, piece),
                    Seen::Nothing,
                    "{text:?} {piece}"
                );
            }
            for text in the_person {
                assert_eq!(
                    seen("ann.rao@example.com", text, piece),
                    Seen::Found,
                    "{text:?} {piece}"
                );
            }
            assert_eq!(seen("58768760001", b"1587687600010,58768760001", piece), Seen::Found);
            assert_eq!(seen("58768760001", b"1587687600010,587687600011", piece), Seen::Nothing);
        }
    }

    #[test]
    fn of_what_cannot_be_looked_through_nobody_says_that_nothing_is_there() {
        let packed = gzipped(&b"Rao,ann.rao@example.com\n".repeat(4_000));
        let cut = &packed[..packed.len() - 9];
        assert_eq!(seen("bo@example.com", cut, 64), Seen::NotReadable);
        assert_eq!(seen("ann.rao@example.com", cut, 64), Seen::Found);
        assert_eq!(seen("bo@example.com", b"PK\x03\x04and so on", 64), Seen::NotReadable);
        let mut torn = packed.clone();
        torn[20] ^= 0xff;
        torn[21] ^= 0xff;
        assert_ne!(seen("bo@example.com", &torn, 64), Seen::Nothing);
    }
}
