//! Whether a record fulfils a condition, and how records are ordered.

use std::cmp::Ordering;

use jiff::Timestamp;

use crate::metadata::{Kind, ModuleName, Schema, System};
use crate::organisation::Organisation;
use crate::query::{Column, Condition, Literal, Operator};
use crate::records::display_name;
use crate::store::{Cell, Record};

/// A value that can be compared.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Comparable {
    Text(String),
    Number(f64),
    Bool(bool),
    Instant(Timestamp),
    /// An id: of the record itself, or of what it points to.
    Id(u64),
    List(Vec<String>),
    Empty,
}

/// A column of a module, found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The record's own id.
    Id,
    Field(usize),
    /// A field, or the id, of the record that a lookup points to.
    OfLookup(usize, ModuleName, Option<usize>),
}

/// Finds a column; `None` when the module has no such field, or the field points to no module.
pub(super) fn find(organisation: &Organisation, schema: &Schema, column: &Column) -> Option<Place> {
    if column.field == "id" && column.of_lookup.is_none() {
        return Some(Place::Id);
    }
    let (place, field) = schema.by_name(&column.field)?;
    let Some(inner) = &column.of_lookup else {
        return Some(Place::Field(place));
    };
    let Kind::Lookup(module) = field.kind else { return None };
    if inner == "id" {
        return Some(Place::OfLookup(place, module, None));
    }
    let (inner, _) = organisation.schema(module).by_name(inner)?;
    Some(Place::OfLookup(place, module, Some(inner)))
}

/// The value of a column.
pub(super) fn value(organisation: &Organisation, schema: &Schema, record: &Record, place: Place) -> Comparable {
    match place {
        Place::Id => Comparable::Id(record.id),
        Place::Field(place) => field_value(schema, record, place),
        Place::OfLookup(place, module, inner) => {
            let Some(Cell::Record(_, id)) = record.get(place) else {
                return Comparable::Empty;
            };
            let Some(target) = organisation.store(module).get(*id) else {
                return Comparable::Empty;
            };
            inner.map_or(Comparable::Id(*id), |inner| {
                field_value(organisation.schema(module), target, inner)
            })
        }
    }
}

fn field_value(schema: &Schema, record: &Record, place: usize) -> Comparable {
    match schema.fields[place].kind {
        Kind::System(System::CreatedTime) => return Comparable::Instant(record.created.at),
        Kind::System(System::ModifiedTime) => return Comparable::Instant(record.modified.at),
        Kind::System(System::CreatedBy) => return Comparable::Id(record.created.by),
        Kind::System(System::ModifiedBy) => return Comparable::Id(record.modified.by),
        Kind::System(System::FullName) => {
            return display_name(schema, record).map_or(Comparable::Empty, Comparable::Text);
        }
        _ => {}
    }
    match record.get(place) {
        None | Some(Cell::Tags(_) | Cell::Records(..) | Cell::Json(_)) => Comparable::Empty,
        Some(Cell::Text(text)) => Comparable::Text(text.to_string()),
        Some(Cell::Bool(value)) => Comparable::Bool(*value),
        Some(Cell::Number(number)) => number.as_f64().map_or(Comparable::Empty, Comparable::Number),
        Some(Cell::Instant(instant)) => Comparable::Instant(*instant),
        Some(Cell::Record(_, id) | Cell::User(id) | Cell::Pipeline(id)) => Comparable::Id(*id),
        Some(Cell::List(values)) => Comparable::List(values.to_vec()),
    }
}

/// Whether a record fulfils a condition; `of` gives the value of a column.
pub(super) fn fulfils(condition: &Condition, of: &impl Fn(&Column) -> Comparable) -> bool {
    match condition {
        Condition::All(one, other) => fulfils(one, of) && fulfils(other, of),
        Condition::Any(one, other) => fulfils(one, of) || fulfils(other, of),
        Condition::Empty(column, is_empty) => (of(column) == Comparable::Empty) == *is_empty,
        Condition::OneOf(column, values, wanted) => {
            let value = of(column);
            value != Comparable::Empty && values.iter().any(|literal| equals(&value, literal)) == *wanted
        }
        Condition::Between(column, low, high, wanted) => {
            let value = of(column);
            let above = compare(&value, low).is_some_and(Ordering::is_ge);
            let below = compare(&value, high).is_some_and(Ordering::is_le);
            value != Comparable::Empty && (above && below) == *wanted
        }
        Condition::Compare(column, operator, literal) => {
            let value = of(column);
            let order = || compare(&value, literal);
            match operator {
                Operator::Equal => equals(&value, literal),
                Operator::NotEqual => !equals(&value, literal),
                Operator::Less => order() == Some(Ordering::Less),
                Operator::LessEqual => order().is_some_and(Ordering::is_le),
                Operator::Greater => order() == Some(Ordering::Greater),
                Operator::GreaterEqual => order().is_some_and(Ordering::is_ge),
                Operator::Like => like(&value, literal),
                Operator::NotLike => value != Comparable::Empty && !like(&value, literal),
            }
        }
    }
}

fn equals(value: &Comparable, literal: &Literal) -> bool {
    match (value, literal) {
        (Comparable::Empty, Literal::Null) => true,
        (Comparable::List(values), Literal::Text(text)) => values.iter().any(|one| one.eq_ignore_ascii_case(text)),
        _ => compare(value, literal) == Some(Ordering::Equal),
    }
}

/// Letter case does not count in texts, as in the database behind Bigin.
fn compare(value: &Comparable, literal: &Literal) -> Option<Ordering> {
    match (value, literal) {
        (Comparable::Text(value), Literal::Text(text)) => Some(value.to_lowercase().cmp(&text.to_lowercase())),
        (Comparable::Text(value), literal) => value.parse::<f64>().ok()?.partial_cmp(&number(literal)?),
        (Comparable::Number(value), Literal::Text(text)) => value.partial_cmp(&text.parse().ok()?),
        (Comparable::Number(value), literal) => value.partial_cmp(&number(literal)?),
        (Comparable::Bool(value), Literal::Bool(other)) => Some(value.cmp(other)),
        (Comparable::Bool(value), Literal::Text(text)) => Some(value.cmp(&text.parse().ok()?)),
        (Comparable::Instant(value), Literal::Text(text)) => Some(value.cmp(&text.parse().ok()?)),
        (Comparable::Id(value), Literal::Text(text)) => Some(value.cmp(&text.parse().ok()?)),
        (Comparable::Id(value), Literal::Whole(id)) => Some(value.cmp(id)),
        _ => None,
    }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "numbers of records are doubles; ids are compared as they are"
)]
fn number(literal: &Literal) -> Option<f64> {
    match literal {
        Literal::Number(number) => Some(*number),
        Literal::Whole(number) => Some(*number as f64),
        _ => None,
    }
}

/// `%` at either end stands for anything.
fn like(value: &Comparable, literal: &Literal) -> bool {
    let (Comparable::Text(value), Literal::Text(pattern)) = (value, literal) else {
        return false;
    };
    let (value, pattern) = (value.to_lowercase(), pattern.to_lowercase());
    let core = pattern.trim_matches('%');
    match (pattern.starts_with('%'), pattern.ends_with('%')) {
        (true, true) => value.contains(core),
        (true, false) => value.ends_with(core),
        (false, true) => value.starts_with(core),
        (false, false) => value == core,
    }
}

/// The order of two values of one column; empty ones come first.
pub(super) fn order(one: &Comparable, other: &Comparable) -> Ordering {
    match (one, other) {
        (Comparable::Empty, Comparable::Empty) => Ordering::Equal,
        (Comparable::Empty, _) => Ordering::Less,
        (_, Comparable::Empty) => Ordering::Greater,
        (Comparable::Text(one), Comparable::Text(other)) => one.to_lowercase().cmp(&other.to_lowercase()),
        (Comparable::Number(one), Comparable::Number(other)) => one.total_cmp(other),
        (Comparable::Bool(one), Comparable::Bool(other)) => one.cmp(other),
        (Comparable::Instant(one), Comparable::Instant(other)) => one.cmp(other),
        (Comparable::Id(one), Comparable::Id(other)) => one.cmp(other),
        _ => Ordering::Equal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Comparable {
        Comparable::Text(text.to_owned())
    }

    #[test]
    fn like_takes_the_wildcard_at_either_end() {
        let like = |value: &str, pattern: &str| super::like(&text(value), &Literal::Text(pattern.to_owned()));
        assert!(like("Roof Ltd", "roof%") && like("Roof Ltd", "%LTD") && like("Roof Ltd", "%of%"));
        assert!(!like("Roof Ltd", "of%") && !like("Roof Ltd", "Roof"));
    }

    #[test]
    fn an_instant_is_compared_as_an_instant_whatever_its_offset() {
        let value = Comparable::Instant("2026-10-09T19:09:22Z".parse().unwrap());
        assert!(equals(&value, &Literal::Text("2026-10-09T22:09:22+03:00".to_owned())));
    }
}
