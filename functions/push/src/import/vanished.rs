//! Columns whose fields vanish from Bigin while their file is imported: what is said of them.

use crate::import::codes::FIELD_VANISHED;
use crate::report::Reason;

/// Where rows may have lost the values of a column: Bigin drops what it does not know, without a word.
fn may_be_lost(column: &str, whole_up_to: u64, ended: u64) -> String {
    format!(
        "the field of the column {column:?} is not there any more: {ended} rows had ended when that was seen, and its values in \
         those behind the first {whole_up_to} may not have been written"
    )
}

/// Why an import stops.
pub(in crate::import) fn stops(column: &str, whole_up_to: u64, ended: u64) -> Reason {
    let message = may_be_lost(column, whole_up_to, ended);
    let action = "put the field back or take the column out of the file, then put the file again; if imports are to go on without such columns, say vanished_field = \"warn\" in the mapping";
    Reason::new(FIELD_VANISHED, message, action)
}

/// What the report of one that goes on warns of.
pub(in crate::import) fn warns(column: &str, whole_up_to: u64, ended: u64) -> String {
    format!(
        "{}; the rest is sent without it",
        may_be_lost(column, whole_up_to, ended)
    )
}
