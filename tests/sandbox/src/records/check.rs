//! One value against its field's type (contract, section 4.2).

use serde_json::{Map, Value};

use super::lexical::{datetime, is_date, is_digits, is_email, is_phone, is_website};
use super::pending::Change;
use crate::fault::{At, Fault};
use crate::metadata::{Field, Kind, ModuleName, Shape, TeamPipeline};
use crate::organisation::Organisation;
use crate::settings::Settings;
use crate::store::Cell;

/// What a value is checked against.
pub(super) struct Checker<'a> {
    pub(super) organisation: &'a Organisation,
    pub(super) settings: &'a Settings,
    /// The element of `data` as it came, for fields that depend on others.
    pub(super) element: &'a Map<String, Value>,
}

impl Checker<'_> {
    /// A value that is there and not null.
    pub(super) fn check(&self, field: &Field, value: &Value, at: &At<'_>) -> Result<Change, Fault> {
        match field.kind {
            Kind::Text | Kind::TextArea | Kind::Email | Kind::Phone | Kind::Website => checked_text(field, value, at),
            Kind::PickList | Kind::Stage | Kind::SubPipeline => Ok(Change::Set(pick(field, value, at)?)),
            Kind::MultiPickList => self.multi_pick(field, value, at),
            Kind::Boolean => value
                .as_bool()
                .map(|it| Change::Set(Cell::Bool(it)))
                .ok_or_else(|| wrong(field, at)),
            Kind::Integer => Ok(Change::Set(integer(field, value, at)?)),
            Kind::Duration => Ok(Change::Set(duration(field, value, at)?)),
            Kind::BigInt => {
                text_of_form(value, |text| is_digits(text, 19)).ok_or_else(|| Fault::wrong_type(at, "bigint"))
            }
            Kind::Double | Kind::Currency | Kind::Percent => Ok(Change::Set(decimal(field, value, at)?)),
            Kind::Date => text_of_form(value, is_date).ok_or_else(|| Fault::wrong_type(at, "date")),
            Kind::DateTime => value
                .as_str()
                .and_then(|text| datetime(text, self.settings.strict_datetimes))
                .map(|instant| Change::Set(Cell::Instant(instant)))
                .ok_or_else(|| Fault::wrong_type(at, "datetime")),
            Kind::Lookup(module) => self.lookup(module, value, at),
            Kind::RelatedTo => self.related_to(value, at),
            Kind::Parent => self.parent(value, at),
            Kind::User => self.user(value, at),
            Kind::TeamPipeline => {
                let pipeline =
                    TeamPipeline::find(id_in(value, at)?).ok_or_else(|| Fault::unknown_id(&at.below(".id")))?;
                Ok(Change::Set(Cell::Pipeline(pipeline.id)))
            }
            Kind::Tags => tags(value, at),
            Kind::Several(module) => self.several(module, value, at),
            Kind::Structured(_, shape) => {
                let fits = match shape {
                    Shape::Object => value.is_object(),
                    Shape::Array => value.is_array(),
                    Shape::Either => true,
                };
                if fits {
                    Ok(Change::Set(Cell::Json(Box::new(value.clone()))))
                } else {
                    Err(wrong(field, at))
                }
            }
            Kind::Image | Kind::File | Kind::Formula | Kind::AutoNumber | Kind::System(_) => Ok(Change::Clear),
        }
    }

    fn multi_pick(&self, field: &Field, value: &Value, at: &At<'_>) -> Result<Change, Fault> {
        let values = value.as_array().ok_or_else(|| wrong(field, at))?;
        let texts: Option<Vec<_>> = values.iter().map(|value| value.as_str().map(str::to_owned)).collect();
        let mut texts = texts.ok_or_else(|| wrong(field, at))?;
        if texts.iter().any(|text| text.chars().count() > field.length) {
            return Err(Fault::too_long(at, field.length));
        }
        let mut seen = std::collections::HashSet::new();
        texts.retain(|text| seen.insert(text.clone()));
        let appends = self
            .element
            .get("$append_values")
            .and_then(|all| all.get(field.api_name));
        if appends == Some(&Value::Bool(true)) {
            return Ok(Change::Append(texts));
        }
        Ok(if texts.is_empty() {
            Change::Clear
        } else {
            Change::Set(Cell::List(texts.into()))
        })
    }

    fn lookup(&self, module: ModuleName, value: &Value, at: &At<'_>) -> Result<Change, Fault> {
        if let (ModuleName::Accounts, Value::String(name)) = (module, value) {
            // A bare string that is no company's id makes a company of that name, whether there is one or not.
            let known = name
                .parse()
                .ok()
                .filter(|id| self.organisation.store(module).contains(*id));
            return Ok(known.map_or_else(
                || Change::NewCompany(name.clone()),
                |id| Change::Set(Cell::Record(module, id)),
            ));
        }
        self.record(module, value, at)
            .map(|id| Change::Set(Cell::Record(module, id)))
    }

    fn record(&self, module: ModuleName, value: &Value, at: &At<'_>) -> Result<u64, Fault> {
        let id = id_in(value, at)?;
        if self.organisation.store(module).contains(id) {
            Ok(id)
        } else {
            Err(Fault::unknown_id(&at.below(".id")))
        }
    }

    fn related_to(&self, value: &Value, at: &At<'_>) -> Result<Change, Fault> {
        let word = self
            .element
            .get("$related_module")
            .and_then(Value::as_str)
            .unwrap_or_default();
        // Without the word the record's rules name what is missing.
        let Some(module) = ModuleName::related(word) else {
            return Ok(Change::Clear);
        };
        self.record(module, value, at)
            .map(|id| Change::Set(Cell::Record(module, id)))
    }

    /// A note's parent: `{"id", "module": {"api_name"}}`, or the bare id with `se_module` beside it.
    fn parent(&self, value: &Value, at: &At<'_>) -> Result<Change, Fault> {
        let named = value
            .pointer("/module/api_name")
            .or_else(|| self.element.get("se_module"));
        let module = named.and_then(Value::as_str).and_then(ModuleName::parse);
        let module = module.ok_or_else(|| Fault::invalid(&at.below(".module"), crate::json::Object::new()))?;
        let bare = value.as_str().and_then(|text| text.parse().ok());
        let id = bare.map_or_else(|| id_in(value, at), Ok)?;
        let known = module != ModuleName::Notes && self.organisation.store(module).contains(id);
        if known {
            Ok(Change::Set(Cell::Record(module, id)))
        } else {
            Err(Fault::unknown_id(&at.below(".id")))
        }
    }

    fn user(&self, value: &Value, at: &At<'_>) -> Result<Change, Fault> {
        let id = id_in(value, at)?;
        let active = self.organisation.user(id).is_some_and(|user| user.active);
        if active {
            Ok(Change::Set(Cell::User(id)))
        } else {
            Err(Fault::unknown_id(&at.below(".id")))
        }
    }

    fn several(&self, module: ModuleName, value: &Value, at: &At<'_>) -> Result<Change, Fault> {
        let items = value.as_array().ok_or_else(|| Fault::wrong_type(at, "jsonarray"))?;
        let ids: Vec<_> = items
            .iter()
            .map(|item| self.record(module, item, at))
            .collect::<Result<_, _>>()?;
        Ok(if ids.is_empty() {
            Change::Clear
        } else {
            Change::Set(Cell::Records(module, ids.into()))
        })
    }
}

fn wrong(field: &Field, at: &At<'_>) -> Fault {
    Fault::wrong_type(at, field.kind.types().1)
}

fn checked_text(field: &Field, value: &Value, at: &At<'_>) -> Result<Change, Fault> {
    let text = value.as_str().ok_or_else(|| wrong(field, at))?;
    if text.is_empty() {
        return Ok(Change::Clear);
    }
    if text.chars().count() > field.length {
        return Err(Fault::too_long(at, field.length));
    }
    let fits = match field.kind {
        Kind::Email => is_email(text),
        Kind::Phone => is_phone(text),
        Kind::Website => is_website(text),
        _ => true,
    };
    if fits {
        Ok(Change::Set(Cell::Text(text.into())))
    } else {
        Err(Fault::wrong_type(at, field.kind.types().0))
    }
}

fn pick(field: &Field, value: &Value, at: &At<'_>) -> Result<Cell, Fault> {
    let text = value.as_str().ok_or_else(|| wrong(field, at))?;
    if text.chars().count() > field.length {
        return Err(Fault::too_long(at, field.length));
    }
    Ok(Cell::Text(text.into()))
}

fn text_of_form(value: &Value, fits: impl Fn(&str) -> bool) -> Option<Change> {
    let text = value.as_str().filter(|text| fits(text))?;
    Some(Change::Set(Cell::Text(text.into())))
}

fn integer(field: &Field, value: &Value, at: &At<'_>) -> Result<Cell, Fault> {
    let number = value.as_i64().ok_or_else(|| Fault::wrong_type(at, "integer"))?;
    if number.unsigned_abs() > 999_999_999 {
        return Err(Fault::too_long(at, field.length));
    }
    Ok(Cell::Number(number.into()))
}

/// Minutes as a number in one Bigin client, `mm:ss` in Zoho CRM's recordings: both are taken.
fn duration(field: &Field, value: &Value, at: &At<'_>) -> Result<Cell, Fault> {
    if let Some(text) = value.as_str() {
        let parts: Option<Vec<u32>> = text.split(':').map(|part| part.parse().ok()).collect();
        return match parts.as_deref() {
            Some([_, 0..60]) => Ok(Cell::Text(text.into())),
            _ => Err(Fault::wrong_type(at, "integer")),
        };
    }
    integer(field, value, at)
}

fn decimal(field: &Field, value: &Value, at: &At<'_>) -> Result<Cell, Fault> {
    let (Value::Number(number), Some(amount)) = (value, value.as_f64()) else {
        return Err(Fault::wrong_type(at, "double"));
    };
    let most_digits = field.length.min(16);
    // 1e16 is the first number with 17 digits before the point.
    let limit = 10_f64.powi(i32::try_from(most_digits).unwrap_or(16));
    if amount.abs() >= limit {
        Err(Fault::too_long(at, field.length))
    } else {
        Ok(Cell::Number(number.clone()))
    }
}

/// The id in `{"id": "..."}`.
fn id_in(value: &Value, at: &At<'_>) -> Result<u64, Fault> {
    let object = value.as_object().ok_or_else(|| Fault::wrong_type(at, "jsonobject"))?;
    let id = object.get("id").ok_or_else(|| Fault::mandatory(&at.below(".id")))?;
    let id = id.as_u64().or_else(|| id.as_str()?.parse().ok());
    id.ok_or_else(|| Fault::unknown_id(&at.below(".id")))
}

fn tags(value: &Value, at: &At<'_>) -> Result<Change, Fault> {
    let items = value.as_array().ok_or_else(|| Fault::wrong_type(at, "jsonarray"))?;
    let mut names: Vec<String> = Vec::new();
    for item in items {
        let object = item.as_object().ok_or_else(|| Fault::wrong_type(at, "jsonobject"))?;
        let name = object
            .get("name")
            .and_then(Value::as_str)
            .ok_or_else(|| Fault::mandatory(&at.below(".name")))?;
        if name.chars().count() > super::tags::LONGEST_NAME {
            return Err(Fault::too_long(&at.below(".name"), super::tags::LONGEST_NAME));
        }
        if !names.iter().any(|other| other == name) {
            names.push(name.to_owned());
        }
    }
    if names.len() > super::tags::MOST_A_RECORD {
        let mut fault = Fault::too_long(at, super::tags::MOST_A_RECORD);
        "LIMIT_EXCEEDED".clone_into(&mut fault.code);
        return Err(fault);
    }
    Ok(Change::Tags(names))
}
