//! Several records of another module, such as the line items and the secondary contacts of a pipeline record.

use serde_json::Value;

use super::given::Given;
use super::reference::{Named, push_id, read};
use crate::map::codes;
use crate::map::flaw::Flaw;

/// Writes an array of `{"id": ...}`: of the ids of a cell (separated as the mapping says, else by semicolons or commas), or
/// of a JSON array of ids and objects with one, which may say more.
pub(in crate::map) fn write(given: Given<'_>, split: Option<&str>, json: &mut String) -> Result<(), Flaw> {
    json.push('[');
    let first = json.len();
    let mut add = |item: Given<'_>| {
        if json.len() > first {
            json.push(',');
        }
        match (read(item)?, item) {
            (Named::Other(_), _) => Err(Flaw::new(
                codes::LOOKUP_NEEDS_ID,
                format!(
                    "{} where ids of records in Bigin are wanted (15 to 20 digits)",
                    given.kind()
                ),
            )),
            (Named::Id(_), Given::Json(object @ Value::Object(_))) => {
                json.push_str(&object.to_string());
                Ok(())
            }
            (Named::Id(id), _) => {
                push_id(json, &id);
                Ok(())
            }
        }
    };
    match given {
        Given::Json(Value::Array(items)) => items.iter().try_for_each(|item| add(Given::Json(item)))?,
        Given::Cell(text) if text.trim_start().starts_with('[') => {
            let items: Vec<Value> = serde_json::from_str(text)
                .map_err(|_| Flaw::new(codes::INVALID_JSON, format!("{} is no JSON array", given.kind())))?;
            items.iter().try_for_each(|item| add(Given::Json(item)))?;
        }
        Given::Cell(text) => match split {
            Some(split) => parts(text.split(split)).try_for_each(&mut add)?,
            None => parts(text.split([';', ','])).try_for_each(&mut add)?,
        },
        one @ (Given::Text(_) | Given::Json(_)) => add(one)?,
    }
    json.push(']');
    Ok(())
}

fn parts<'a>(parts: impl Iterator<Item = &'a str>) -> impl Iterator<Item = Given<'a>> {
    parts.map(str::trim).filter(|part| !part.is_empty()).map(Given::Cell)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn written(given: Given<'_>, split: Option<&str>) -> Result<String, &'static str> {
        let mut json = String::new();
        write(given, split, &mut json).map(|()| json).map_err(|flaw| flaw.code)
    }

    #[test]
    fn several_records_come_in_cells_and_arrays() {
        let both = Ok(r#"[{"id":"4876876000000624001"},{"id":"4876876000000624002"}]"#.to_owned());
        let cell = "4876876000000624001; 4876876000000624002;";
        assert_eq!(written(Given::Cell(cell), None), both);
        assert_eq!(
            written(Given::Cell("zcrm_4876876000000624001|4876876000000624002"), Some("|")),
            both
        );
        let array = json!(["4876876000000624001", 4_876_876_000_000_624_002_u64]);
        assert_eq!(written(Given::Json(&array), None), both);
        assert_eq!(written(Given::Json(&json!([])), None), Ok("[]".to_owned()));
        let item = json!([{"id": "4876876000000624001", "name": "Nail", "quantity": 2}]);
        assert_eq!(written(Given::Json(&item), None), Ok(item.to_string()));
        assert_eq!(written(Given::Cell(&item.to_string()), None), Ok(item.to_string()));
    }

    #[test]
    fn a_name_among_them_is_refused() {
        assert_eq!(
            written(Given::Cell("4876876000000624001;Nail"), None),
            Err(codes::LOOKUP_NEEDS_ID)
        );
        assert_eq!(
            written(Given::Json(&json!([{"name": "Nail"}])), None),
            Err(codes::LOOKUP_NEEDS_ID)
        );
    }
}
