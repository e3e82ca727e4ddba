//! What consumers know by manifests: of each record the last line, as id, time and whether it is gone. A census compares it
//! with Bigin. It lies in the bucket as lists sorted by id, packed, so that a million records are some megabytes and are
//! read one after the other.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

/// So many lists may wait to be put together. Where no census comes for longer, what is known is given up, and the next one
/// begins with a full copy.
const MOST_LISTS: usize = 300;

/// The last line about a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// The record's id.
    pub id: u64,
    /// Its `changed_at`, in seconds.
    pub at: i64,
    /// Whether it tells that the record is gone; of two of one time this one counts.
    pub is_gone: bool,
}

/// Where what is known lies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The list that others were put together in.
    pub whole: Option<String>,
    /// Lists of the parts of later runs.
    pub later: Vec<String>,
    /// Up to when a census has found everything known, in seconds.
    pub verified_to: Option<i64>,
}

impl Known {
    /// Adds the lists of a run. False where there are more than may wait.
    pub fn add(&mut self, lists: Vec<String>) -> bool {
        self.later.extend(lists);
        self.later.len() <= MOST_LISTS
    }

    /// All lists.
    pub fn lists(&self) -> impl Iterator<Item = &String> {
        self.whole.iter().chain(&self.later)
    }
}

/// Packs lines that come sorted by id, each id once.
#[derive(Debug)]
pub struct Packer {
    gzip: GzEncoder<Vec<u8>>,
    before: Line,
}

const NOTHING: Line = Line {
    id: 0,
    at: 0,
    is_gone: false,
};

impl Default for Packer {
    fn default() -> Self {
        Self {
            gzip: GzEncoder::new(Vec::new(), Compression::new(4)),
            before: NOTHING,
        }
    }
}

impl Packer {
    /// Adds a line.
    ///
    /// # Errors
    /// None that is known of: it writes into memory.
    pub fn add(&mut self, line: Line) -> io::Result<()> {
        let at = line.at.wrapping_sub(self.before.at);
        // Small numbers whatever their sign, and the last bit for whether it is gone.
        let folded = ((at << 1) ^ (at >> 63)).cast_unsigned();
        push_number(&mut self.gzip, line.id.wrapping_sub(self.before.id))?;
        push_number(&mut self.gzip, (folded << 1) | u64::from(line.is_gone))?;
        self.before = line;
        Ok(())
    }

    /// The packed list.
    ///
    /// # Errors
    /// None that is known of: it writes into memory.
    pub fn finish(self) -> io::Result<Vec<u8>> {
        self.gzip.finish()
    }
}

/// Packs the lines of a part, in whatever order.
///
/// # Errors
/// None that is known of: it writes into memory.
pub fn pack(mut lines: Vec<Line>) -> io::Result<Vec<u8>> {
    lines.sort_unstable();
    let mut packer = Packer::default();
    for (place, line) in lines.iter().enumerate() {
        // The last of those of one record counts.
        if lines.get(place + 1).is_none_or(|next| next.id != line.id) {
            packer.add(*line)?;
        }
    }
    packer.finish()
}

fn push_number(into: &mut impl Write, mut number: u64) -> io::Result<()> {
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            return into.write_all(&[low]);
        }
        into.write_all(&[low | 0x80])?;
    }
}

/// A packed list that is read.
struct Unpacker {
    bytes: io::Bytes<io::BufReader<GzDecoder<io::Cursor<Vec<u8>>>>>,
    before: Line,
}

impl Unpacker {
    fn new(packed: Vec<u8>) -> Self {
        let gzip = GzDecoder::new(io::Cursor::new(packed));
        Self {
            bytes: io::BufReader::new(gzip).bytes(),
            before: NOTHING,
        }
    }

    /// `None` at the end of the list.
    fn number(&mut self) -> io::Result<Option<u64>> {
        let (mut number, mut shift) = (0_u64, 0_u32);
        for byte in self.bytes.by_ref() {
            let byte = byte?;
            let bits = u64::from(byte & 0x7f).checked_shl(shift);
            number |= bits.ok_or(io::ErrorKind::InvalidData)?;
            if byte & 0x80 == 0 {
                return Ok(Some(number));
            }
            shift += 7;
        }
        if shift == 0 {
            Ok(None)
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }

    fn line(&mut self) -> io::Result<Option<Line>> {
        let Some(id) = self.number()? else { return Ok(None) };
        let rest = self.number()?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let folded = rest >> 1;
        let at = (folded >> 1).cast_signed() ^ -((folded & 1).cast_signed());
        self.before = Line {
            id: self.before.id.wrapping_add(id),
            at: self.before.at.wrapping_add(at),
            is_gone: rest & 1 == 1,
        };
        Ok(Some(self.before))
    }
}

/// Several lists as one: sorted by id, of each record the line that counts.
pub struct Merged {
    lists: Vec<(Option<Line>, Unpacker)>,
    next: Option<Line>,
}

impl Merged {
    /// Begins with the first id after that one.
    ///
    /// # Errors
    /// A list is damaged.
    pub fn new(packed: Vec<Vec<u8>>, after: u64) -> io::Result<Self> {
        let mut lists = Vec::with_capacity(packed.len());
        for list in packed {
            let mut unpacker = Unpacker::new(list);
            lists.push((unpacker.line()?, unpacker));
        }
        let mut merged = Self { lists, next: None };
        merged.advance()?;
        while merged.next.is_some_and(|line| line.id <= after) {
            merged.advance()?;
        }
        Ok(merged)
    }

    /// The next line, if its id is not above that one.
    ///
    /// # Errors
    /// A list is damaged.
    pub fn next_up_to(&mut self, most: u64) -> io::Result<Option<Line>> {
        let Some(line) = self.next.filter(|line| line.id <= most) else {
            return Ok(None);
        };
        self.advance()?;
        Ok(Some(line))
    }

    fn advance(&mut self) -> io::Result<()> {
        let lowest = self
            .lists
            .iter()
            .filter_map(|(line, _)| *line)
            .map(|line| line.id)
            .min();
        self.next = None;
        let Some(id) = lowest else { return Ok(()) };
        for (line, unpacker) in &mut self.lists {
            if line.is_some_and(|line| line.id == id) {
                self.next = self.next.max(*line);
                *line = unpacker.line()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn line() -> impl Strategy<Value = Line> {
        (
            prop_oneof![0..50_u64, any::<u64>()],
            prop_oneof![0..50_i64, -4_000_000_000..4_000_000_000_i64],
            any::<bool>(),
        )
            .prop_map(|(id, at, is_gone)| Line { id, at, is_gone })
    }

    fn read(lists: Vec<Vec<u8>>, after: u64) -> Vec<Line> {
        let mut merged = Merged::new(lists, after).unwrap();
        std::iter::from_fn(|| merged.next_up_to(u64::MAX).unwrap()).collect()
    }

    proptest! {
        #[test]
        fn lists_put_together_have_the_last_line_of_each_record(
            lists in prop::collection::vec(prop::collection::vec(line(), 0..40), 0..6), after in 0..50_u64,
        ) {
            let mut wanted: BTreeMap<u64, Line> = BTreeMap::new();
            for line in lists.iter().flatten() {
                let known = wanted.entry(line.id).or_insert(*line);
                *known = (*known).max(*line);
            }
            let packed = lists.into_iter().map(|lines| pack(lines).unwrap()).collect();
            let wanted: Vec<_> = wanted.into_values().filter(|line| line.id > after).collect();
            prop_assert_eq!(read(packed, after), wanted);
        }

        #[test]
        fn damage_is_an_error_or_other_lines_and_never_a_panic(mut packed in prop::collection::vec(any::<u8>(), 0..60)) {
            packed.splice(0..0, [0x1f, 0x8b, 8, 0]);
            if let Ok(mut merged) = Merged::new(vec![packed], 0) {
                while let Ok(Some(_)) = merged.next_up_to(u64::MAX) {}
            }
        }
    }

    #[test]
    fn a_delete_counts_behind_what_was_written_in_the_same_second() {
        let [written, gone] = [false, true].map(|is_gone| Line { id: 7, at: 5, is_gone });
        assert_eq!(
            read(vec![pack(vec![gone]).unwrap(), pack(vec![written]).unwrap()], 0),
            [gone]
        );
        assert_eq!(read(vec![pack(vec![gone, written]).unwrap()], 0), [gone]);
    }

    #[test]
    fn a_million_records_are_some_megabytes() {
        let mut packer = Packer::default();
        for n in 0..1_000_000_u64 {
            let at = 1_795_000_000 + i64::try_from(n.wrapping_mul(2_654_435_761) % 10_000_000).unwrap();
            packer
                .add(Line {
                    id: 5_876_876_000_000_400_000 + 17 * n,
                    at,
                    is_gone: false,
                })
                .unwrap();
        }
        let bytes = packer.finish().unwrap().len();
        assert!(bytes < 8 << 20, "{bytes}");
    }

    #[test]
    fn what_waits_to_be_put_together_is_bounded() {
        let mut known = Known::default();
        assert!(known.add(vec![String::new(); MOST_LISTS]));
        assert!(!known.add(vec![String::new()]));
    }
}
