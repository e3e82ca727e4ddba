//! Queries in COQL (Bigin developer guide, "Query API"): which records have one of several values.
//!
//! How a quote inside a text is escaped is not documented, and Zoho's own clients differ. So nothing is ever escaped:
//! what would need it is no [`Quotable`], and is looked for in lists ([`Bigin::page`]) instead.

use std::collections::HashMap;
use std::fmt;

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::lenient::{Flag, List, Object, Text};
use super::{Access, Bigin, CallFailure, ModuleName};

/// The most values that one query may list.
pub const MOST_VALUES_A_QUERY: usize = 50;

/// The most rows that one query answers with.
pub const MOST_ROWS_A_QUERY: usize = 200;

/// The most characters that a value in a query may have: no text field takes more.
const LONGEST_VALUE: usize = 255;

/// A text that means itself between quotes, whichever way quotes are escaped: letters, digits, blanks and a few signs.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Quotable(String);

impl Quotable {
    /// `None` for a text with any other character in it.
    pub fn of(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.chars().count() <= LONGEST_VALUE && text.chars().all(means_itself);
        fits.then(|| Self(text.to_owned()))
    }

    /// The text. Record content: not for logs.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Record content never reaches a log, so not through `Debug` either.
impl fmt::Debug for Quotable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Quotable(***)")
    }
}

/// Letters of any script, and the marks they are written with; digits; signs that names are full of. No quote of any
/// kind, no backslash, no wildcard, nothing invisible.
fn means_itself(character: char) -> bool {
    character.is_alphanumeric()
        || matches!(
            character,
            ' ' | '.' | ',' | '-' | '&' | '+' | '/' | '@' | '_' | ':' | '(' | ')' | '#' | '・'
        )
        || matches!(character,
            // Accents that stand by themselves; vowels left out and tones, where they are no letters to Unicode.
            '\u{300}'..='\u{36f}' | '\u{93c}' | '\u{94d}' | '\u{9bc}' | '\u{9cd}' | '\u{a3c}' | '\u{a4d}' | '\u{acd}'
            | '\u{b4d}' | '\u{bcd}' | '\u{c4d}' | '\u{ccd}' | '\u{d4d}' | '\u{e47}'..='\u{e4e}' | '\u{64b}'..='\u{652}')
}

/// A field's API name that may stand in a query or a list of fields: letters, digits and underscores, a letter first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColumnName(String);

impl ColumnName {
    /// `None` for anything that is no API name, and for the id, which every answer has by itself.
    pub fn parse(text: &str) -> Option<Self> {
        // They are made like those of modules.
        let is_one = text != "id" && ModuleName::parse(text).is_ok();
        is_one.then(|| Self(text.to_owned()))
    }

    /// The name as Bigin spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A record, by its id and its value of one field.
#[derive(Clone, PartialEq, Eq)]
pub struct Hit {
    /// Its id.
    pub id: String,
    /// The value; `None` where the field is empty or its values are no texts. Record content: not for logs.
    pub value: Option<String>,
}

/// Record content never reaches a log, so not through `Debug` either.
impl fmt::Debug for Hit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hit({}, ***)", self.id)
    }
}

/// What a query has found, lowest id first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The records.
    pub hits: Vec<Hit>,
    /// Whether there are more than one answer holds.
    pub more: bool,
}

impl Bigin {
    /// The records of a module whose value of that field is one of these, letter case aside. Bigin may take more for
    /// equal than its unique fields do: compare. At most [`MOST_VALUES_A_QUERY`] values are asked for.
    ///
    /// # Errors
    /// The call failed as a whole.
    pub async fn having(
        &self,
        access: &Access,
        module: &ModuleName,
        column: &ColumnName,
        values: &[Quotable],
    ) -> Result<Found, CallFailure> {
        let values = &values[..values.len().min(MOST_VALUES_A_QUERY)];
        if values.is_empty() {
            return Ok(Found::default());
        }
        let body = json!({ "select_query": select_query(module, column, values) }).to_string();
        let answer = self.call(access, Method::POST, "coql", &[], Some(body)).await?;
        let rows: RecordRows<'_> = answer.read("the query for records")?;
        Ok(Found {
            hits: rows.hits(column),
            more: rows.info.0.more_records.is_set(),
        })
    }
}

/// Always with a where clause, which Zoho CRM insists on and Bigin may.
fn select_query(module: &ModuleName, column: &ColumnName, values: &[Quotable]) -> String {
    let (module, column) = (module.as_str(), column.as_str());
    let length: usize = values.iter().map(|value| value.0.len() + 3).sum();
    let mut query = String::with_capacity(length + 2 * column.len() + module.len() + 64);
    query.push_str("select ");
    query.push_str(column);
    query.push_str(" from ");
    query.push_str(module);
    query.push_str(" where ");
    query.push_str(column);
    query.push_str(" in (");
    for (place, value) in values.iter().enumerate() {
        if place > 0 {
            query.push(',');
        }
        query.push('\'');
        query.push_str(&value.0);
        query.push('\'');
    }
    query.push_str(") limit ");
    query.push_str(&MOST_ROWS_A_QUERY.to_string());
    query
}

/// Records with chosen fields.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RecordRows<'a> {
    #[serde(borrow)]
    data: List<Object<HashMap<String, Text<'a>>>>,
    #[serde(borrow)]
    pub(super) info: Object<Info<'a>>,
}

/// What an answer says of itself.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Info<'a> {
    pub(super) more_records: Flag,
    #[serde(borrow)]
    pub(super) next_page_token: Text<'a>,
}

impl RecordRows<'_> {
    /// What has no id is no record.
    pub(super) fn hits(&self, column: &ColumnName) -> Vec<Hit> {
        let hit = |Object(row): &Object<HashMap<String, Text<'_>>>| {
            Some(Hit {
                id: row.get("id")?.owned()?,
                value: row.get(column.as_str()).and_then(Text::owned),
            })
        };
        self.data.0.iter().filter_map(hit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(values: &[Quotable]) -> String {
        let column = ColumnName::parse("Account_Name").unwrap();
        select_query(&ModuleName::parse("Accounts").unwrap(), &column, values)
    }

    #[test]
    fn a_query_lists_the_values_and_always_says_where() {
        let values = ["Acme Ltd.", "株式会社ソラー"].map(|text| Quotable::of(text).unwrap());
        assert_eq!(
            query(&values),
            "select Account_Name from Accounts where Account_Name in ('Acme Ltd.','株式会社ソラー') limit 200"
        );
    }

    #[test]
    fn names_in_many_scripts_mean_themselves() {
        for text in [
            "Müller & Söhne (Köln) GmbH",
            "Cafe\u{301} Lux",
            "ООО Ромашка",
            "हिन्दी प्रेस",
            "บริษัท น้ำใส จำกัด",
            "شركة النور",
            "株式会社ソラー・パネル",
            "ann+tag@example.com",
            "A/S 24:7 #1",
        ] {
            assert_eq!(Quotable::of(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_could_end_a_text_or_mean_something_else_is_not_quoted() {
        for text in [
            "O'Reilly",
            "O’Reilly",
            "a\\",
            "\"a\"",
            "100%",
            "a*",
            "a\nb",
            "a\u{0}",
            "a;b",
            "«a»",
            "a\u{200b}b",
            "`a`",
            "",
        ] {
            assert_eq!(Quotable::of(text), None, "{text:?}");
        }
        assert_eq!(Quotable::of(&"a".repeat(256)), None);
    }

    #[test]
    fn only_api_names_are_columns() {
        assert!(ColumnName::parse("External_ID").is_some());
        for text in ["", "id", "a b", "a,b", "a' or 'a", "Name.id", "_x"] {
            assert_eq!(ColumnName::parse(text), None, "{text}");
        }
    }

    #[test]
    fn rows_are_read_by_the_field_they_were_asked_for() {
        let column = ColumnName::parse("Ledger_Number").unwrap();
        let text = r#"{"data":[{"Ledger_Number":"17","id":"1"},{"id":2,"Ledger_Number":18},{"Ledger_Number":null,"id":"3"},
                       {"Ledger_Number":{"id":"9"},"id":"4"},{"Ledger_Number":"x"},7],"info":{"more_records":true}}"#;
        let rows: RecordRows<'_> = serde_json::from_str(text).unwrap();
        let hits = rows.hits(&column);
        let shown: Vec<_> = hits.iter().map(|hit| (hit.id.as_str(), hit.value.as_deref())).collect();
        assert_eq!(shown, [("1", Some("17")), ("2", Some("18")), ("3", None), ("4", None)]);
        assert!(rows.info.0.more_records.is_set());
        assert!(!format!("{hits:?}").contains("17"));
    }

    /// Takes a query apart as a parser does that escapes quotes by backslash, by doubling, by both or not at all:
    /// the texts in it, and what stands around them.
    fn read(query: &str, backslash: bool, doubled: bool) -> Option<(Vec<String>, String)> {
        let (mut texts, mut around, mut characters) = (Vec::new(), String::new(), query.chars().peekable());
        while let Some(character) = characters.next() {
            if character != '\'' {
                around.push(character);
                continue;
            }
            let mut text = String::new();
            loop {
                match characters.next()? {
                    '\\' if backslash => text.push(characters.next()?),
                    '\'' if doubled && characters.peek() == Some(&'\'') => text.extend(characters.next()),
                    '\'' => break,
                    other => text.push(other),
                }
            }
            texts.push(text);
            around.push('?');
        }
        Some((texts, around))
    }

    proptest::proptest! {
        #[test]
        fn no_value_leaves_its_quotes_whichever_way_quotes_are_escaped(
            texts in proptest::collection::vec("(\\PC|['\\\\%\"\\x00-\\x20]|[a-zà-ÿ一-十 ]){1,12}", 1..60)
        ) {
            let values: Vec<_> = texts.iter().filter_map(|text| Quotable::of(text)).collect();
            let plain: Vec<_> = values.iter().map(|value| value.as_str().to_owned()).collect();
            let marks = vec!["?"; values.len()].join(",");
            let around = format!("select Account_Name from Accounts where Account_Name in ({marks}) limit 200");
            for (backslash, doubled) in [(false, false), (true, false), (false, true), (true, true)] {
                let read = read(&query(&values), backslash, doubled);
                proptest::prop_assert_eq!(read, Some((plain.clone(), around.clone())));
            }
        }
    }
}
