//! A row of a CSV as the record that a write call would carry, and what was wrong with it as a result file says it.

use serde_json::{Map, Number, Value, json};

use crate::fault::Fault;
use crate::jobs::{Mapping, Target, WriteRequest};
use crate::json::{Json, Object, object};
use crate::metadata::{Field, Kind, ModuleName, Schema};
use crate::organisation::Organisation;

/// The record in a row.
pub(super) fn element(
    organisation: &Organisation,
    schema: &Schema,
    request: &WriteRequest,
    cells: &[String],
) -> Result<Map<String, Value>, Fault> {
    let (mut element, mut faults) = (Map::new(), Vec::new());
    for mapping in &request.mappings {
        let cell = mapping.index.and_then(|index| cells.get(index)).map(String::as_str);
        let cell = cell.filter(|cell| !cell.is_empty()).or(mapping.default.as_deref());
        let (name, read) = match mapping.target {
            Target::Id => ("id", cell.map(|cell| Ok(cell.into()))),
            Target::Field(place) => {
                let field = &schema.fields[place];
                (
                    field.api_name,
                    cell.map(|cell| value(organisation, field, mapping, cell)),
                )
            }
        };
        match read {
            Some(Ok(value)) => {
                element.insert(name.to_owned(), value);
            }
            Some(Err(code)) => {
                let details = object! {"api_name" => name, "json_path" => format!("$.data[0].{name}")};
                faults.push(Fault::new(code, details, ""));
            }
            None if request.ignore_empty => {}
            None => {
                element.insert(name.to_owned(), Value::Null);
            }
        }
    }
    Fault::together(faults).map_or(Ok(element), Err)
}

/// A cell as the JSON that its field takes.
fn value(organisation: &Organisation, field: &Field, mapping: &Mapping, cell: &str) -> Result<Value, &'static str> {
    let wrong = || "INVALID_DATA";
    match field.kind {
        Kind::Boolean => match cell.to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(true.into()),
            "false" | "0" => Ok(false.into()),
            _ => Err(wrong()),
        },
        Kind::Integer | Kind::Duration => cell.parse::<i64>().map(Value::from).map_err(|_| wrong()),
        Kind::Double | Kind::Currency | Kind::Percent => {
            let number: Option<Number> = cell.parse().ok().and_then(Number::from_f64);
            number.map(Value::Number).ok_or_else(wrong)
        }
        Kind::MultiPickList => Ok(cell.split(';').map(str::trim).collect()),
        Kind::Date | Kind::DateTime => match &mapping.format {
            Some(format) => formatted(field.kind, format, cell).ok_or_else(wrong),
            None => Ok(cell.into()),
        },
        Kind::Lookup(module) => {
            let found = record(organisation, module, mapping.find_by.as_deref(), cell);
            found.map(|id| json!({"id": id.to_string()})).ok_or_else(wrong)
        }
        Kind::User => {
            let users = organisation.users.iter();
            let mut known = users.filter(|user| user.email == cell || user.id.to_string() == cell);
            known
                .next()
                .map(|user| json!({"id": user.id.to_string()}))
                .ok_or_else(wrong)
        }
        Kind::TeamPipeline => Ok(json!({"id": cell})),
        _ => Ok(cell.into()),
    }
}

/// The record that a lookup points to.
fn record(organisation: &Organisation, module: ModuleName, find_by: Option<&str>, cell: &str) -> Option<u64> {
    match find_by {
        None | Some("id") => cell.parse().ok(),
        Some(name) => {
            let (place, _) = organisation.schema(module).by_name(name)?;
            organisation.store(module).holder(place, cell)
        }
    }
}

/// A date or a time written in a form such as `dd/MM/yyyy HH:mm:ss`, as Bigin takes it; times without an offset are in
/// the organisation's zone.
fn formatted(kind: Kind, format: &str, cell: &str) -> Option<Value> {
    let mut pattern = format.to_owned();
    for (word, sign) in [
        ("yyyy", "%Y"),
        ("MM", "%m"),
        ("dd", "%d"),
        ("HH", "%H"),
        ("mm", "%M"),
        ("ss", "%S"),
    ] {
        pattern = pattern.replace(word, sign);
    }
    if kind == Kind::Date {
        let date = jiff::civil::Date::strptime(&pattern, cell).ok()?;
        return Some(date.to_string().into());
    }
    let time = jiff::civil::DateTime::strptime(&pattern, cell).ok()?;
    Some(format!("{}+03:00", time.strftime("%Y-%m-%dT%H:%M:%S")).into())
}

/// `CODE-Column`, several joined by a colon.
pub(super) fn errors(fault: &Fault) -> String {
    if let Some(Json::Array(errors)) = fault.details.get("errors") {
        let each = errors.iter().map(|error| match error {
            Json::Object(error) => {
                let code = error.get("code").and_then(text).unwrap_or_default();
                let details = match error.get("details") {
                    Some(Json::Object(details)) => column(details),
                    _ => None,
                };
                one(code, details)
            }
            _ => String::new(),
        });
        return each.collect::<Vec<_>>().join(":");
    }
    one(&fault.code, column(&fault.details))
}

fn one(code: &str, column: Option<&str>) -> String {
    column.map_or_else(|| code.to_owned(), |column| format!("{code}-{column}"))
}

/// The field that a path such as `$.data[0].Account_Name.id` leads through.
fn column(details: &Object) -> Option<&str> {
    let path = text(details.get("json_path")?)?;
    let (_, rest) = path.split_once("].")?;
    rest.split(['.', '[']).next()
}

fn text(json: &Json) -> Option<&str> {
    match json {
        Json::Text(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::At;

    #[test]
    fn faults_are_named_by_code_and_column() {
        let missing = Fault::mandatory(&At::field(0, "Last_Name"));
        let wrong = Fault::unknown_id(&At::field(0, "Account_Name").below(".id"));
        assert_eq!(errors(&missing), "MANDATORY_NOT_FOUND-Last_Name");
        let both = Fault::together(vec![missing, wrong]).unwrap();
        assert_eq!(errors(&both), "MANDATORY_NOT_FOUND-Last_Name:INVALID_DATA-Account_Name");
        assert_eq!(
            errors(&Fault::new("LIMIT_EXCEEDED", Object::new(), "")),
            "LIMIT_EXCEEDED"
        );
    }

    #[test]
    fn dates_are_read_in_the_form_that_is_named() {
        assert_eq!(
            formatted(Kind::Date, "dd/MM/yyyy", "31/12/2026"),
            Some("2026-12-31".into())
        );
        assert_eq!(
            formatted(Kind::DateTime, "dd.MM.yyyy HH:mm", "31.12.2026 09:30"),
            Some("2026-12-31T09:30:00+03:00".into())
        );
        assert_eq!(formatted(Kind::Date, "dd/MM/yyyy", "12/31/2026"), None);
    }
}
