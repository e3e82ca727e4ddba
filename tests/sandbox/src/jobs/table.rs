//! A CSV file as a bulk job reads it.

use std::collections::HashMap;

/// The separators that Bigin takes.
const SEPARATORS: [u8; 4] = *b",;:|";

/// A CSV file: its first row, and the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    /// Reads a file; `None` when it has no header or is no text.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let first = text.lines().next().unwrap_or_default();
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator(first))
            .from_reader(text.as_bytes());
        let rows = reader
            .records()
            .map(|row| Some(row.ok()?.iter().map(str::to_owned).collect()));
        let mut rows = rows.collect::<Option<Vec<Vec<String>>>>()?.into_iter();
        let header = rows.next()?;
        Some(Self {
            header,
            rows: rows.collect(),
        })
    }

    /// The places of columns by their names.
    pub(crate) fn columns(&self) -> HashMap<&str, usize> {
        let named = self.header.iter().enumerate();
        named.map(|(place, name)| (name.as_str(), place)).collect()
    }
}

/// The separator that the header has most of.
fn separator(header: &str) -> u8 {
    let count = |separator: &u8| header.bytes().filter(|byte| byte == separator).count();
    // Of equals the first of the list: a comma.
    SEPARATORS.into_iter().rev().max_by_key(count).unwrap_or(b',')
}

/// Writes rows as CSV, with CRLF, quoted where it is needed.
pub(crate) fn row(into: &mut Vec<u8>, cells: &[String]) {
    for (place, cell) in cells.iter().enumerate() {
        if place > 0 {
            into.push(b',');
        }
        if cell.contains([',', '"', '\n', '\r']) {
            into.push(b'"');
            into.extend(cell.replace('"', "\"\"").bytes());
            into.push(b'"');
        } else {
            into.extend(cell.bytes());
        }
    }
    into.extend(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_whatever_separator_it_has() {
        for text in ["a,b\r\n1,\"2,3\"\r\n", "\u{feff}a;b\n1;2,3\n", "a|b\n1|2,3"] {
            let table = Table::read(text.as_bytes()).unwrap();
            assert_eq!(
                (table.header, table.rows),
                (vec!["a".into(), "b".into()], vec![vec!["1".into(), "2,3".into()]])
            );
        }
        assert_eq!(Table::read(b""), None);
        assert_eq!(Table::read(&[0xff, 0xfe]), None);
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read(cells in proptest::collection::vec("[^\\r]{0,6}", 2..5)) {
            let mut bytes = b"a,b\r\n".to_vec();
            row(&mut bytes, &cells);
            let table = Table::read(&bytes).unwrap();
            proptest::prop_assert_eq!(&table.rows[0], &cells);
        }
    }
}
