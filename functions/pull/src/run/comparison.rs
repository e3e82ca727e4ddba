//! Compares what Bigin has with what consumers know: two lists by ascending ids, side by side.

use std::io;

use jiff::Timestamp;

use crate::known::{Line, Merged};

/// Why a record comes out by a census.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finding {
    /// It was written in a time that was read, and in no file.
    Missed,
    /// Consumers have it as gone.
    Restored,
    /// Consumers have not heard of it, though a census since it was written has found everything known.
    NewlyVisible,
}

/// What a page of Bigin's comes to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Compared {
    /// How many of the records consumers have.
    pub(super) known: u64,
    /// What consumers have and the page has not.
    pub(super) absent: Vec<u64>,
    /// What comes out, and why.
    pub(super) found: Vec<(String, Timestamp, Finding)>,
}

/// So many may come out as vanished without anybody's word: one in a hundred of what consumers have, and a hundred at most.
pub(super) fn most_vanished(known: u64) -> usize {
    usize::try_from(known / 100).unwrap_or(usize::MAX).clamp(5, 100)
}

/// Compares the records of a page, whose ids ascend, with what is known of all ids up to `most`.
pub(super) fn compared(
    rows: Vec<(String, Timestamp)>,
    known: &mut Merged,
    most: u64,
    verified_to: Option<i64>,
) -> io::Result<Compared> {
    let mut compared = Compared::default();
    let absent = |line: Line, into: &mut Compared| {
        if !line.is_gone {
            into.known += 1;
            into.absent.push(line.id);
        }
    };
    for (text, at) in rows {
        let id: u64 = text.parse().unwrap_or_default();
        while let Some(line) = known.next_up_to(id.saturating_sub(1))? {
            absent(line, &mut compared);
        }
        let second = at.as_second();
        let finding = match known.next_up_to(id)? {
            None if verified_to.is_some_and(|to| second < to) => Some(Finding::NewlyVisible),
            None => Some(Finding::Missed),
            Some(line) => {
                compared.known += u64::from(!line.is_gone);
                if second > line.at {
                    Some(Finding::Missed)
                } else {
                    line.is_gone.then_some(Finding::Restored)
                }
            }
        };
        compared.found.extend(finding.map(|finding| (text, at, finding)));
    }
    while let Some(line) = known.next_up_to(most)? {
        absent(line, &mut compared);
    }
    Ok(compared)
}

#[cfg(test)]
mod tests {
    use super::Finding::{Missed, NewlyVisible, Restored};
    use super::*;
    use crate::known::pack;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn known(lines: &[(u64, i64, bool)]) -> Merged {
        let lines = lines.iter().map(|(id, at, is_gone)| Line {
            id: *id,
            at: *at,
            is_gone: *is_gone,
        });
        Merged::new(vec![pack(lines.collect()).unwrap()], 0).unwrap()
    }

    fn page(rows: &[(u64, i64)]) -> Vec<(String, Timestamp)> {
        rows.iter().map(|(id, second)| (id.to_string(), at(*second))).collect()
    }

    #[test]
    fn what_is_known_agrees_and_what_is_not_is_told_apart() {
        let mut known = known(&[
            (1, 10, false),
            (2, 10, false),
            (3, 10, true),
            (4, 10, true),
            (5, 10, false),
            (9, 10, false),
        ]);
        let rows = page(&[(1, 10), (3, 9), (4, 11), (5, 12), (7, 15), (8, 3)]);
        let found = compared(rows, &mut known, 8, Some(5)).unwrap();
        assert_eq!((found.known, found.absent), (3, vec![2]));
        let found: Vec<_> = found
            .found
            .iter()
            .map(|(id, _, finding)| (id.as_str(), *finding))
            .collect();
        assert_eq!(
            found,
            [
                ("3", Restored),
                ("4", Missed),
                ("5", Missed),
                ("7", Missed),
                ("8", NewlyVisible)
            ]
        );
        let rest = compared(Vec::new(), &mut known, u64::MAX, None).unwrap();
        assert_eq!(rest.absent, [9], "it lies behind the page");
    }

    #[test]
    fn one_in_a_hundred_may_vanish_a_few_always_and_a_hundred_at_most() {
        for (known, most) in [(0, 5), (1_000, 10), (50_000, 100), (1_000_000, 100)] {
            assert_eq!(most_vanished(known), most);
        }
    }
}
