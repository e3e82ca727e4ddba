//! One column (or key of a JSON record), made ready: which field it fills and how.

use std::sync::Arc;

use bigin::{CallShape, Field, FieldKind, FieldName, Operation};

use super::coerce::{
    Care, Coercion, DateRule, EmailRule, FirstOf, HtmlRule, KeyRule, Language, NoneRule, NumberKind, NumberRule,
    PhoneRule, PickRule, Related, TextRule, WebsiteRule,
};
use super::directory::Directory;
use super::mapped::ReferenceRule;
use super::mapping::{ColumnRule, Mapping, Tags, UnknownPickList, Validate};
use super::setting::Setting;
use super::standard::name_field;

/// Fields whose lists nothing is ever added to: a stage belongs to a pipeline.
const CLOSED_LISTS: [&str; 2] = ["Stage", "Sub_Pipeline"];

/// A column made ready.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub name: FieldName,
    pub filler: Filler,
    /// Bigin insists on a value.
    pub mandatory: bool,
    /// A record without it cannot be new.
    pub required: bool,
    /// It is a match field, or the id of an update or delete.
    pub key: bool,
    /// Whether its values tell records apart: as a match field, or since Bigin keeps them unique.
    pub identifies: bool,
    /// What values must be like by which records are found.
    pub key_rule: KeyRule,
    /// How several values are told apart, where the mapping takes the first or spreads them over fields.
    pub several: Option<FirstOf>,
    /// The columns of the further fields that they fill.
    pub rest: Vec<Column>,
    /// Which values mean none.
    pub none: NoneRule,
    /// How closely its values are cleaned.
    pub care: Care,
    /// What is done with character references of HTML in them.
    pub html: HtmlRule,
    /// Whether no text means more than itself: none is a key, none means "no value", of none the first part is taken.
    pub literal: bool,
}

/// How a column fills its field.
#[derive(Debug, Clone)]
pub(super) enum Filler {
    Value(Coercion),
    /// Another record.
    Reference {
        rule: Arc<ReferenceRule>,
        /// Whether it may be named otherwise than by its id.
        by_name: bool,
        /// Whether JSON objects are sent as they stand.
        whole: bool,
    },
    /// Several other records.
    Several {
        split: Option<String>,
        /// Bigin takes them in a second call, once it has the record.
        later: bool,
    },
    /// The module of the record that an activity or a note is about.
    RelatedModule {
        /// Whether it is sent: for a note the address says it.
        sent: bool,
    },
    /// The record that an activity or a note is about, whose module another column names.
    RelatedTo {
        /// How a name is resolved in each of the modules that it may be in.
        rules: Arc<[Arc<ReferenceRule>]>,
        /// Whether it may be named otherwise than by its id.
        by_name: bool,
    },
    Tags {
        split: Option<String>,
        /// They are added once the record is accepted, instead of taking the place of those that are there.
        later: bool,
    },
}

impl Column {
    /// The column for a field.
    pub fn new(field: &Field, rule: Option<&ColumnRule>, setting: &Setting<'_>, shape: &CallShape) -> Self {
        let new = matches!(shape.operation, Operation::Insert | Operation::Upsert);
        let by_id = matches!(shape.operation, Operation::Update | Operation::Delete) && field.api_name == "id";
        let filler = filler(field, rule, setting, shape);
        let (several, none) = (first_of(field, rule), none_rule(field, rule, setting));
        let key = by_id || shape.match_on.contains(&field.api_name);
        let identifies = key || field.unique;
        let care = care(&filler, identifies);
        let is_text = matches!(care, Care::Text | Care::Lines) || matches!(filler, Filler::Value(Coercion::Website(_)));
        Self {
            name: FieldName::new(&field.api_name),
            care,
            html: html_rule(setting.mapping, rule, !is_text),
            literal: !identifies && several.is_none() && none.has_no_texts(),
            several,
            rest: Vec::new(),
            none,
            filler,
            mandatory: field.mandatory,
            required: field.mandatory && new,
            key,
            identifies,
            key_rule: KeyRule::new(&setting.mapping.allow_keys),
        }
    }

    /// Adds the fields that further values of a cell fill.
    pub fn with_rest(
        mut self,
        directory: &Directory,
        rule: Option<&ColumnRule>,
        setting: &Setting<'_>,
        shape: &CallShape,
    ) -> Self {
        let Some(rule) = rule else { return self };
        let one = ColumnRule {
            rest: Vec::new(),
            first: false,
            split: None,
            ..rule.clone()
        };
        let places = rule.rest.iter().filter_map(|name| directory.resolve(name).ok());
        self.rest = places
            .map(|place| &directory.fields[place])
            .map(|field| Self::new(field, Some(&one), setting, shape))
            .collect();
        self
    }

    /// The column for a name that nobody knows.
    pub fn unverified(name: &str, rule: Option<&ColumnRule>, mapping: &Mapping, shape: &CallShape) -> Self {
        let key = shape.match_on.iter().any(|field| field == name);
        let (texts, clears) = mapping.none_of(rule);
        Self {
            name: FieldName::new(name),
            filler: Filler::Value(Coercion::Unknown),
            mandatory: false,
            required: false,
            key,
            identifies: key,
            key_rule: KeyRule::new(&mapping.allow_keys),
            several: None,
            rest: Vec::new(),
            none: NoneRule::new(&texts, clears, false),
            care: if key { Care::Name } else { Care::Text },
            html: html_rule(mapping, rule, key),
            literal: false,
        }
    }

    /// Whether it takes names that the field's list or the module's tags have.
    pub fn takes_names(&self) -> bool {
        matches!(
            self.filler,
            Filler::Tags { .. } | Filler::Value(Coercion::Pick(_) | Coercion::Picks { .. })
        )
    }

    /// Whether a cell is surely sent as it stands.
    pub fn copies(&self, cell: &str) -> bool {
        matches!(&self.filler, Filler::Value(Coercion::Text(rule)) if self.literal && rule.copies(cell))
    }
}

fn first_of(field: &Field, rule: Option<&ColumnRule>) -> Option<FirstOf> {
    let rule = rule.filter(|rule| rule.first || !rule.rest.is_empty())?;
    Some(match (&rule.split, field.kind) {
        (Some(separator), _) => FirstOf::Split(separator.clone()),
        (None, FieldKind::Phone) => FirstOf::Phones,
        (None, FieldKind::Email) => FirstOf::Emails,
        (None, _) => FirstOf::Marks,
    })
}

fn none_rule(field: &Field, rule: Option<&ColumnRule>, setting: &Setting<'_>) -> NoneRule {
    let (texts, clears) = setting.mapping.none_of(rule);
    let of_dates = matches!(field.kind, FieldKind::Date | FieldKind::DateTime);
    NoneRule::new(&texts, clears, of_dates)
}

fn html_rule(mapping: &Mapping, rule: Option<&ColumnRule>, is_exact: bool) -> HtmlRule {
    HtmlRule {
        references: rule.and_then(|rule| rule.html).unwrap_or(mapping.html),
        is_exact,
    }
}

fn care(filler: &Filler, identifies: bool) -> Care {
    let Filler::Value(coercion) = filler else {
        return Care::Name;
    };
    match coercion {
        Coercion::Text(_) | Coercion::Unknown if identifies => Care::Name,
        Coercion::Pick(_) | Coercion::Picks { .. } => Care::Name,
        Coercion::Text(rule) if rule.lines => Care::Lines,
        Coercion::Json => Care::Lines,
        Coercion::Text(_) | Coercion::Unknown => Care::Text,
        _ => Care::Value,
    }
}

fn filler(field: &Field, rule: Option<&ColumnRule>, setting: &Setting<'_>, shape: &CallShape) -> Filler {
    let mapping = setting.mapping;
    let split = rule.and_then(|rule| rule.split.clone());
    let rule_in = |module: &str| {
        let lookup = mapping.lookup(field).cloned().unwrap_or_default();
        Arc::new(ReferenceRule {
            field: FieldName::new(&field.api_name),
            module: module.to_owned(),
            by: lookup.by.unwrap_or_else(|| name_field(module).to_owned()),
            on_missing: lookup.on_missing,
            on_ambiguous: lookup.on_ambiguous,
        })
    };
    let reference = |module: &str, by_name, whole| Filler::Reference {
        rule: rule_in(module),
        by_name: by_name && setting.stages.lookups,
        whole,
    };
    let is_new = matches!(shape.operation, Operation::Insert | Operation::Upsert);
    let is_note = shape.module.as_str() == "Notes";
    match field.api_name.as_str() {
        "id" => return Filler::Value(Coercion::Id),
        "$related_module" => return Filler::RelatedModule { sent: true },
        "$se_module" if is_note && is_new => return Filler::RelatedModule { sent: false },
        "Parent_Id" if !(is_note && is_new) => return reference("", false, true),
        "Related_To" | "Parent_Id" => {
            return Filler::RelatedTo {
                rules: Related::ALL.iter().map(|related| rule_in(related.module())).collect(),
                by_name: setting.stages.lookups,
            };
        }
        // Together with a new pipeline record Bigin was seen to refuse them; in an update it takes them.
        "Associated_Products" | "Secondary_Contacts" if shape.module.as_str() == "Pipelines" => {
            return Filler::Several { split, later: is_new };
        }
        "Pipeline" => return reference("layouts", true, false),
        _ => {}
    }
    match field.kind {
        FieldKind::Lookup => reference(
            field.lookup_module.as_deref().unwrap_or_default(),
            field.lookup_module.is_some(),
            false,
        ),
        FieldKind::OwnerLookup => reference("users", true, false),
        FieldKind::Tags => {
            let later = mapping.tags == Tags::Add && shape.operation != Operation::Insert;
            Filler::Tags { split, later }
        }
        _ => Filler::Value(coercion(field, rule, setting)),
    }
}

fn coercion(field: &Field, rule: Option<&ColumnRule>, setting: &Setting<'_>) -> Coercion {
    let mapping = setting.mapping;
    let (length, strict) = (field.length, mapping.validate == Validate::Strict);
    let number = |kind| {
        let style = rule.and_then(|rule| rule.number);
        Coercion::Number(NumberRule {
            kind,
            decimals: field.decimal_place,
            decimal_comma: setting.decimal_comma || mapping.language.is_some_and(Language::has_decimal_comma),
            style,
        })
    };
    let date = || DateRule {
        pattern: rule.and_then(|rule| rule.date.clone()),
        language: mapping.language,
        zone: mapping.time_zone.clone().or_else(|| setting.time_zone.cloned()),
        strict,
    };
    let pick = || {
        let add = mapping.unknown_picklist == UnknownPickList::Add && !CLOSED_LISTS.contains(&field.api_name.as_str());
        PickRule::new(&field.pick_list, add, length)
    };
    match field.kind {
        FieldKind::Text => Coercion::Text(TextRule {
            length,
            lines: false,
            strict,
        }),
        FieldKind::TextArea => Coercion::Text(TextRule {
            length,
            lines: true,
            strict,
        }),
        FieldKind::Email => Coercion::Email(EmailRule {
            length: length.or(Some(100)),
            strict,
        }),
        FieldKind::Phone => Coercion::Phone(PhoneRule {
            length,
            country: mapping.phone_country,
            strict,
        }),
        FieldKind::Website => Coercion::Website(WebsiteRule { length, strict }),
        FieldKind::PickList => Coercion::Pick(pick()),
        FieldKind::MultiSelectPickList => {
            let split = rule
                .and_then(|rule| rule.split.clone())
                .unwrap_or_else(|| ";".to_owned());
            Coercion::Picks { rule: pick(), split }
        }
        FieldKind::Boolean => Coercion::Boolean,
        FieldKind::Integer => number(NumberKind::Integer),
        FieldKind::BigInt => number(NumberKind::BigInt),
        FieldKind::Double | FieldKind::Currency => number(NumberKind::Decimal),
        FieldKind::Percent => number(NumberKind::Percent),
        FieldKind::Date => Coercion::Date(date()),
        FieldKind::DateTime => Coercion::Instant(date()),
        FieldKind::Other if field.api_name.starts_with('$') => Coercion::Unknown,
        FieldKind::Lookup | FieldKind::OwnerLookup | FieldKind::Tags | FieldKind::Other => Coercion::Json,
    }
}
