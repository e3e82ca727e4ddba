//! Records named by their id, and by something else.

use std::borrow::Cow;

use bigin::push_text;
use serde_json::Value;

use super::damage;
use super::given::Given;
use crate::map::codes;
use crate::map::flaw::Flaw;

/// What a value of a lookup says.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::map) enum Named<'a> {
    /// The id of the record.
    Id(Cow<'a, str>),
    /// Something else of it: the name of a company, the e-mail address of a user.
    Other(Cow<'a, str>),
}

/// Reads a value of a lookup: an id, `{"id": ...}`, `{"name": ...}`, `{"email": ...}`, or any other text.
pub(in crate::map) fn read(given: Given<'_>) -> Result<Named<'_>, Flaw> {
    let inner = match given {
        Given::Json(Value::Object(object)) => {
            // What Bigin answers has both; the id says which record it is.
            let told = ["id", "name", "email"]
                .iter()
                .find_map(|key| object.get(*key).filter(|value| !value.is_null()));
            Given::Json(told.ok_or_else(|| {
                Flaw::new(
                    codes::WRONG_TYPE,
                    "a JSON object without id where a record is to be named: give {\"id\": \"...\"}",
                )
            })?)
        }
        other => other,
    };
    let text = inner.text()?;
    if text.is_empty() {
        return Err(Flaw::new(
            codes::WRONG_TYPE,
            "an empty text where a record is to be named: give {\"id\": \"...\"}",
        ));
    }
    if let Some(damage) = damage::in_text(&text) {
        return Err(damage);
    }
    Ok(match id_of(&text) {
        Some(id) if inner.is_cell() && damage::is_rounded(id) => return Err(damage::rounded()),
        Some(id) if id.len() == text.len() => Named::Id(text),
        Some(id) => Named::Id(Cow::Owned(id.to_owned())),
        None => Named::Other(text),
    })
}

/// Writes the id of a record as text: for the field `id` itself.
pub(in crate::map) fn write_id(given: Given<'_>, json: &mut String) -> Result<(), Flaw> {
    match read(given)? {
        Named::Id(id) => {
            push_text(json, &id);
            Ok(())
        }
        Named::Other(_) => Err(Flaw::new(
            codes::INVALID_ID,
            format!("{} is no id of a record: ids are 15 to 20 digits", given.kind()),
        )),
    }
}

/// The digits of an id, without the `zcrm_` that Zoho's exports put before it.
pub(in crate::map) fn id_of(text: &str) -> Option<&str> {
    let digits = text.strip_prefix("zcrm_").unwrap_or(text);
    ((15..=20).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

/// Writes `{"id": ...}`.
pub(in crate::map) fn push_id(json: &mut String, id: &str) {
    json.push_str("{\"id\":");
    push_text(json, id);
    json.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn id(text: &str) -> Named<'_> {
        Named::Id(Cow::Borrowed(text))
    }

    #[test]
    fn ids_are_told_from_names() {
        assert_eq!(
            read(Given::Cell(" 4876876000000624001 ")),
            Ok(id("4876876000000624001"))
        );
        assert_eq!(
            read(Given::Cell("zcrm_4876876000000624001")),
            Ok(id("4876876000000624001"))
        );
        assert_eq!(
            read(Given::Json(&json!(4_876_876_000_000_624_001_u64))),
            Ok(id("4876876000000624001"))
        );
        assert_eq!(
            read(Given::Json(&json!({"id": "4876876000000624001", "name": "Acme"}))),
            Ok(id("4876876000000624001"))
        );
        assert_eq!(
            read(Given::Cell("O'Reilly GmbH")),
            Ok(Named::Other(Cow::Borrowed("O'Reilly GmbH")))
        );
        assert_eq!(read(Given::Cell("4711")), Ok(Named::Other(Cow::Borrowed("4711"))));
        assert_eq!(
            read(Given::Json(&json!({"name": "株式会社"}))),
            Ok(Named::Other(Cow::Borrowed("株式会社")))
        );
    }

    #[test]
    fn damaged_ids_are_refused() {
        for text in ["4.87688E+18", "4876876000000620000"] {
            assert_eq!(
                read(Given::Cell(text)).unwrap_err().code,
                codes::SPREADSHEET_DAMAGE,
                "{text}"
            );
        }
        // A program wrote it: the zeros are meant.
        assert_eq!(
            read(Given::Json(&json!("4876876000000620000"))),
            Ok(id("4876876000000620000"))
        );
        for value in [json!({}), json!([]), json!(true), json!({"id": {}}), json!("")] {
            assert_eq!(
                read(Given::Json(&value)).unwrap_err().code,
                codes::WRONG_TYPE,
                "{value}"
            );
        }
        assert_eq!(
            write_id(Given::Cell("Acme"), &mut String::new()).unwrap_err().code,
            codes::INVALID_ID
        );
    }
}
