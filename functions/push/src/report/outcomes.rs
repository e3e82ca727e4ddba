//! Writes the outcomes file as text: a CSV file with a line for each row of the input. Pure.

use bigin::Action;

use crate::record::{MatchKey, Outcome};
use crate::report::quoted::push_quoted;

/// Writes the outcomes of one file. The columns are `_line`, `_outcome`, `id` and the match fields.
#[derive(Debug, Clone)]
pub struct OutcomesWriter {
    match_on: Vec<String>,
}

impl OutcomesWriter {
    /// For rows that are matched by those fields.
    pub fn new(match_on: Vec<String>) -> Self {
        Self { match_on }
    }

    /// The first line of the file.
    pub fn header(&self) -> Vec<u8> {
        let mut out = b"_line,_outcome,id".to_vec();
        push_more_cells(&mut out, self.match_on.iter().map(String::as_str));
        out
    }

    /// Adds a row's outcome: what became of it, the record's id, and its values of the match fields (empty where it has
    /// none).
    pub fn push(&self, out: &mut Vec<u8>, line: u64, outcome: &Outcome, keys: &[MatchKey]) {
        let (word, id) = match outcome {
            Outcome::Accepted { action, id, lacks, .. } if lacks.is_some() => (incomplete(*action), id.as_str()),
            Outcome::Accepted { action, id, .. } => (action.as_str(), id.as_str()),
            Outcome::Unchanged => ("unchanged", ""),
            Outcome::Rejected(_) => ("rejected", ""),
        };
        let value = |field: &String| keys.iter().find(|key| key.field() == field).map_or("", MatchKey::value);
        out.extend_from_slice(line.to_string().as_bytes());
        push_more_cells(out, [word, id].into_iter().chain(self.match_on.iter().map(value)));
    }
}

/// The word for a record that Bigin has without all that was to go with it.
fn incomplete(action: Action) -> &'static str {
    match action {
        Action::Inserted => "inserted_incomplete",
        Action::Updated => "updated_incomplete",
        // Nothing goes with a delete.
        Action::Deleted => "deleted",
    }
}

fn push_more_cells<'a>(out: &mut Vec<u8>, cells: impl IntoIterator<Item = &'a str>) {
    for cell in cells {
        out.push(b',');
        push_quoted(out, cell, ',');
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::record::Reject;

    #[test]
    fn outcomes_are_csv() {
        let writer = OutcomesWriter::new(vec!["Email".to_owned(), "Phone, home".to_owned()]);
        let mut out = writer.header();
        let key = |field: &str, value: &str| MatchKey::of(&Arc::from(field), value).unwrap();
        let accepted = |action, lacks: Option<Reject>| Outcome::Accepted {
            action,
            id: "4711".into(),
            possibly_duplicated: false,
            lacks: lacks.map(Box::new),
        };
        let reject = || Reject::relay("INVALID_EMAIL", None, "m");
        writer.push(
            &mut out,
            7,
            &accepted(Action::Inserted, None),
            &[key("Email", "a@example.com")],
        );
        let keys = [key("Phone, home", "1,2"), key("Email", "x\"y")];
        writer.push(&mut out, 8, &Outcome::Rejected(reject()), &keys);
        writer.push(&mut out, 9, &accepted(Action::Updated, Some(reject())), &[]);
        writer.push(&mut out, 10, &Outcome::Unchanged, &[]);
        let text = String::from_utf8(out).unwrap();
        let wanted = [
            "_line,_outcome,id,Email,\"Phone, home\"",
            "7,inserted,4711,a@example.com,",
            "8,rejected,,\"x\"\"y\",\"1,2\"",
            "9,updated_incomplete,4711,,",
            "10,unchanged,,,",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), wanted);
    }
}
