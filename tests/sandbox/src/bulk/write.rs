//! `POST /bulk/v2/write` and `GET /bulk/v2/write/{job}` (contract, section 9).

use std::sync::Arc;

use serde_json::Value;

use crate::accounts::Bearer;
use crate::accounts::scope::{Need, Op};
use crate::answer::{Answer, Refusal};
use crate::clock::written;
use crate::http::Call;
use crate::jobs::row;
use crate::jobs::{Job, Stage, Write};
use crate::jobs::{Operation, WriteRequest, invalid_file};
use crate::json::{Json, Object, object};
use crate::organisation::Organisation;
use crate::records::Desk;
use crate::settings::{DownloadUrl, Settings};

/// Makes a job.
pub(crate) fn create(desk: &mut Desk<'_>, call: &Call, bearer: &Bearer) -> Result<Answer, Refusal> {
    let invalid = || Refusal::invalid_data(object! {"expected_data_type" => "jsonobject"}, "body");
    let body = call.json().filter(|body| body.is_object()).ok_or_else(invalid)?;
    let module = WriteRequest::module(body, desk.settings)?;
    let id = WriteRequest::file_id(body)?;
    let file = desk.organisation.bulk.files.get(&id).map(Arc::clone);
    let file = file.ok_or_else(invalid_file)?;
    let schema = desk.organisation.schema(module);
    let request = WriteRequest::read(body, module, schema, &file, desk.settings)?;
    let op = match request.operation {
        Operation::Insert => Op::Create,
        Operation::Update => Op::Update,
        Operation::Upsert => Op::Upsert,
    };
    Need::records(module.api_name(), op).demand(&bearer.scopes)?;
    let mut csv = Vec::new();
    let mut header: Vec<_> = request
        .shown()
        .iter()
        .map(|at| file.table.header[*at].clone())
        .collect();
    header.extend(["STATUS", "RECORD_ID", "ERRORS"].map(str::to_owned));
    row(&mut csv, &header);
    let work = Write {
        request,
        file,
        done: 0,
        added: 0,
        updated: 0,
        skipped: 0,
        csv,
    };
    let fault = desk.spoilt.job.take().unwrap_or_default();
    let job = Job::new(desk.now, desk.user, desk.settings.bulk_write_s, fault, work);
    let id = desk.names.id();
    desk.organisation.bulk.writes.insert(id, job);
    let details = object! {"id" => id.to_string(), "created_by" => by_id_first(desk.organisation, desk.user)};
    let answer = object! {"status" => "success", "code" => "SUCCESS", "message" => "success", "details" => details};
    Ok(Answer::json(201, answer))
}

/// Tells how far a job has come.
pub(crate) fn poll(desk: &Desk<'_>, call: &Call, id: &str) -> Result<Answer, Refusal> {
    let id = id.parse().map_err(|_| unknown())?;
    let job = desk.organisation.bulk.writes.get(&id).ok_or_else(unknown)?;
    let origin = call.host().map(|host| format!("http://{host}"));
    let described = describe(desk.organisation, desk.settings, id, job, desk.now, origin.as_deref());
    Ok(Answer::json(200, described))
}

pub(super) fn unknown() -> Refusal {
    Refusal::new(404, "RESOURCE_NOT_FOUND", Object::new(), "the job is not there")
}

/// Jobs name a user with the id in front.
pub(super) fn by_id_first(organisation: &Organisation, user: u64) -> Object {
    let name = organisation.user(user).map(|user| user.name);
    object! {"id" => user.to_string(), "name" => name}
}

/// A job as the poll and the callback show it.
pub(super) fn describe(
    organisation: &Organisation,
    settings: &Settings,
    id: u64,
    job: &Job<Write>,
    now: jiff::Timestamp,
    origin: Option<&str>,
) -> Object {
    let state = match job.stage(now) {
        Stage::Added | Stage::Queued => "ADDED".to_owned(),
        Stage::InProgress => settings.bulk_in_progress.clone(),
        Stage::Completed => "COMPLETED".to_owned(),
        Stage::Failed => "FAILED".to_owned(),
    };
    let part = |name: &str| Json::from(job.work.request.body[name].clone());
    let sent = &job.work.request.body["resource"][0];
    let ended = job.has_ended;
    let count = |number: usize| if ended { number } else { 0 };
    let code = job.fault.code.clone().filter(|_| job.fault.fails && ended);
    let file = object! {
        "status" => state.clone(),
        "name" => job.work.file.name.clone(),
        "added_count" => count(job.work.added),
        "skipped_count" => count(job.work.skipped),
        "updated_count" => count(job.work.updated),
        "total_count" => count(job.work.file.table.rows.len()),
    };
    let resource = object! {
        "status" => state.clone(),
        "type" => "data",
        "module" => Json::from(sent["module"].clone()),
        "code" => code,
        "field_mappings" => Json::from(sent["field_mappings"].clone()),
        "file" => file,
    };
    let mut described = object! {
        "status" => state,
        "character_encoding" => Json::from(character_encoding(&job.work.request.body)),
        "resource" => vec![resource],
        "id" => id.to_string(),
    };
    if job.result.is_some() {
        let url = download_url(organisation, settings, id, origin);
        described.push("result", object! {"download_url" => url});
    }
    described.push("created_by", by_id_first(organisation, job.created_by));
    described.push("operation", part("operation"));
    described.push("created_time", written(job.created));
    if job.work.request.body.get("callback").is_some() {
        described.push("callback", part("callback"));
    }
    described
}

fn character_encoding(body: &Value) -> Value {
    body.get("character_encoding")
        .cloned()
        .unwrap_or_else(|| "UTF-8".into())
}

/// Where the result is: a path, an address of the API's own host, or one of the host for downloads.
fn download_url(organisation: &Organisation, settings: &Settings, id: u64, origin: Option<&str>) -> String {
    let path = format!("/v2/crm/{}/bulk-write/{id}/{id}.zip", organisation.zgid);
    match settings.bulk_download_url {
        DownloadUrl::Relative => path,
        DownloadUrl::Absolute => format!("{}{path}", origin.unwrap_or_default()),
        DownloadUrl::Other => format!("{}{path}", settings.bulk_download_origin),
    }
}
