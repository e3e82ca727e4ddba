//! `GET /{module}`: pages by number for the first 2,000 records, by token beyond.

use std::ops::Bound;
use std::sync::Arc;

use jiff::Timestamp;

use super::page::{fields, ids, modified_since};
use super::place::Place;
use crate::answer::{Answer, Refusal};
use crate::clock::written;
use crate::http::Call;
use crate::json::object;
use crate::metadata::{Kind, ModuleName};
use crate::records::{Desk, render};
use crate::settings::PageTokenKind;
use crate::store::Start;
use crate::store::{Cell, Record, Store};

#[derive(Clone, Copy, PartialEq, Eq)]
enum SortBy {
    Id,
    Created,
    Modified,
}

/// Which records are listed, and in which order.
struct Choice {
    ids: Option<Vec<u64>>,
    since: Option<Timestamp>,
    /// A team pipeline, and the place of the field that holds it.
    pipeline: Option<(usize, Cell)>,
    sort_by: SortBy,
    descending: bool,
}

/// What a page shows, and where the next one begins.
struct Page<'a> {
    shown: Vec<&'a Record>,
    next: Option<Start>,
}

/// `GET /{module}`.
pub(crate) fn list(desk: &mut Desk<'_>, call: &Call, module: ModuleName) -> Result<Answer, Refusal> {
    let names = fields(call)?;
    let (choice, sort_name) = Choice::read(desk, call, module)?;
    let bound_to = (
        call.path.clone(),
        call.query.all_but(&["page", "page_token", "per_page"]),
    );
    let place = Place::read(desk, call, &bound_to)?;
    let Page { shown, next } = page(desk, module, &choice, &place);
    if shown.is_empty() {
        return Ok(if choice.since.is_some() {
            Answer::empty(304)
        } else {
            Answer::nothing()
        });
    }
    let organisation = &*desk.organisation;
    let schema = organisation.schema(module);
    let data: Vec<_> = shown
        .iter()
        .map(|record| render(organisation, schema, record, &names))
        .collect();
    let more = next.is_some();
    let (next, previous, expires) = match next {
        Some(next) => {
            let (token, expires) = place.next(desk, &bound_to, next);
            (Some(token), place.previous, Some(written(expires)))
        }
        None => (None, None, None),
    };
    let info = object! {
        "per_page" => place.per_page,
        "next_page_token" => next,
        "count" => data.len(),
        "sort_by" => sort_name,
        "page" => place.page,
        "previous_page_token" => previous,
        "page_token_expiry" => expires,
        "sort_order" => if choice.descending { "desc" } else { "asc" },
        "more_records" => more,
    };
    Ok(Answer::json(200, object! {"data" => data, "info" => info}))
}

impl Choice {
    fn read(desk: &Desk<'_>, call: &Call, module: ModuleName) -> Result<(Self, &'static str), Refusal> {
        let (sort_by, sort_name) = match call.query.get("sort_by") {
            None | Some("id") => (SortBy::Id, "id"),
            Some("Created_Time") => (SortBy::Created, "Created_Time"),
            Some("Modified_Time") => (SortBy::Modified, "Modified_Time"),
            Some(_) => return Err(Refusal::invalid_param("sort_by")),
        };
        let descending = match call.query.get("sort_order") {
            None | Some("desc") => true,
            Some("asc") => false,
            Some(_) => return Err(Refusal::invalid_param("sort_order")),
        };
        let pipeline = call.query.get("pipeline_id");
        let choice = Self {
            ids: ids(call, desk.settings.list_ids)?,
            since: modified_since(call, desk.settings.list_if_modified_since)?,
            pipeline: match pipeline.filter(|_| module == ModuleName::Pipelines) {
                Some(id) => {
                    let id = id.parse().map_err(|_| Refusal::invalid_param("pipeline_id"))?;
                    let is_pipeline = |field: &crate::metadata::Field| field.kind == Kind::TeamPipeline;
                    let place = desk.fields(module).iter().position(is_pipeline);
                    place.map(|place| (place, Cell::Pipeline(id)))
                }
                None => None,
            },
            sort_by,
            descending,
        };
        Ok((choice, sort_name))
    }

    fn key(&self, record: &Record) -> (i128, u64) {
        let key = match self.sort_by {
            SortBy::Id => 0,
            SortBy::Created => record.created.at.as_nanosecond(),
            SortBy::Modified => record.modified.at.as_nanosecond(),
        };
        (key, record.id)
    }

    /// The records behind a place, in the order of the list. Nothing is gone through that no page shows, where an index
    /// gives the order.
    fn records<'a>(
        &'a self,
        desk: &'a Desk<'_>,
        module: ModuleName,
        after: Option<(i128, u64)>,
    ) -> Box<dyn Iterator<Item = &'a Record> + 'a> {
        let store = desk.organisation.store(module);
        let limits = &desk.organisation.limits;
        let is_chosen = move |record: &&Record| {
            !limits.hides(record.id)
                && self.since.is_none_or(|since| record.modified.at > since)
                && self
                    .pipeline
                    .as_ref()
                    .is_none_or(|(place, wanted)| record.get(*place) == Some(wanted))
        };
        Box::new(self.candidates(store, after).filter(is_chosen))
    }

    fn candidates<'a>(
        &self,
        store: &'a Store,
        after: Option<(i128, u64)>,
    ) -> Box<dyn Iterator<Item = &'a Record> + 'a> {
        let few = self.ids.clone().or_else(|| {
            let since = self.since?;
            store.changed_within(Bound::Excluded(since), Bound::Unbounded)
        });
        match (few, self.sort_by) {
            (Some(ids), _) => self.in_order(ids.into_iter().filter_map(|id| store.get(id)).collect(), after),
            (None, SortBy::Created) => self.in_order(store.iter().collect(), after),
            (None, SortBy::Id) => {
                let id = after.map(|(_, id)| id);
                if self.descending {
                    Box::new(store.range((Bound::Unbounded, before(id))).rev())
                } else {
                    Box::new(store.range((before(id), Bound::Unbounded)))
                }
            }
            (None, SortBy::Modified) => {
                let at = after.map(|(key, id)| (Timestamp::from_nanosecond(key).unwrap_or_default(), id));
                if self.descending {
                    Box::new(store.by_time((Bound::Unbounded, before(at))).rev())
                } else {
                    Box::new(store.by_time((before(at), Bound::Unbounded)))
                }
            }
        }
    }

    fn in_order<'a>(
        &self,
        mut records: Vec<&'a Record>,
        after: Option<(i128, u64)>,
    ) -> Box<dyn Iterator<Item = &'a Record> + 'a> {
        records.sort_by_key(|record| self.key(record));
        if self.descending {
            records.reverse();
        }
        if let Some(after) = after {
            records.retain(|record| {
                let own = self.key(record);
                if self.descending { own < after } else { own > after }
            });
        }
        Box::new(records.into_iter())
    }
}

/// The bound of what lies behind a place, which itself does not; everything lies behind the beginning.
fn before<T>(place: Option<T>) -> Bound<T> {
    place.map_or(Bound::Unbounded, Bound::Excluded)
}

fn page<'a>(desk: &'a Desk<'_>, module: ModuleName, choice: &'a Choice, place: &Place) -> Page<'a> {
    let kind = desk.settings.page_tokens;
    if let Start::Snapshot(ids, done) = &place.start {
        return of_snapshot(desk, module, ids, *done, place.per_page);
    }
    if kind == PageTokenKind::Snapshot && place.is_first() {
        let ids: Arc<[u64]> = choice.records(desk, module, None).map(|record| record.id).collect();
        return of_snapshot(desk, module, &ids, 0, place.per_page);
    }
    let (after, skip) = match place.start {
        Start::After(after) => (after, 0),
        Start::Skip(skip) => (None, skip),
        Start::Snapshot(..) => (None, 0),
    };
    let mut rest = choice.records(desk, module, after).skip(skip);
    let shown: Vec<_> = rest.by_ref().take(place.per_page).collect();
    let next = rest.next().is_some().then(|| match kind {
        PageTokenKind::Offset => Start::Skip(place.page.saturating_mul(place.per_page)),
        PageTokenKind::Keyset | PageTokenKind::Snapshot => Start::After(shown.last().map(|record| choice.key(record))),
    });
    Page { shown, next }
}

/// Records of a snapshot that are gone since leave no gap.
fn of_snapshot<'a>(desk: &'a Desk<'_>, module: ModuleName, ids: &Arc<[u64]>, done: usize, per_page: usize) -> Page<'a> {
    let (store, limits) = (desk.organisation.store(module), &desk.organisation.limits);
    let mut rest = ids.iter().enumerate().skip(done).filter_map(|(at, id)| {
        let record = store.get(*id).filter(|record| !limits.hides(record.id));
        record.map(|record| (at, record))
    });
    let shown: Vec<_> = rest.by_ref().take(per_page).map(|(_, record)| record).collect();
    let next = rest.next().map(|(at, _)| Start::Snapshot(Arc::clone(ids), at));
    Page { shown, next }
}
