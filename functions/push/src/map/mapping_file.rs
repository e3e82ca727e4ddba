//! The mapping file: TOML with exactly the keys below, which `infra/schemas/mapping.schema.json` describes too.

use bigin::Operation;
use jiff::tz::TimeZone;
use serde_json::{Map, Number, Value};
use toml::de::{DeTable, DeValue};

use super::coerce::calendar::codes;
use super::coerce::{DatePattern, Language, NumberStyle, PhoneCountry};
use super::mapping::{
    ColumnRule, EmptyCells, HtmlReferences, LookupRule, Mapping, OnAmbiguous, OnMissing, Route, SameKey, StopAfter,
    Tags, UnknownPickList, Validate, VanishedField, Versions, WithoutKey,
};
use super::toml_reader::{Choices, Item, MappingFault, TomlReader, type_of};
use crate::decode::{Encoding, FileRules, Quotes, ShortRows};

pub(super) const KEYS: [&str; 32] = [
    "operation",
    "match_on",
    "trigger",
    "without_key",
    "empty",
    "clear_marker",
    "none",
    "on_none",
    "allow_keys",
    "html",
    "tags",
    "unknown_picklist",
    "validate",
    "time_zone",
    "language",
    "phone_country",
    "cascade",
    "stop_after",
    "same_key",
    "versions",
    "vanished_field",
    "route",
    "encoding",
    "quotes",
    "short_rows",
    "skip_first",
    "skip_last",
    "end_at",
    "ignore",
    "columns",
    "constants",
    "lookup",
];
pub(super) const COLUMN_KEYS: [&str; 9] = [
    "field", "date", "number", "split", "first", "rest", "none", "on_none", "html",
];
pub(super) const LOOKUP_KEYS: [&str; 3] = ["by", "on_missing", "on_ambiguous"];

pub(super) const OPERATIONS: &Choices<Operation> = &[
    ("upsert", Operation::Upsert),
    ("insert", Operation::Insert),
    ("update", Operation::Update),
    ("delete", Operation::Delete),
];
pub(super) const WITHOUT_KEY: &Choices<WithoutKey> = &[("reject", WithoutKey::Reject), ("insert", WithoutKey::Insert)];
pub(super) const EMPTY: &Choices<EmptyCells> = &[("keep", EmptyCells::Keep), ("clear", EmptyCells::Clear)];
pub(super) const HTML: &Choices<HtmlReferences> = &[
    ("check", HtmlReferences::Check),
    ("decode", HtmlReferences::Decode),
    ("keep", HtmlReferences::Keep),
];
pub(super) const TAGS: &Choices<Tags> = &[("add", Tags::Add), ("replace", Tags::Replace)];
pub(super) const UNKNOWN_PICKLIST: &Choices<UnknownPickList> =
    &[("reject", UnknownPickList::Reject), ("add", UnknownPickList::Add)];
pub(super) const VALIDATE: &Choices<Validate> = &[("zoho", Validate::Zoho), ("strict", Validate::Strict)];
pub(super) const ROUTE: &Choices<Route> = &[
    ("auto", Route::Auto),
    ("records", Route::Records),
    ("bulk", Route::Bulk),
];
pub(super) const VERSIONS: &Choices<Versions> = &[("each", Versions::Each), ("newest", Versions::Newest)];
pub(super) const VANISHED_FIELD: &Choices<VanishedField> =
    &[("stop", VanishedField::Stop), ("warn", VanishedField::Warn)];
pub(super) const QUOTES: &Choices<Quotes> = &[
    ("check", Quotes::Check),
    ("trust", Quotes::Trust),
    ("none", Quotes::None),
];
pub(super) const SHORT_ROWS: &Choices<ShortRows> = &[("reject", ShortRows::Reject), ("accept", ShortRows::Accept)];
pub(super) const ON_MISSING: &Choices<OnMissing> = &[
    ("reject", OnMissing::Reject),
    ("create", OnMissing::Create),
    ("empty", OnMissing::Empty),
];
pub(super) const ON_AMBIGUOUS: &Choices<OnAmbiguous> = &[
    ("reject", OnAmbiguous::Reject),
    ("oldest", OnAmbiguous::Oldest),
    ("empty", OnAmbiguous::Empty),
];

impl Mapping {
    /// Reads a mapping file.
    ///
    /// # Errors
    /// It is not TOML, or has a key, a type or a value that mappings do not have; the fault names the lines.
    pub fn parse(text: &str) -> Result<Self, MappingFault> {
        let mut reader = TomlReader::new(text);
        let mut mapping = Self::default();
        for (key, item) in &reader.document() {
            mapping.read(key, item, &mut reader);
        }
        reader.finish().map(|()| mapping)
    }

    fn read<'i>(
        &mut self,
        key: &toml::Spanned<toml::de::DeString<'i>>,
        item: &toml::Spanned<DeValue<'i>>,
        reader: &mut TomlReader<'i>,
    ) {
        let name: &str = key.get_ref();
        match name {
            "operation" => self.operation = reader.word(name, item, OPERATIONS),
            "match_on" => self.match_on = reader.texts(name, item),
            "trigger" => self.trigger = reader.texts(name, item),
            "without_key" => set(&mut self.without_key, reader.word(name, item, WITHOUT_KEY)),
            "empty" => set(&mut self.empty, reader.word(name, item, EMPTY)),
            "clear_marker" => self.clear_marker = reader.text(name, item).map(|text| text.trim().to_owned()),
            "none" => set(&mut self.none, reader.texts(name, item)),
            "on_none" => self.on_none = reader.word(name, item, EMPTY),
            "allow_keys" => set(&mut self.allow_keys, reader.texts(name, item)),
            "html" => set(&mut self.html, reader.word(name, item, HTML)),
            "tags" => set(&mut self.tags, reader.word(name, item, TAGS)),
            "unknown_picklist" => set(&mut self.unknown_picklist, reader.word(name, item, UNKNOWN_PICKLIST)),
            "validate" => set(&mut self.validate, reader.word(name, item, VALIDATE)),
            "time_zone" => self.time_zone = time_zone(name, item, reader),
            "language" => self.language = language(name, item, reader),
            "phone_country" => self.phone_country = phone_country(name, item, reader),
            "cascade" => set(&mut self.cascade, reader.flag(name, item)),
            "stop_after" => set(&mut self.stop_after, stop_after(name, item, reader)),
            "same_key" => set(&mut self.same_key, same_key(name, item, reader)),
            "versions" => set(&mut self.versions, reader.word(name, item, VERSIONS)),
            "vanished_field" => set(&mut self.vanished_field, reader.word(name, item, VANISHED_FIELD)),
            "route" => set(&mut self.route, reader.word(name, item, ROUTE)),
            "encoding" => self.file.encoding = encoding(name, item, reader),
            "quotes" => set(&mut self.file.quotes, reader.word(name, item, QUOTES)),
            "short_rows" => set(&mut self.file.short_rows, reader.word(name, item, SHORT_ROWS)),
            "skip_first" => set(
                &mut self.file.skip_first,
                count(name, item, FileRules::MOST_SKIPPED_FIRST, reader),
            ),
            "skip_last" => set(
                &mut self.file.skip_last,
                count(name, item, FileRules::MOST_SKIPPED_LAST, reader),
            ),
            "end_at" => self.file.end_at = end_at(name, item, reader),
            "ignore" => set(&mut self.ignore, ignored(name, item, reader)),
            "columns" => {
                for (column, item) in reader.table(name, item).into_iter().flatten() {
                    let rule = column_rule(column.get_ref(), item, reader);
                    self.columns.insert(column.get_ref().to_string(), rule);
                }
            }
            "constants" => {
                for (field, item) in reader.table(name, item).into_iter().flatten() {
                    if let Some(value) = constant(field.get_ref(), item, reader) {
                        self.constants.insert(field.get_ref().to_string(), value);
                    }
                }
            }
            "lookup" => {
                for (field, item) in reader.table(name, item).into_iter().flatten() {
                    let place = format!("lookup.{}", field.get_ref());
                    if let Some(table) = reader.table(&place, item) {
                        let rule = lookup_rule(&place, table, reader);
                        self.lookups.insert(field.get_ref().to_string(), rule);
                    }
                }
            }
            _ => reader.unknown_key(key, "a mapping", &KEYS),
        }
    }
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn time_zone(key: &str, item: Item<'_, '_>, reader: &mut TomlReader<'_>) -> Option<TimeZone> {
    let text = reader.text(key, item)?;
    let zone = TimeZone::get(text.trim()).ok();
    if zone.is_none() {
        reader.wrong(
            item,
            format!("{key} cannot be {text:?}: give the IANA name of a zone, as in \"Europe/Berlin\""),
        );
    }
    zone
}

fn language(key: &str, item: Item<'_, '_>, reader: &mut TomlReader<'_>) -> Option<&'static Language> {
    let text = reader.text(key, item)?;
    let language = Language::parse(&text);
    if language.is_none() {
        let codes: Vec<_> = codes().collect();
        reader.wrong(
            item,
            format!(
                "{key} cannot be {text:?}: give the code of a language, one of {}",
                codes.join(", ")
            ),
        );
    }
    language
}

fn phone_country(key: &str, item: Item<'_, '_>, reader: &mut TomlReader<'_>) -> Option<PhoneCountry> {
    let text = reader.text(key, item)?;
    let country = PhoneCountry::parse(text.trim());
    if country.is_none() {
        reader.wrong(
            item,
            format!("{key} cannot be {text:?}: give a country as in \"DE\", or its code as in \"+49\""),
        );
    }
    country
}

fn encoding(key: &str, item: Item<'_, '_>, reader: &mut TomlReader<'_>) -> Option<Encoding> {
    let text = reader.text(key, item)?;
    let encoding = Encoding::named(text.trim());
    if encoding.is_none() {
        reader.wrong(
            item,
            format!(
                "{key} cannot be {text:?}: give the name of an encoding, as in \"windows-1254\", \"iso-8859-2\", \
                 \"macintosh\", \"ibm850\" or \"gbk\""
            ),
        );
    }
    encoding
}

/// A number of lines.
fn count(key: &str, item: Item<'_, '_>, most: u32, reader: &mut TomlReader<'_>) -> Option<u32> {
    let number = match item.get_ref() {
        DeValue::Integer(number) => number.as_str().parse().ok().filter(|number| *number <= most),
        _ => None,
    };
    if number.is_none() {
        reader.wrong(item, format!("{key} must be a number of lines, {most} at most"));
    }
    number
}

/// Names of columns; an empty one stands for those that have none.
fn ignored(key: &str, item: Item<'_, '_>, reader: &mut TomlReader<'_>) -> Option<Vec<String>> {
    let names = match item.get_ref() {
        DeValue::String(name) => Some(vec![name.to_string()]),
        DeValue::Array(items) => items
            .iter()
            .map(|item| item.get_ref().as_str().map(str::to_owned))
            .collect(),
        _ => None,
    };
    if names.is_none() {
        reader.wrong_type(key, item, "a list of texts, as in [\"Internal note\"]");
    }
    names
}

/// How a line begins.
fn end_at(key: &str, item: Item<'_, '_>, reader: &mut TomlReader<'_>) -> Option<String> {
    let text = reader.text(key, item)?;
    let text = text.trim();
    if text.is_empty() {
        reader.wrong(
            item,
            format!("{key} is empty: give the text with which the line begins, or leave it out"),
        );
        return None;
    }
    Some(text.to_owned())
}

/// `"20%"`, `"20% of 500"`, a number of rejects, or `"never"`.
fn stop_after(key: &str, item: Item<'_, '_>, reader: &mut TomlReader<'_>) -> Option<StopAfter> {
    let found = match item.get_ref() {
        DeValue::Integer(number) => number
            .as_str()
            .replace('_', "")
            .parse()
            .ok()
            .filter(|n| *n > 0)
            .map(StopAfter::Rejects),
        DeValue::String(text) if text.trim() == "never" => Some(StopAfter::Never),
        DeValue::String(text) => share(text),
        _ => None,
    };
    if found.is_none() {
        reader.wrong(
            item,
            format!(
                "{key} must be a share of the rows as in \"20%\" or \"20% of 500\", a number of rejects, or \"never\""
            ),
        );
    }
    found
}

/// `"warn"`, `"reject"`, `"5%"` or `"5% of 100"`.
fn same_key(key: &str, item: Item<'_, '_>, reader: &mut TomlReader<'_>) -> Option<SameKey> {
    let found = match item.get_ref().as_str().map(str::trim) {
        Some("warn") => Some(SameKey::Warn),
        Some("reject") => Some(SameKey::Share {
            percent: 0,
            of_at_least: 0,
        }),
        Some(text) => match share(text) {
            Some(StopAfter::Share { percent, of_at_least }) => Some(SameKey::Share {
                percent,
                of_at_least: if text.ends_with('%') { 0 } else { of_at_least },
            }),
            _ => None,
        },
        None => None,
    };
    if found.is_none() {
        reader.wrong(
            item,
            format!("{key} must be \"warn\", \"reject\", or the share of rows from which a file is refused, as in \"5%\" or \"5% of 100\""),
        );
    }
    found
}

fn share(text: &str) -> Option<StopAfter> {
    let (percent, of_at_least) = text.split_once('%')?;
    let percent = percent
        .trim()
        .parse()
        .ok()
        .filter(|percent| (1..=100).contains(percent))?;
    let of_at_least = match of_at_least.trim() {
        "" => 500,
        rest => rest.strip_prefix("of")?.trim().parse().ok()?,
    };
    Some(StopAfter::Share { percent, of_at_least })
}

fn column_rule<'i>(column: &str, item: &toml::Spanned<DeValue<'i>>, reader: &mut TomlReader<'i>) -> ColumnRule {
    let place = format!("columns.{column:?}");
    let mut rule = ColumnRule::default();
    if item.get_ref().is_str() {
        rule.field = reader.text(&place, item);
        return rule;
    }
    let Some(table) = item.get_ref().as_table() else {
        reader.wrong_type(
            &place,
            item,
            "the name of a field, or a table with field, date, number or split",
        );
        return rule;
    };
    for (key, item) in table {
        let name: &str = key.get_ref();
        match name {
            "field" => rule.field = reader.text(name, item),
            "date" => rule.date = date(name, item, reader),
            "number" => rule.number = number(name, item, reader),
            "first" => set(&mut rule.first, reader.flag(name, item)),
            "rest" => set(&mut rule.rest, reader.texts(name, item)),
            "none" => rule.none = reader.texts(name, item),
            "on_none" => rule.on_none = reader.word(name, item, EMPTY),
            "html" => rule.html = reader.word(name, item, HTML),
            "split" => {
                rule.split = item
                    .get_ref()
                    .as_str()
                    .filter(|text| !text.is_empty())
                    .map(str::to_owned);
                if rule.split.is_none() {
                    reader.wrong_type(name, item, "the text between the values of a cell, as in \";\"");
                }
            }
            _ => reader.unknown_key(key, &place, &COLUMN_KEYS),
        }
    }
    rule
}

fn date(key: &str, item: Item<'_, '_>, reader: &mut TomlReader<'_>) -> Option<DatePattern> {
    let text = reader.text(key, item)?;
    match DatePattern::parse(&text) {
        Ok(pattern) => Some(pattern),
        Err(why) => {
            reader.wrong(item, format!("{key} cannot be {text:?}: {why}"));
            None
        }
    }
}

fn number(key: &str, item: Item<'_, '_>, reader: &mut TomlReader<'_>) -> Option<NumberStyle> {
    let text = reader.text(key, item)?;
    if text == "auto" {
        return None;
    }
    let style = NumberStyle::parse(&text);
    if style.is_none() {
        reader.wrong(
            item,
            format!("{key} cannot be {text:?}: write the number 1234.56 as the column does, as in \"1,234.56\" or \"1.234,56\""),
        );
    }
    style
}

fn lookup_rule<'i>(place: &str, table: &DeTable<'i>, reader: &mut TomlReader<'i>) -> LookupRule {
    let mut rule = LookupRule::default();
    for (key, item) in table {
        let name: &str = key.get_ref();
        match name {
            "by" => rule.by = reader.text(name, item),
            "on_missing" => set(&mut rule.on_missing, reader.word(name, item, ON_MISSING)),
            "on_ambiguous" => set(&mut rule.on_ambiguous, reader.word(name, item, ON_AMBIGUOUS)),
            _ => reader.unknown_key(key, place, &LOOKUP_KEYS),
        }
    }
    rule
}

/// A constant's value as JSON. Dates become their texts.
fn constant(field: &str, item: Item<'_, '_>, reader: &mut TomlReader<'_>) -> Option<Value> {
    let value = json_of(item.get_ref());
    let blank = |value: &Value| value.as_str().is_some_and(|text| text.trim().is_empty());
    match value {
        Some(value) if !blank(&value) => Some(value),
        Some(_) => {
            reader.wrong(item, format!("constants.{field} is empty: leave it out"));
            None
        }
        None => {
            let what = type_of(item.get_ref());
            reader.wrong(item, format!("constants.{field} is {what} that JSON does not have"));
            None
        }
    }
}

fn json_of(value: &DeValue<'_>) -> Option<Value> {
    Some(match value {
        DeValue::String(text) => Value::from(&**text),
        DeValue::Integer(number) => {
            Value::from(i64::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok()?)
        }
        DeValue::Float(number) => Value::Number(Number::from_f64(number.as_str().replace('_', "").parse().ok()?)?),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Datetime(moment) => Value::from(moment.to_string()),
        DeValue::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| json_of(item.get_ref()))
                .collect::<Option<_>>()?,
        ),
        DeValue::Table(table) => Value::Object(
            table
                .iter()
                .map(|(key, item)| json_of(item.get_ref()).map(|value| (key.get_ref().to_string(), value)))
                .collect::<Option<Map<_, _>>>()?,
        ),
    })
}
