//! Any header, any rows, any mapping.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::*;

proptest! {
    #[test]
    fn any_header_and_any_rows_are_answered(
        names in prop::collection::vec("(Last Name|Email|Phone|Tag|Umsatz|Company|id|_line|\\PC{0,6})", 0..6),
        rows in prop::collection::vec(prop::collection::vec("\\PC{0,12}", 0..8), 0..4),
        text in "(operation = '(upsert|insert|update|delete)'\n)?(empty = 'clear'\n)?(without_key = 'insert'\n)?",
    ) {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        if let Ok(mapper) = mapper_with(&names, &text, Stages::default()) {
            for row in &rows {
                let cells = || row.iter().map(String::as_str);
                if let Ok(made) = mapper.map_cells(cells(), 0) {
                    prop_assert!(serde_json::from_str::<Map<String, Value>>(made.record.json()).is_ok());
                    prop_assert!(made.references.is_empty());
                    // Tags are added afterwards or go with the record, never both.
                    prop_assert!(made.tags.is_empty() || !made.record.json().contains("\"Tag\":"));
                    let again = mapper.map_cells(cells(), 100).unwrap();
                    prop_assert_eq!(again.record, made.record);
                    prop_assert_eq!(again.keys, made.keys);
                }
            }
        }
    }

    #[test]
    fn a_cell_that_is_copied_is_what_reading_it_closely_makes_of_it(
        cells in prop::collection::vec(
            "[ -~]{0,12}|[ -~äŁЖ字\u{A0}\u{200B}\u{301}\n]{0,6}|['=]?[0-9E+.#/-]{0,9}|(#REF!|Err:502|12E45|4.9E[+]11|#NV|'t Hooft)|[a-z]{38,44}",
            3,
        ),
        strict in any::<bool>(),
    ) {
        let rules = format!("operation = 'insert'\nvalidate = '{}'\n", if strict { "strict" } else { "zoho" });
        // A mapping with a marker has every cell looked at closely.
        let closely = format!("{rules}clear_marker = '~never~'\n");
        let names = ["First Name", "Last Name", "Description"];
        let [one, other] = [rules, closely].map(|text| {
            let mapper = mapper_with(&names, &text, Stages::default()).unwrap();
            let made = mapper.map_cells(cells.iter().map(String::as_str), 0);
            made.map(|made| (made.record, made.repairs, made.references.len(), made.keys.len()))
        });
        prop_assert_eq!(one, other);
    }

    #[test]
    fn any_mapping_text_is_answered(text in "((operation|match_on|columns|lookup|tags|\\[columns\\]|\\[lookup.Owner\\]|[a-z]{1,8}) ?=? ?('\\PC{0,8}'|\\[\\]|\\{\\}|[0-9]{0,3})\n){0,6}") {
        if let Err(fault) = Mapping::parse(&text) {
            prop_assert!(fault.line >= 1 && fault.line <= text.lines().count() + 1);
        }
    }
}
