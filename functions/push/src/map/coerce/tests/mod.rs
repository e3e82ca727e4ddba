//! One table a kind: what is accepted and what it becomes, what is refused and why.

mod dates;
mod lists;
mod numbers;
mod properties;
mod texts;

use serde_json::Value;

use super::*;

fn write(coercion: &Coercion, given: Given<'_>) -> Result<String, Flaw> {
    let mut json = String::new();
    coercion.write(given, &mut json).map(|_| json)
}

/// Asserts that cells become these JSON values.
fn accepts(coercion: &Coercion, cells: &[(&str, Value)]) {
    for (cell, wanted) in cells {
        let written = write(coercion, Given::Cell(cell)).unwrap_or_else(|flaw| panic!("{cell}: {flaw:?}"));
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), *wanted, "{cell}");
    }
}

/// Asserts that cells are refused with these codes.
fn refuses(coercion: &Coercion, cells: &[(&str, &str)]) {
    for (cell, code) in cells {
        let flaw = write(coercion, Given::Cell(cell)).expect_err(cell);
        assert_eq!(flaw.code, *code, "{cell}: {}", flaw.message);
    }
}
