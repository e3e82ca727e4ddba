//! What the rows of a file say about themselves. Rows of a rejects file that was put back into the inbox say
//! what was to be done with them.

use bigin::Operation;
use serde_json::{Map, Value};

use crate::decode::{Form, Format};
use crate::map::{Overrides, codes};
use crate::record::Reject;
use crate::record::{Cells, Content, Row};

/// The columns that say it.
const OPERATION: &str = "_operation";
const MATCH_ON: &str = "_match_on";

/// What the rows of a file say, where they say anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::import) struct RowOverrides {
    /// What all of them have to say.
    what: Overrides,
    places: Places,
}

/// Where a row of cells says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Places {
    operation: Option<usize>,
    match_on: Option<usize>,
}

impl Places {
    fn of(form: &Form) -> Self {
        let place = |wanted: &str| form.header.iter().position(|name| name.trim() == wanted);
        Self {
            operation: place(OPERATION),
            match_on: place(MATCH_ON),
        }
    }
}

/// Whether rows of such a file may say anything: a table only where it has the column.
pub(in crate::import) fn may_say(form: &Form) -> bool {
    form.format != Format::Delimited || Places::of(form).operation.is_some()
}

/// What the first of these rows says that says anything.
pub(in crate::import) fn first_overrides<'a>(
    form: &Form,
    rows: impl IntoIterator<Item = &'a Row>,
) -> Option<Overrides> {
    let places = Places::of(form);
    rows.into_iter().find_map(|row| said(row, places)?.ok())
}

impl RowOverrides {
    /// Holds all rows of a file to what the first one said.
    pub(in crate::import) fn new(form: &Form, what: Overrides) -> Self {
        Self {
            what,
            places: Places::of(form),
        }
    }

    /// A row may say nothing, as one does that was added by hand, or the same as the others.
    pub(in crate::import) fn check(&self, row: &Row) -> Result<(), Reject> {
        match said(row, self.places) {
            None => Ok(()),
            Some(Ok(said)) if said == self.what => Ok(()),
            Some(_) => Err(Reject::relay(
                codes::OTHER_OPERATION,
                Some(OPERATION.to_owned()),
                format!(
                    "{OPERATION} and {MATCH_ON} say something else than in the file's first row, by which all of it is done: put \
                     such rows into a file of their own"
                ),
            )),
        }
    }
}

/// What a row says; an error where it is no operation.
fn said(row: &Row, places: Places) -> Option<Result<Overrides, ()>> {
    let (operation, match_on) = match row.content() {
        Content::Cells(cells) => in_cells(cells, places)?,
        Content::Object(object) => in_object(object)?,
        Content::Broken(_) => return None,
    };
    let operation = match operation.to_lowercase().as_str() {
        "upsert" => Operation::Upsert,
        "insert" => Operation::Insert,
        "update" => Operation::Update,
        "delete" => Operation::Delete,
        _ => return Some(Err(())),
    };
    Some(Ok(Overrides {
        operation: Some(operation),
        // Where none is named, the mapping or the module's own key counts.
        match_on: (!match_on.is_empty()).then_some(match_on),
        ..Overrides::default()
    }))
}

fn in_cells(cells: Cells<'_>, places: Places) -> Option<(String, Vec<String>)> {
    let cell = |place: Option<usize>| place.and_then(|place| cells.get(place)).unwrap_or_default().trim();
    let operation = cell(places.operation);
    (!operation.is_empty()).then(|| (operation.to_owned(), names(cell(places.match_on))))
}

fn in_object(object: &Map<String, Value>) -> Option<(String, Vec<String>)> {
    let operation = object.get(OPERATION)?.as_str()?.trim();
    let match_on = match object.get(MATCH_ON) {
        Some(Value::Array(fields)) => fields
            .iter()
            .filter_map(|field| field.as_str().map(str::to_owned))
            .collect(),
        Some(Value::String(fields)) => names(fields),
        _ => Vec::new(),
    };
    (!operation.is_empty()).then(|| (operation.to_owned(), match_on))
}

fn names(text: &str) -> Vec<String> {
    let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{Decoder, form_of};

    fn read(name: &str, text: &str) -> (Form, Vec<Row>) {
        let form = form_of(name, text.as_bytes(), true).unwrap();
        let mut decoder = Decoder::new(&form);
        decoder.feed(text.as_bytes());
        decoder.end_of_file();
        let rows = std::iter::from_fn(|| decoder.next().unwrap()).collect();
        (form, rows)
    }

    fn update_by(fields: &[&str]) -> Overrides {
        let match_on = fields.iter().map(|field| (*field).to_owned()).collect();
        Overrides {
            operation: Some(Operation::Update),
            match_on: Some(match_on),
            ..Overrides::default()
        }
    }

    #[test]
    fn the_first_row_that_says_something_counts_for_all() {
        let text = "_line,_operation,_match_on,Email\n,,,new@example.com\n2,update,\"Email, Phone\",a@example.com\n\
                    3,insert,,b@example.com\n4,nonsense,,c@example.com\n";
        let (form, rows) = read("x.csv", text);
        assert!(may_say(&form));
        let what = first_overrides(&form, &rows).unwrap();
        assert_eq!(what, update_by(&["Email", "Phone"]));
        let said = RowOverrides::new(&form, what);
        let codes: Vec<_> = rows
            .iter()
            .map(|row| said.check(row).map_err(|reject| reject.code))
            .collect();
        let other = || Err(codes::OTHER_OPERATION.to_owned());
        assert_eq!(codes, [Ok(()), Ok(()), other(), other()]);
    }

    #[test]
    fn json_says_it_too_and_most_files_say_nothing() {
        let text =
            "{\"Email\":\"a@example.com\"}\n{\"_operation\":\"update\",\"_match_on\":[\"Email\"],\"Email\":\"b\"}\n";
        let (form, rows) = read("x.ndjson", text);
        assert_eq!(first_overrides(&form, &rows), Some(update_by(&["Email"])));
        let (form, rows) = read("x.csv", "Last Name,Email\nRao,a@example.com\n");
        assert!(!may_say(&form));
        assert_eq!(first_overrides(&form, &rows), None);
    }
}
