//! Turns values into what the kind of their field takes (Bigin developer guide, "Fields Metadata"; Zoho CRM developer
//! guide, "Field types"). Whatever cannot be turned is refused here, before a credit is spent.

mod address;
mod boolean;
pub(super) mod calendar;
mod calendar_words;
mod cleaned;
mod country;
mod currency;
mod damage;
mod date;
mod date_pattern;
mod date_read;
mod doubt;
mod first_of;
mod given;
mod html_names;
mod html_rule;
mod key_rule;
mod none_rule;
mod number;
mod number_style;
mod phone;
mod pick;
mod placeholder;
mod plain;
mod reference;
mod related;
mod scanner;
mod scientific;
pub(super) mod several;
pub(super) mod tags;
#[cfg(test)]
mod tests;
mod text;
mod twice;
mod unwrap;

use bigin::push_text;
use serde_json::Value;

pub use calendar::Language;
pub use country::PhoneCountry;
pub use date_pattern::DatePattern;
pub use number_style::NumberStyle;

pub(super) use cleaned::{Care, clean, is_clean};
pub(super) use date::DateRule;
pub(super) use doubt::doubt;
pub(super) use first_of::FirstOf;
pub(super) use given::Given;
pub(super) use html_rule::HtmlRule;
pub(super) use key_rule::{KeyRule, stands_for_none};
pub(super) use none_rule::{NoneRule, Says};
pub(super) use number::{NumberKind, NumberRule};
pub(super) use phone::PhoneRule;
pub(super) use pick::PickRule;
pub(super) use reference::{Named, push_id, read as read_reference, write_id};
pub(super) use related::{Related, read as read_related};
pub(super) use text::{EmailRule, TextRule, WebsiteRule};

use super::codes;
use super::flaw::Flaw;

/// What was noticed of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Note {
    /// Nothing.
    Nothing,
    /// A number has a comma before its decimals.
    DecimalComma,
    /// A number has a comma that was taken to stand between thousands, since the field takes no decimals.
    CommaBetweenThousands,
    /// What stood around an address or a number was taken off.
    Unwrapped,
    /// Characters of a telephone number were written as Bigin takes them.
    Respelt,
}

/// How the values of one field are written.
#[derive(Debug, Clone)]
pub(super) enum Coercion {
    Text(TextRule),
    Email(EmailRule),
    Phone(PhoneRule),
    Website(WebsiteRule),
    Pick(PickRule),
    Picks {
        rule: PickRule,
        split: String,
    },
    Boolean,
    Number(NumberRule),
    Date(DateRule),
    Instant(DateRule),
    /// The id of the record itself.
    Id,
    /// An array or object as it stands; a cell has its text.
    Json,
    /// Nobody knows what the field takes: cells are texts, JSON values stay as they are.
    Unknown,
}

impl Coercion {
    /// Appends the value as JSON. What is appended when it fails is to be taken away again.
    pub fn write(&self, given: Given<'_>, json: &mut String) -> Result<Note, Flaw> {
        let written = match self {
            Self::Text(rule) => rule.write(given, json),
            Self::Email(rule) => return rule.write(given, json),
            Self::Phone(rule) => return rule.write(given, json),
            Self::Website(rule) => return rule.write(given, json),
            Self::Pick(rule) => rule.write(given, json),
            Self::Picks { rule, split } => rule.write_many(given, split, json),
            Self::Boolean => boolean::write(given, json),
            Self::Number(rule) => return rule.write(given, json),
            Self::Date(rule) => rule.write_date(given, json),
            Self::Instant(rule) => rule.write_instant(given, json),
            Self::Id => write_id(given, json),
            Self::Json => as_it_stands(given, json),
            Self::Unknown => {
                match given {
                    Given::Cell(text) | Given::Text(text) => push_text(json, text.trim()),
                    Given::Json(value) => json.push_str(&value.to_string()),
                }
                Ok(())
            }
        };
        written.map(|()| Note::Nothing)
    }
}

fn as_it_stands(given: Given<'_>, json: &mut String) -> Result<(), Flaw> {
    if let Given::Json(value @ (Value::Array(_) | Value::Object(_))) = given {
        json.push_str(&value.to_string());
        return Ok(());
    }
    let text = given
        .plain_text()
        .ok_or_else(|| given.wrong_type("a JSON array or object"))?;
    let parsed = serde_json::from_str::<Value>(text)
        .ok()
        .filter(|value| value.is_array() || value.is_object());
    let value = parsed.ok_or_else(|| {
        let kind = given.kind();
        Flaw::new(
            codes::INVALID_JSON,
            format!("{kind} is no JSON array or object, which the field takes"),
        )
    })?;
    json.push_str(&value.to_string());
    Ok(())
}
