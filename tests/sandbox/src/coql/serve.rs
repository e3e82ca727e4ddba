//! `POST /coql`.

use serde_json::Value;

use super::candidates::candidates;
use super::evaluate::{Comparable, Place, find, fulfils, order, value};
use super::parser::parse;
use crate::accounts::Bearer;
use crate::accounts::scope::{Need, Op};
use crate::answer::{Answer, Refusal};
use crate::http::Call;
use crate::json::{Json, Object, object};
use crate::metadata::{Kind, ModuleName, Schema};
use crate::organisation::Organisation;
use crate::query::{Column, Condition, Query, Trouble};
use crate::records::{Desk, field_json};
use crate::store::Record;

/// Answers a query.
pub(crate) fn serve(desk: &Desk<'_>, call: &Call, bearer: &Bearer) -> Result<Answer, Refusal> {
    let text = call
        .json()
        .and_then(|body| body.get("select_query"))
        .and_then(Value::as_str)
        .ok_or_else(|| {
            Refusal::new(
                400,
                "MANDATORY_NOT_FOUND",
                object! {"api_name" => "select_query"},
                "required field not found",
            )
        })?;
    let query = parse(text, desk.settings.coql_quote).map_err(Refusal::from)?;
    if query.order.len() > desk.settings.coql_order_columns {
        let trouble = Trouble::Limit {
            limit: desk.settings.coql_order_columns,
            message: "too many columns to order by",
        };
        return Err(trouble.into());
    }
    let module = ModuleName::parse(&query.module).ok_or_else(|| Refusal::from(Trouble::Module))?;
    Need::records(module.api_name(), Op::Read).demand(&bearer.scopes)?;
    answer(desk.organisation, desk.organisation.schema(module), &query).map_err(Refusal::from)
}

/// Whether a record fulfils a condition; what names no field of the module is taken for empty.
pub(crate) fn fits(organisation: &Organisation, module: ModuleName, record: &Record, condition: &Condition) -> bool {
    let schema = organisation.schema(module);
    fulfils(condition, &|column: &Column| {
        find(organisation, schema, column).map_or(Comparable::Empty, |place| value(organisation, schema, record, place))
    })
}

fn answer(organisation: &Organisation, schema: &Schema, query: &Query) -> Result<Answer, Trouble> {
    let place = |column: &Column| {
        find(organisation, schema, column).ok_or_else(|| Trouble::Invalid {
            reason: "column given seems to be invalid",
            column: column.name(),
        })
    };
    let columns: Vec<_> = query
        .columns
        .iter()
        .map(|column| {
            let found = place(column)?;
            if let Place::Field(at) = found
                && !is_selectable(schema.fields[at].kind)
            {
                return Err(Trouble::Invalid {
                    reason: "the field is not supported in SELECT",
                    column: column.name(),
                });
            }
            Ok((column.name(), found))
        })
        .collect::<Result<_, Trouble>>()?;
    let order_by: Vec<_> = query
        .order
        .iter()
        .map(|(column, down)| Ok((place(column)?, *down)))
        .collect::<Result<_, Trouble>>()?;
    let mut conditions = Vec::new();
    columns_of(&query.condition, &mut conditions);
    let mut places = Vec::new();
    for column in conditions {
        let found = place(column)?;
        if let Place::Field(at) = found
            && !schema.fields[at].is_filterable()
        {
            return Err(Trouble::Invalid {
                reason: "the field is not supported in WHERE",
                column: column.name(),
            });
        }
        places.push((column, found));
    }
    let fits = |record: &&Record| {
        !organisation.limits.hides(record.id)
            && fulfils(&query.condition, &|column: &Column| {
                let found = places.iter().find(|(known, _)| *known == column);
                found.map_or(Comparable::Empty, |(_, place)| {
                    value(organisation, schema, record, *place)
                })
            })
    };
    let store = organisation.store(schema.module);
    let candidates = candidates(&query.condition, schema, store).filter(fits);
    // Without an order of its own a query goes by ascending id, and no further than its page.
    let mut rest: Box<dyn Iterator<Item = &Record>> = if order_by.is_empty() {
        Box::new(candidates.skip(query.offset))
    } else {
        let mut records: Vec<_> = candidates.collect();
        for (place, downwards) in order_by.iter().rev() {
            let key = |record: &Record| value(organisation, schema, record, *place);
            records.sort_by(|one, other| {
                let order = order(&key(one), &key(other));
                if *downwards { order.reverse() } else { order }
            });
        }
        Box::new(records.into_iter().skip(query.offset))
    };
    let shown: Vec<_> = rest
        .by_ref()
        .take(query.limit)
        .map(|record| row(organisation, schema, record, &columns))
        .collect();
    if shown.is_empty() {
        return Ok(Answer::nothing());
    }
    let info = object! {"count" => shown.len(), "more_records" => rest.next().is_some()};
    Ok(Answer::json(200, object! {"data" => shown, "info" => info}))
}

fn columns_of<'a>(condition: &'a Condition, into: &mut Vec<&'a Column>) {
    match condition {
        Condition::All(one, other) | Condition::Any(one, other) => {
            columns_of(one, into);
            columns_of(other, into);
        }
        Condition::Compare(column, ..)
        | Condition::OneOf(column, ..)
        | Condition::Between(column, ..)
        | Condition::Empty(column, _) => into.push(column),
    }
}

/// The columns of a record, then its id. A lookup gives its id alone.
fn row(organisation: &Organisation, schema: &Schema, record: &Record, columns: &[(String, Place)]) -> Object {
    let mut row = Object::new();
    for (name, place) in columns {
        let shown = match *place {
            Place::Id => continue,
            Place::Field(at) if is_reference(schema.fields[at].kind) => {
                match value(organisation, schema, record, *place) {
                    Comparable::Id(id) => object! {"id" => id.to_string()}.into(),
                    _ => Json::Null,
                }
            }
            Place::Field(at) => field_json(organisation, schema, record, at),
            Place::OfLookup(at, module, inner) => of_lookup(organisation, record, at, module, inner),
        };
        row.push(name.clone(), shown);
    }
    row.push("id", record.id.to_string());
    row
}

/// Multi-line texts, files, tags and lists of records cannot be had by a query.
fn is_selectable(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::TextArea | Kind::File | Kind::Image | Kind::Tags | Kind::Several(_) | Kind::Structured(..)
    )
}

fn is_reference(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Lookup(_) | Kind::User | Kind::TeamPipeline | Kind::RelatedTo | Kind::Parent
    )
}

fn of_lookup(
    organisation: &Organisation,
    record: &Record,
    at: usize,
    module: ModuleName,
    inner: Option<usize>,
) -> Json {
    let Some(crate::store::Cell::Record(_, id)) = record.get(at) else {
        return Json::Null;
    };
    let (Some(inner), Some(target)) = (inner, organisation.store(module).get(*id)) else {
        return id.to_string().into();
    };
    field_json(organisation, organisation.schema(module), target, inner)
}

impl From<Trouble> for Refusal {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Syntax { near, message } => Self::new(400, "SYNTAX_ERROR", object! {"clause" => near}, message),
            Trouble::Invalid { reason, column } => {
                let details = object! {"reason" => reason, "column_name" => column};
                Self::new(400, "INVALID_QUERY", details, "invalid query formed")
            }
            Trouble::Module => Self::new(
                400,
                "INVALID_MODULE",
                Object::new(),
                "the module name given seems to be invalid",
            ),
            Trouble::Duplicate(column) => Self::new(
                400,
                "DUPLICATE_DATA",
                object! {"column_name" => column},
                "duplicate column",
            ),
            Trouble::Limit { limit, message } => Self::limit(object! {"limit" => limit}, message),
        }
    }
}
