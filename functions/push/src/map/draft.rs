//! A record in the making.

use std::convert::Infallible;
use std::sync::Arc;

use bigin::{Record, RecordWriter, push_text};
use serde_json::Value;

use super::codes;
use super::coerce::{
    Coercion, Given, Named, Note, Related, clean, doubt, is_clean, push_id, read_reference, read_related, several,
    stands_for_none, tags,
};
use super::column::{Column, Filler};
use super::flaw::{Flaw, Flaws};
use super::mapped::{Reference, ReferenceRule};
use super::mapping::{HtmlReferences, OnMissing};
use crate::record::{MatchKey, Reject, RepairKind, RowRepairs, Tag};

/// What has come together of a record.
pub(super) struct Draft {
    pub writer: RecordWriter,
    pub keys: Vec<MatchKey>,
    pub references: Vec<Reference>,
    pub tags: Vec<Tag>,
    /// The fields of a second call, once there is one.
    pub second: Option<RecordWriter>,
    /// The module of the record that this one is about.
    pub related: Option<Related>,
    /// Whether that record is named at all.
    pub has_related: bool,
    /// That record's name, and how it is resolved in each module.
    pub related_name: Option<(Arc<[Arc<ReferenceRule>]>, String)>,
    pub flaws: Flaws,
    /// What was mended in the values.
    pub repairs: RowRepairs,
    /// Whether a number has a comma before its decimals.
    pub decimal_comma: bool,
    /// Whether anything was given beside what the record is found by.
    pub content: bool,
}

impl Draft {
    pub fn new(writer: RecordWriter) -> Self {
        Self {
            writer,
            keys: Vec::new(),
            references: Vec::new(),
            tags: Vec::new(),
            second: None,
            related: None,
            has_related: false,
            related_name: None,
            flaws: Flaws::default(),
            repairs: RowRepairs::default(),
            decimal_comma: false,
            content: false,
        }
    }

    /// Takes a cell that is sent as it stands.
    pub fn copy(&mut self, column: &Column, cell: &str) {
        self.content = true;
        surely(self.writer.value(&column.name, |json| {
            json.push('"');
            json.push_str(cell);
            json.push('"');
            Ok(())
        }));
    }

    /// Takes a value, which is not empty.
    pub fn fill(&mut self, column: &Column, given: Given<'_>) {
        self.content |= !column.key;
        let filled = match &column.filler {
            Filler::Value(coercion) => {
                let (repairs, decimal_comma) = (&mut self.repairs, &mut self.decimal_comma);
                let mut note = |kind| repairs.add_in(column.name.shared(), kind);
                if !column.identifies
                    && matches!(coercion, Coercion::Text(_) | Coercion::Unknown)
                    && let Some(kind) = given.plain_text().and_then(doubt)
                    && (kind != RepairKind::OtherNotation || column.html.references != HtmlReferences::Keep)
                {
                    note(kind);
                }
                let key = self.writer.value(&column.name, |json| {
                    let at = json.len();
                    match coercion.write(given, json)? {
                        Note::Nothing => {}
                        Note::DecimalComma => *decimal_comma = true,
                        Note::CommaBetweenThousands => note(RepairKind::CommaBetweenThousands),
                        Note::Unwrapped => note(RepairKind::Unwrapped),
                        Note::Respelt => note(RepairKind::Respelt),
                    }
                    if !column.identifies {
                        return Ok::<_, Flaw>(None);
                    }
                    let value = sent(&json[at..], given);
                    if matches!(given, Given::Json(Value::Number(number)) if number.is_f64()) {
                        let why = "a JSON number with a point where a record is to be found by it: write it as a text";
                        return Err(Flaw::new(codes::WRONG_TYPE, why));
                    }
                    let key = if column.key {
                        MatchKey::of(column.name.shared(), &value)
                    } else {
                        None
                    };
                    match &key {
                        Some(key) => column.key_rule.check_folded(key.value(), key.folded())?,
                        None => column.key_rule.check(&value)?,
                    }
                    Ok(key)
                });
                key.map(|key| self.keys.extend(key))
            }
            Filler::Reference { rule, by_name, whole } => match given {
                Given::Json(object @ Value::Object(_)) if *whole => {
                    surely(self.writer.value(&column.name, |json| {
                        json.push_str(&object.to_string());
                        Ok(())
                    }));
                    Ok(())
                }
                _ => self.refer(column, given, rule, *by_name),
            },
            Filler::Several { split, .. } => self
                .writer_for(column)
                .value(&column.name, |json| several::write(given, split.as_deref(), json)),
            Filler::RelatedModule { sent } => read_related(given).map(|related| {
                self.related = Some(related);
                if *sent {
                    surely(self.writer.value(&column.name, |json| {
                        push_text(json, related.as_str());
                        Ok(())
                    }));
                }
            }),
            Filler::RelatedTo { rules, by_name } => self.relate(column, given, rules, *by_name),
            Filler::Tags { split, later } => tags::read(given, split.as_deref()).map(|names| {
                // An empty array clears, which adding cannot do.
                if *later && !names.is_empty() {
                    self.tags.extend(names.into_iter().map(|name| Tag(name.into_owned())));
                } else {
                    surely(self.writer.value(&column.name, |json| {
                        tags::push(&names, json);
                        Ok(())
                    }));
                }
            }),
        };
        if let Err(flaw) = filled {
            self.flaws.add(Some(column.name.as_str()), flaw);
        }
    }

    /// A text of the column as it is meant: without what nobody sees and what programs have put around it.
    pub fn meant(&mut self, column: &Column, text: &str) -> Result<String, Flaw> {
        let mut repairs = RowRepairs::default();
        let read = column.html.read(text, &mut repairs)?;
        let cleaned = clean(&read, column.care)?;
        repairs.merge(&cleaned.repairs);
        self.repairs.merge_in(column.name.shared(), &repairs);
        Ok(cleaned.text.into_owned())
    }

    /// The names of a list, each as it is meant; `None` where they are as they stand.
    pub fn meant_names(&mut self, column: &Column, items: &[Value]) -> Result<Option<Value>, Flaw> {
        let name_of = |item: &'_ Value| item.get("name").unwrap_or(item).as_str().map(str::to_owned);
        let is_meant = |item: &Value| name_of(item).is_none_or(|name| is_clean(&name, column.care));
        if items.iter().all(is_meant) {
            return Ok(None);
        }
        let meant = |item: &Value| match name_of(item) {
            Some(name) => self.meant(column, &name).map(Value::from),
            None => Ok(item.clone()),
        };
        items.iter().map(meant).collect::<Result<_, _>>().map(Some)
    }

    /// A value that another record is looked up by, as it is compared.
    fn found_by(&mut self, column: &Column, value: &str) -> Result<String, Flaw> {
        let value = self.meant(column, value)?;
        column.key_rule.check(&value)?;
        Ok(value)
    }

    fn refer(
        &mut self,
        column: &Column,
        given: Given<'_>,
        rule: &Arc<ReferenceRule>,
        by_name: bool,
    ) -> Result<(), Flaw> {
        match read_reference(given)? {
            Named::Id(id) => surely(self.writer.value(&column.name, |json| {
                push_id(json, &id);
                Ok(Ok(()))
            })),
            Named::Other(value) if by_name => {
                let value = self.found_by(column, &value)?;
                self.references.push(Reference {
                    rule: never_of_nothing(rule, &value),
                    value,
                });
                Ok(())
            }
            Named::Other(_) => {
                let what = match rule.module.as_str() {
                    "users" => "the user's id in Bigin",
                    _ => "the record's id in Bigin",
                };
                Err(Flaw::new(
                    codes::LOOKUP_NEEDS_ID,
                    format!(
                        "{} where {what} is wanted (15 to 20 digits): a bare name is never sent",
                        given.kind()
                    ),
                ))
            }
        }
    }

    /// Takes the record that this one is about. Zoho's own form of a note's parent names the module, too.
    fn relate(
        &mut self,
        column: &Column,
        given: Given<'_>,
        rules: &Arc<[Arc<ReferenceRule>]>,
        by_name: bool,
    ) -> Result<(), Flaw> {
        if let Given::Json(Value::Object(object)) = given
            && let Some(module) = object.get("module").filter(|module| !module.is_null())
        {
            let name = module.get("api_name").unwrap_or(module);
            self.related = Some(read_related(Given::Json(name))?);
        }
        self.has_related = true;
        match (read_reference(given)?, rules.first()) {
            (Named::Other(value), _) if by_name => {
                let value = self.found_by(column, &value)?;
                self.related_name = Some((Arc::clone(rules), value));
                Ok(())
            }
            (_, Some(rule)) => self.refer(column, given, rule, false),
            (_, None) => Ok(()),
        }
    }

    /// The name of the record that this one is about becomes a reference, now that the module is known.
    pub fn find_related(&mut self) -> Result<(), Reject> {
        let Some((rules, value)) = self.related_name.take() else {
            return Ok(());
        };
        let rule = self
            .related
            .and_then(|related| rules.iter().find(|rule| rule.module == related.module()));
        match (rule, rules.first()) {
            (Some(rule), _) => {
                self.references.push(Reference {
                    rule: never_of_nothing(rule, &value),
                    value,
                });
                Ok(())
            }
            (None, rule) => Err(Reject::relay(
                codes::MANDATORY_EMPTY,
                rule.map(|rule| rule.field.as_str().to_owned()),
                "a record is named that this one is about, but not its module: Contacts, Accounts or Deals",
            )),
        }
    }

    /// What the column's values are written to.
    fn writer_for(&mut self, column: &Column) -> &mut RecordWriter {
        if matches!(column.filler, Filler::Several { later: true, .. }) {
            self.second.get_or_insert_with(Record::writer)
        } else {
            &mut self.writer
        }
    }

    /// Takes notice that there is no value.
    pub fn leave_out(&mut self, column: &Column) {
        if column.required {
            let flaw = Flaw::new(codes::MANDATORY_EMPTY, "must have a value");
            self.flaws.add(Some(column.name.as_str()), flaw);
        }
    }

    /// Takes an order to clear the field.
    pub fn clear(&mut self, column: &Column) {
        self.content = true;
        surely(self.writer_for(column).value(&column.name, |json| {
            // Bigin clears tags by an empty list.
            json.push_str(if matches!(column.filler, Filler::Tags { .. }) {
                "[]"
            } else {
                "null"
            });
            Ok(())
        }));
    }
}

/// The rule for a value that may be looked up, but of which no record is made if it stands for none.
fn never_of_nothing(rule: &Arc<ReferenceRule>, value: &str) -> Arc<ReferenceRule> {
    if rule.on_missing != OnMissing::Create || !stands_for_none(value) {
        return Arc::clone(rule);
    }
    Arc::new(ReferenceRule {
        on_missing: OnMissing::Reject,
        ..(**rule).clone()
    })
}

/// The value as it is sent, which is what Bigin compares.
fn sent<'a>(json: &'a str, given: Given<'a>) -> std::borrow::Cow<'a, str> {
    let text = json.strip_prefix("\"").and_then(|json| json.strip_suffix("\""));
    match text {
        Some(text) if !text.contains('\\') => text.into(),
        Some(_) => serde_json::from_str::<String>(json)
            .map_or_else(|_| given.plain_text().unwrap_or_default().into(), Into::into),
        None => json.into(),
    }
}

/// For closures that cannot fail.
pub(super) fn surely<T>(result: Result<T, Infallible>) -> T {
    match result {
        Ok(value) => value,
        Err(never) => match never {},
    }
}
