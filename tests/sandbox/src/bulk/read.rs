//! `POST /bulk/v2/read` and `GET /bulk/v2/read/{job}` (contract, section 10).

use jiff::Timestamp;

use super::write::{by_id_first, unknown};
use crate::accounts::Bearer;
use crate::accounts::scope::{Need, Op};
use crate::answer::{Answer, Refusal};
use crate::clock::written;
use crate::coql;
use crate::http::Call;
use crate::jobs::row;
use crate::jobs::{Column, ReadRequest};
use crate::jobs::{Job, Read, Stage};
use crate::json::{Json, Object, object};
use crate::organisation::Organisation;
use crate::records::{Desk, field_json};
use crate::store::{Cell, Record};

/// The most records in one file.
const A_PAGE: usize = 200_000;

/// Makes a job.
pub(crate) fn create(desk: &mut Desk<'_>, call: &Call, bearer: &Bearer) -> Result<Answer, Refusal> {
    let is_json = |kind: &str| kind.to_ascii_lowercase().starts_with("application/json");
    if !call.header("content-type").is_some_and(is_json) {
        let message = "the media type is not supported";
        return Err(Refusal::new(415, "MEDIA_TYPE_NOT_SUPPORTED", Object::new(), message));
    }
    let invalid = || Refusal::invalid_data(object! {"expected_data_type" => "jsonobject"}, "body");
    let body = call.json().filter(|body| body.is_object()).ok_or_else(invalid)?;
    let module = ReadRequest::module(body, desk.settings)?;
    Need::records(module.api_name(), Op::Read).demand(&bearer.scopes)?;
    if body.get("file_type").is_some_and(|kind| kind != "csv") {
        let details = object! {"api_name" => "file_type", "supported_values" => vec!["csv"]};
        return Err(Refusal::invalid_data(details, "invalid data"));
    }
    let request = ReadRequest::read(body, module, &|module| desk.organisation.schema(module), desk.settings)?;
    let (ids, more) = chosen(desk.organisation, &request);
    let mut csv = Vec::new();
    let names = request.columns.iter().map(|(name, _)| name.clone());
    row(
        &mut csv,
        &std::iter::once("id".to_owned()).chain(names).collect::<Vec<_>>(),
    );
    let work = Read {
        request,
        ids,
        more,
        done: 0,
        count: 0,
        csv,
    };
    let fault = desk.spoilt.job.take().unwrap_or_default();
    let job = Job::new(desk.now, desk.user, desk.settings.bulk_read_s, fault, work);
    let id = desk.names.id();
    let details = object! {
        "id" => id.to_string(),
        "operation" => "read",
        "state" => "ADDED",
        "created_by" => by_id_first(desk.organisation, desk.user),
        "created_time" => written(desk.now),
    };
    desk.organisation.bulk.reads.insert(id, job);
    let result = object! {
        "status" => "success",
        "code" => "ADDED_SUCCESSFULLY",
        "message" => "Added successfully.",
        "details" => details,
    };
    Ok(Answer::json(
        201,
        object! {"data" => vec![result], "info" => Object::new()},
    ))
}

/// The records of the page, by ascending id, and whether there are more behind it.
fn chosen(organisation: &Organisation, request: &ReadRequest) -> (Vec<u64>, bool) {
    let store = organisation.store(request.module);
    let fits = |record: &&Record| {
        !organisation.limits.hides(record.id)
            && request
                .condition
                .as_ref()
                .is_none_or(|condition| coql::fits(organisation, request.module, record, condition))
    };
    let mut rest = store
        .iter()
        .filter(fits)
        .skip((request.page - 1).saturating_mul(A_PAGE));
    let ids = rest.by_ref().take(A_PAGE).map(|record| record.id).collect();
    (ids, rest.next().is_some())
}

/// Tells how far a job has come.
pub(crate) fn poll(desk: &Desk<'_>, id: &str) -> Result<Answer, Refusal> {
    let id = id.parse().map_err(|_| unknown())?;
    let job = desk.organisation.bulk.reads.get(&id).ok_or_else(unknown)?;
    Ok(Answer::json(200, describe(desk.organisation, id, job, desk.now)))
}

/// A job as the poll and the callback show it.
pub(super) fn describe(organisation: &Organisation, id: u64, job: &Job<Read>, now: Timestamp) -> Object {
    let state = match job.stage(now) {
        Stage::Added => "ADDED",
        Stage::Queued => "QUEUED",
        Stage::InProgress => "IN PROGRESS",
        Stage::Completed => "COMPLETED",
        Stage::Failed => "FAILURE",
    };
    let request = &job.work.request;
    let mut described = object! {
        "id" => id.to_string(),
        "operation" => "read",
        "state" => state,
        "query" => Json::from(request.body["query"].clone()),
    };
    if job.result.is_some() {
        let result = object! {
            "page" => request.page,
            "per_page" => A_PAGE,
            "count" => job.work.count,
            "download_url" => format!("/bigin/bulk/v2/read/{id}/result"),
            "more_records" => job.work.more,
        };
        described.push("result", result);
    }
    described.push("created_by", by_id_first(organisation, job.created_by));
    described.push("created_time", written(job.created));
    described.push("file_type", "csv");
    object! {"data" => vec![described]}
}

/// A record as a row: its id, then its columns. What points to something gives its id.
pub(super) fn cells(organisation: &Organisation, request: &ReadRequest, record: &Record) -> Vec<String> {
    let schema = organisation.schema(request.module);
    let mut cells = vec![record.id.to_string()];
    for (_, column) in &request.columns {
        let json = match column {
            Column::Field(place) => field_json(organisation, schema, record, *place),
            Column::OfLookup(place, module, inner) => match record.get(*place) {
                Some(Cell::Record(_, id)) => {
                    let target = organisation.store(*module).get(*id);
                    match (inner, target) {
                        (Some(inner), Some(target)) => {
                            field_json(organisation, organisation.schema(*module), target, *inner)
                        }
                        (None, Some(_)) => id.to_string().into(),
                        _ => Json::Null,
                    }
                }
                _ => Json::Null,
            },
            Column::OfUser(place, part) => match field_json(organisation, schema, record, *place) {
                Json::Object(user) => of_user(organisation, &user, part),
                _ => Json::Null,
            },
        };
        cells.push(text(&json));
    }
    cells
}

fn of_user(organisation: &Organisation, user: &Object, part: &str) -> Json {
    let Some(Json::Text(id)) = user.get("id") else {
        return Json::Null;
    };
    let user = id.parse().ok().and_then(|id| organisation.user(id));
    user.and_then(|user| user.describe().get(part).cloned())
        .unwrap_or(Json::Null)
}

fn text(json: &Json) -> String {
    match json {
        Json::Null => String::new(),
        Json::Text(text) => text.to_string(),
        Json::Object(object) => {
            let named = object.get("id").or_else(|| object.get("name"));
            named.map_or_else(|| json.to_text(), text)
        }
        Json::Array(values) => {
            let name = |value: &Json| match value {
                Json::Object(object) => object.get("name").map_or_else(|| value.to_text(), text),
                value => text(value),
            };
            values.iter().map(name).collect::<Vec<_>>().join(";")
        }
        Json::Bool(_) | Json::Number(_) => json.to_text(),
    }
}
