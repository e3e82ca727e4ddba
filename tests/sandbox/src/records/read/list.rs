//! `GET /{module}`: pages by number for the first 2,000 records, by token beyond.

use jiff::Timestamp;

use super::page::{fields, page, per_page};
use crate::answer::{Answer, Refusal};
use crate::clock::written;
use crate::http::Call;
use crate::json::object;
use crate::metadata::{Kind, ModuleName};
use crate::records::page_token::{Continuation, LIFE, Question};
use crate::records::{Cell, Desk, Record, render};

/// Records within reach of `page`, and of page tokens.
const REACH_OF_PAGES: usize = 2_000;
const REACH_OF_TOKENS: usize = 100_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum SortBy {
    Id,
    Created,
    Modified,
}

/// Where in the list the page begins.
struct Place {
    per_page: usize,
    page: usize,
    after: Option<(i128, u64)>,
    /// Records to leave out before the page, when it was asked for by number.
    skip: usize,
    previous: Option<String>,
    own_token: Option<String>,
}

/// `GET /{module}`.
pub(crate) fn list(desk: &mut Desk<'_>, call: &Call, module: ModuleName) -> Result<Answer, Refusal> {
    let names = fields(call)?;
    let (sort_by, sort_name) = sort_by(call)?;
    let descending = descending(call)?;
    let bound_to = (
        call.path.clone(),
        call.query.all_but(&["page", "page_token", "per_page"]),
    );
    let place = place(desk, call, &bound_to)?;
    let since = call
        .header("if-modified-since")
        .and_then(|since| since.parse::<Timestamp>().ok());
    let records = chosen(desk, call, module, since)?;
    let (shown, more) = cut(records, sort_by, descending, &place);
    if shown.is_empty() {
        return Ok(if since.is_some() {
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
    let last = shown.last().map(|record| (key(record, sort_by), record.id));
    let tokens = if more {
        next_token(desk, &bound_to, &place, last)
    } else {
        None
    };
    let (next, previous, expires) = match tokens {
        Some((next, expires)) => (Some(next), place.previous, Some(written(expires))),
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
        "sort_order" => if descending { "desc" } else { "asc" },
        "more_records" => more,
    };
    Ok(Answer::json(200, object! {"data" => data, "info" => info}))
}

fn sort_by(call: &Call) -> Result<(SortBy, &'static str), Refusal> {
    match call.query.get("sort_by") {
        None | Some("id") => Ok((SortBy::Id, "id")),
        Some("Created_Time") => Ok((SortBy::Created, "Created_Time")),
        Some("Modified_Time") => Ok((SortBy::Modified, "Modified_Time")),
        Some(_) => Err(Refusal::invalid_param("sort_by")),
    }
}

fn descending(call: &Call) -> Result<bool, Refusal> {
    match call.query.get("sort_order") {
        None | Some("desc") => Ok(true),
        Some("asc") => Ok(false),
        Some(_) => Err(Refusal::invalid_param("sort_order")),
    }
}

fn place(desk: &Desk<'_>, call: &Call, bound_to: &Question) -> Result<Place, Refusal> {
    let Some(token) = call.query.get("page_token") else {
        let (per_page, page) = (per_page(call)?, page(call)?);
        let skip = (page - 1).saturating_mul(per_page);
        if skip.saturating_add(per_page) > REACH_OF_PAGES.max(per_page) {
            let details = object! {"limit" => REACH_OF_PAGES, "param_name" => "page"};
            let message = "the records beyond the limit can only be fetched with a page_token";
            return Err(Refusal::new(
                400,
                "DISCRETE_PAGINATION_LIMIT_EXCEEDED",
                details,
                message,
            ));
        }
        return Ok(Place {
            per_page,
            page,
            after: None,
            skip,
            previous: None,
            own_token: None,
        });
    };
    if call.query.get("page").is_some() {
        let details = object! {"param_names" => vec!["page", "page_token"]};
        return Err(Refusal::new(
            400,
            "AMBIGUITY_DURING_PROCESSING",
            details,
            "page and page_token exclude each other",
        ));
    }
    let refused = |code, message| Err(Refusal::new(400, code, object! {"param_name" => "page_token"}, message));
    let Some(known) = desk.organisation.page_tokens.get(token) else {
        return Err(Refusal::invalid_param("page_token"));
    };
    if known.expires <= desk.now {
        return refused("EXPIRED_VALUE", "the page token has expired");
    }
    if known.bound_to != *bound_to || known.user != desk.user {
        return refused(
            "TOKEN_BOUND_DATA_MISMATCH",
            "the parameters differ from those the token was made for",
        );
    }
    if (known.page - 1) * known.per_page >= REACH_OF_TOKENS {
        return refused(
            "PAGINATION_LIMIT_EXCEEDED",
            "no more than 100,000 records can be fetched",
        );
    }
    // The token fixes the page's size, whatever the call says.
    let Continuation {
        per_page,
        page,
        after,
        previous,
        ..
    } = known.clone();
    Ok(Place {
        per_page,
        page,
        after,
        skip: 0,
        previous,
        own_token: Some(token.to_owned()),
    })
}

/// The records that the parameters choose, by ascending id.
fn chosen<'a>(
    desk: &'a Desk<'_>,
    call: &Call,
    module: ModuleName,
    since: Option<Timestamp>,
) -> Result<Vec<&'a Record>, Refusal> {
    let store = desk.organisation.store(module);
    let mut records: Vec<_> = match call.query.get("ids") {
        Some(ids) => {
            let mut ids: Vec<u64> = ids.split(',').filter_map(|id| id.trim().parse().ok()).collect();
            ids.sort_unstable();
            ids.dedup();
            ids.into_iter().filter_map(|id| store.get(id)).collect()
        }
        None => store.iter().collect(),
    };
    records.retain(|record| !desk.organisation.limits.hides(record.id));
    if let Some(since) = since {
        records.retain(|record| record.modified.at > since);
    }
    if let Some(pipeline) = call
        .query
        .get("pipeline_id")
        .filter(|_| module == ModuleName::Pipelines)
    {
        let id = pipeline.parse().map_err(|_| Refusal::invalid_param("pipeline_id"))?;
        let place = desk
            .fields(module)
            .iter()
            .position(|field| field.kind == Kind::TeamPipeline);
        let wanted = Cell::Pipeline(id);
        records.retain(|record| place.and_then(|place| record.get(place)) == Some(&wanted));
    }
    Ok(records)
}

fn key(record: &Record, sort_by: SortBy) -> i128 {
    match sort_by {
        SortBy::Id => 0,
        SortBy::Created => record.created.at.as_nanosecond(),
        SortBy::Modified => record.modified.at.as_nanosecond(),
    }
}

/// The page's records, and whether there are more.
fn cut<'a>(mut records: Vec<&'a Record>, sort_by: SortBy, descending: bool, place: &Place) -> (Vec<&'a Record>, bool) {
    if sort_by != SortBy::Id {
        records.sort_by_key(|record| (key(record, sort_by), record.id));
    }
    if descending {
        records.reverse();
    }
    let begin = match place.after {
        None => place.skip,
        Some(after) => records.partition_point(|record| {
            let own = (key(record, sort_by), record.id);
            if descending { own >= after } else { own <= after }
        }),
    };
    let mut rest = records.into_iter().skip(begin);
    let shown: Vec<_> = rest.by_ref().take(place.per_page).collect();
    (shown, rest.next().is_some())
}

fn next_token(
    desk: &mut Desk<'_>,
    bound_to: &Question,
    place: &Place,
    last: Option<(i128, u64)>,
) -> Option<(String, Timestamp)> {
    let expires = desk.now.checked_add(LIFE).ok()?;
    let continuation = |page, after, previous| Continuation {
        bound_to: bound_to.clone(),
        user: desk.user,
        per_page: place.per_page,
        page,
        after,
        previous,
        expires,
    };
    let tokens = &mut desk.organisation.page_tokens;
    // The first page was asked for without a token; the way back to it needs one.
    let own = match &place.own_token {
        Some(token) => Some(token.clone()),
        None if place.page == 1 => Some(tokens.keep(desk.names, desk.now, continuation(1, None, None))),
        None => None,
    };
    let next = tokens.keep(desk.names, desk.now, continuation(place.page + 1, last, own));
    Some((next, expires))
}
