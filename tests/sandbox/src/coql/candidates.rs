//! Which records a query must look at: those that an index finds, where a condition names one, and no more. Without it a
//! question for one address, or for one page of a long list, would look at every record.

use std::collections::BTreeSet;
use std::ops::Bound;

use jiff::Timestamp;

use crate::metadata::{Kind, Schema, System};
use crate::query::{Column, Condition, Literal, Operator};
use crate::store::{Record, Store};

/// The records that can fulfil a condition, by ascending id: all that do, and others.
pub(super) fn candidates<'a>(
    condition: &Condition,
    schema: &Schema,
    store: &'a Store,
) -> Box<dyn Iterator<Item = &'a Record> + 'a> {
    let ids = ids(condition);
    if let Some(found) = by_unique(condition, schema, store) {
        return Box::new(found.into_iter().filter_map(|id| store.get(id)));
    }
    let (from, to) = times(condition, schema);
    let has_span = from != Bound::Unbounded || to != Bound::Unbounded;
    if let Some(found) = has_span.then(|| store.changed_within(from, to)).flatten() {
        return Box::new(found.into_iter().filter_map(|id| store.get(id)));
    }
    let (above, below) = ids;
    if above > below {
        return Box::new(std::iter::empty());
    }
    Box::new(store.range(above..=below))
}

/// Each condition that must hold, as far as they are joined by `and`.
fn each<'a>(condition: &'a Condition, visit: &mut impl FnMut(&'a Condition)) {
    if let Condition::All(one, other) = condition {
        each(one, visit);
        each(other, visit);
    } else {
        visit(condition);
    }
}

/// The records that have the values of a unique field.
fn by_unique(condition: &Condition, schema: &Schema, store: &Store) -> Option<BTreeSet<u64>> {
    let mut found = None;
    each(condition, &mut |condition| {
        let (column, literals) = match condition {
            Condition::Compare(column, Operator::Equal, literal) => (column, std::slice::from_ref(literal)),
            Condition::OneOf(column, literals, true) => (column, literals.as_slice()),
            _ => return,
        };
        let texts: Option<Vec<_>> = literals.iter().map(text).collect();
        let place = schema.by_name(&column.field).filter(|_| column.of_lookup.is_none());
        if found.is_none()
            && let (Some(texts), Some((place, _))) = (texts, place)
        {
            found = store.holders(place, &texts).map(|ids| ids.into_iter().collect());
        }
    });
    found
}

/// The least and the greatest id.
fn ids(condition: &Condition) -> (u64, u64) {
    let (mut least, mut greatest) = (u64::MIN, u64::MAX);
    each(condition, &mut |condition| {
        let Condition::Compare(column, operator, literal) = condition else {
            return;
        };
        let Some(id) = id(literal).filter(|_| is(column, "id")) else {
            return;
        };
        match operator {
            Operator::Equal => (least, greatest) = (least.max(id), greatest.min(id)),
            Operator::Greater => least = least.max(id.saturating_add(1)),
            Operator::GreaterEqual => least = least.max(id),
            Operator::Less => greatest = greatest.min(id.saturating_sub(1)),
            Operator::LessEqual => greatest = greatest.min(id),
            Operator::NotEqual | Operator::Like | Operator::NotLike => {}
        }
    });
    (least, greatest)
}

/// The span that the last change must lie in; of several bounds on one side any will do.
fn times(condition: &Condition, schema: &Schema) -> (Bound<Timestamp>, Bound<Timestamp>) {
    let (mut from, mut to) = (Bound::Unbounded, Bound::Unbounded);
    let is_modified = |column: &Column| {
        let field = schema.by_name(&column.field).filter(|_| column.of_lookup.is_none());
        field.is_some_and(|(_, field)| field.kind == Kind::System(System::ModifiedTime))
    };
    let instant = |literal: &Literal| text(literal)?.parse::<Timestamp>().ok();
    each(condition, &mut |condition| match condition {
        Condition::Compare(column, operator, literal) if is_modified(column) => {
            let Some(at) = instant(literal) else { return };
            match operator {
                Operator::Equal => (from, to) = (Bound::Included(at), Bound::Included(at)),
                Operator::Greater => from = Bound::Excluded(at),
                Operator::GreaterEqual => from = Bound::Included(at),
                Operator::Less => to = Bound::Excluded(at),
                Operator::LessEqual => to = Bound::Included(at),
                Operator::NotEqual | Operator::Like | Operator::NotLike => {}
            }
        }
        Condition::Between(column, low, high, true) if is_modified(column) => {
            if let (Some(low), Some(high)) = (instant(low), instant(high)) {
                (from, to) = (Bound::Included(low), Bound::Included(high));
            }
        }
        _ => {}
    });
    (from, to)
}

fn is(column: &Column, name: &str) -> bool {
    column.field == name && column.of_lookup.is_none()
}

fn text(literal: &Literal) -> Option<&str> {
    match literal {
        Literal::Text(text) => Some(text),
        _ => None,
    }
}

fn id(literal: &Literal) -> Option<u64> {
    match literal {
        Literal::Text(text) => text.parse().ok(),
        Literal::Whole(id) => Some(*id),
        _ => None,
    }
}
