//! `GET /{module}/search`, over an index that lags behind (contract, section 6.4).

use std::cmp::{Ordering, Reverse};

use jiff::Timestamp;

use super::criteria::{Comparator, Criteria, parse};
use super::page::{chosen_fields, page, per_page};
use crate::answer::{Answer, Refusal};
use crate::http::Call;
use crate::json::{Object, object};
use crate::metadata::{Kind, ModuleName, Schema, System};
use crate::records::{Desk, display_name, render, whole};
use crate::store::{Cell, Record};

/// The most records that a search reaches.
const REACH: usize = 2_000;

/// `GET /{module}/search`. Of several questions in one call the first of criteria, email, phone and word counts.
pub(crate) fn search(desk: &mut Desk<'_>, call: &Call, module: ModuleName) -> Result<Answer, Refusal> {
    let (now, lag) = (desk.now, desk.settings.search_lag_s);
    let question = Question::read(desk, call, module)?;
    let names = chosen_fields(call)?;
    let (per_page, page) = (per_page(call)?, page(call)?);
    let skip = (page - 1).saturating_mul(per_page);
    if skip.saturating_add(per_page) > REACH {
        return Err(Refusal::new(
            400,
            "LIMIT_REACHED",
            object! {"limit" => REACH},
            "no more than 2,000 records can be searched",
        ));
    }
    let organisation = &*desk.organisation;
    let schema = organisation.schema(module);
    let mut hits = organisation.store(module).as_indexed(now, lag);
    hits.retain(|record| !organisation.limits.hides(record.id) && question.fits(schema, record));
    // The order that was observed, whatever info says.
    hits.sort_by_key(|record| Reverse((record.modified.at, record.id)));
    let mut rest = hits.into_iter().skip(skip);
    let show = |record: &Record| match &names {
        Some(names) => render(organisation, schema, record, names),
        None => with_hidden(schema, whole(organisation, schema, record)),
    };
    let shown: Vec<_> = rest.by_ref().take(per_page).map(show).collect();
    if shown.is_empty() {
        return Ok(Answer::nothing());
    }
    let info = object! {
        "per_page" => per_page,
        "count" => shown.len(),
        "sort_by" => "id",
        "page" => page,
        "sort_order" => "desc",
        "more_records" => rest.next().is_some(),
    };
    Ok(Answer::json(200, object! {"data" => shown, "info" => info}))
}

/// Fields that no layout of Bigin has and that search shows all the same.
fn with_hidden(schema: &Schema, mut record: Object) -> Object {
    if schema.module == ModuleName::Contacts {
        for name in ["Department", "Twitter", "Skype_ID", "Assistant"] {
            record.push(name, crate::json::Json::Null);
        }
    }
    record
}

enum Question {
    Criteria(Criteria),
    /// The value of any field of that sort.
    Field(fn(Kind) -> bool, String),
    Word(String),
}

impl Question {
    fn read(desk: &Desk<'_>, call: &Call, module: ModuleName) -> Result<Self, Refusal> {
        let schema = desk.organisation.schema(module);
        if let Some(text) = call.query.get("criteria") {
            let criteria = parse(text).map_err(|reason| invalid_query(object! {"reason" => reason}))?;
            check_fields(schema, &criteria)?;
            return Ok(Self::Criteria(criteria));
        }
        for (name, fits) in [("email", is_email as fn(Kind) -> bool), ("phone", is_phone)] {
            let Some(value) = call.query.get(name) else { continue };
            if !schema.present().any(|(_, field)| fits(field.kind)) {
                return Err(Refusal::invalid_param(name));
            }
            return Ok(Self::Field(fits, value.to_lowercase()));
        }
        match call.query.get("word") {
            Some(word) if word.chars().count() >= 2 => Ok(Self::Word(word.to_lowercase())),
            Some(_) => Err(Refusal::invalid_data(
                object! {"minimum_length" => 2_u64, "param_name" => "word"},
                "invalid data",
            )),
            None => {
                let details = object! {"param_names" => vec!["criteria", "email", "phone", "word"]};
                Err(Refusal::new(
                    400,
                    "EXPECTED_PARAM_MISSING",
                    details,
                    "one of the expected parameters is missing",
                ))
            }
        }
    }

    fn fits(&self, schema: &Schema, record: &Record) -> bool {
        match self {
            Self::Criteria(criteria) => fulfils(schema, record, criteria),
            Self::Field(fits, value) => {
                texts(schema, record).any(|(kind, text)| fits(kind) && text.to_lowercase() == *value)
            }
            Self::Word(word) => texts(schema, record).any(|(_, text)| text.to_lowercase().contains(word)),
        }
    }
}

fn is_email(kind: Kind) -> bool {
    kind == Kind::Email
}

fn is_phone(kind: Kind) -> bool {
    kind == Kind::Phone
}

fn texts<'a>(schema: &'a Schema, record: &'a Record) -> impl Iterator<Item = (Kind, &'a str)> {
    record
        .cells()
        .filter_map(|(place, cell)| Some((schema.fields[place].kind, cell.text()?)))
}

fn invalid_query(details: Object) -> Refusal {
    Refusal::new(400, "INVALID_QUERY", details, "invalid query formed")
}

fn check_fields(schema: &Schema, criteria: &Criteria) -> Result<(), Refusal> {
    match criteria {
        Criteria::All(parts) | Criteria::Any(parts) => parts.iter().try_for_each(|part| check_fields(schema, part)),
        Criteria::One { field, comparator, .. } => {
            let found = schema
                .by_name(field)
                .map(|(_, found)| found)
                .filter(|found| found.is_filterable());
            let kind = match found {
                None if field == "id" => return Ok(()),
                found => found.map(|found| found.kind),
            };
            let kind =
                kind.ok_or_else(|| invalid_query(object! {"reason" => "invalid field", "api_name" => field.clone()}))?;
            let is_text =
                matches!(kind.types().1, "string") && !matches!(kind, Kind::Date | Kind::DateTime | Kind::System(_));
            let ordered = !matches!(
                comparator,
                Comparator::Equals | Comparator::NotEqual | Comparator::StartsWith | Comparator::In
            );
            let suits = if ordered {
                !is_text
            } else {
                is_text || *comparator != Comparator::StartsWith
            };
            if suits {
                Ok(())
            } else {
                Err(invalid_query(
                    object! {"reason" => "invalid operator", "api_name" => field.clone()},
                ))
            }
        }
    }
}

fn fulfils(schema: &Schema, record: &Record, criteria: &Criteria) -> bool {
    match criteria {
        Criteria::All(parts) => parts.iter().all(|part| fulfils(schema, record, part)),
        Criteria::Any(parts) => parts.iter().any(|part| fulfils(schema, record, part)),
        Criteria::One {
            field,
            comparator,
            values,
        } => condition(schema, record, field, *comparator, values),
    }
}

fn condition(schema: &Schema, record: &Record, field: &str, comparator: Comparator, values: &[String]) -> bool {
    let first = values.first().map(String::as_str).unwrap_or_default();
    let order = |value: &str| compare(schema, record, field, value);
    match comparator {
        Comparator::Equals => equals(schema, record, field, first),
        Comparator::NotEqual => !equals(schema, record, field, first),
        Comparator::In => values.iter().any(|value| equals(schema, record, field, value.trim())),
        Comparator::StartsWith => {
            let text = text_of(schema, record, field).unwrap_or_default();
            text.to_lowercase().starts_with(&first.to_lowercase())
        }
        Comparator::GreaterThan => order(first) == Some(Ordering::Greater),
        Comparator::GreaterEqual => order(first).is_some_and(Ordering::is_ge),
        Comparator::LessThan => order(first) == Some(Ordering::Less),
        Comparator::LessEqual => order(first).is_some_and(Ordering::is_le),
        Comparator::Between => match values {
            [low, high] => order(low).is_some_and(Ordering::is_ge) && order(high).is_some_and(Ordering::is_le),
            _ => false,
        },
    }
}

/// For texts `equals` means "contains these words".
fn equals(schema: &Schema, record: &Record, field: &str, value: &str) -> bool {
    match text_of(schema, record, field) {
        Some(text) => {
            let (text, value) = (text.to_lowercase(), value.to_lowercase());
            let mut words = value.split_whitespace().peekable();
            words.peek().is_some() && words.all(|word| text.split_whitespace().any(|own| own == word))
        }
        None => compare(schema, record, field, value) == Some(Ordering::Equal),
    }
}

fn text_of(schema: &Schema, record: &Record, field: &str) -> Option<String> {
    let (place, known) = schema.by_name(field)?;
    match known.kind {
        Kind::System(System::FullName) => display_name(schema, record),
        Kind::Date => None,
        _ => record.get(place)?.text().map(str::to_owned),
    }
}

fn compare(schema: &Schema, record: &Record, field: &str, value: &str) -> Option<Ordering> {
    if field == "id" {
        return Some(record.id.cmp(&value.parse().ok()?));
    }
    let instant = || value.parse::<Timestamp>().ok();
    let (place, known) = schema.by_name(field)?;
    match known.kind {
        Kind::System(System::CreatedTime) => return Some(record.created.at.cmp(&instant()?)),
        Kind::System(System::ModifiedTime) => return Some(record.modified.at.cmp(&instant()?)),
        _ => {}
    }
    match record.get(place)? {
        Cell::Text(text) => Some(text.as_ref().cmp(value)),
        Cell::Number(number) => number.as_f64()?.partial_cmp(&value.parse().ok()?),
        Cell::Bool(own) => Some(own.cmp(&value.parse().ok()?)),
        Cell::Instant(own) => Some(own.cmp(&instant()?)),
        Cell::Record(_, id) | Cell::User(id) | Cell::Pipeline(id) => Some(id.cmp(&value.parse().ok()?)),
        Cell::List(values) => values.iter().any(|own| own == value).then_some(Ordering::Equal),
        Cell::Tags(_) | Cell::Records(..) | Cell::Json(_) => None,
    }
}
