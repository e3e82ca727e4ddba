//! What jobs do as time passes: some rows at a time as long as they may take, all that is left when their time has come.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::archive::pack;
use super::read::cells;
use super::row::{element, errors};
use super::write::describe;
use crate::fault::Fault;
use crate::faults::Spoilt;
use crate::jobs::row;
use crate::jobs::{Job, Progress, Read, Write};
use crate::jobs::{Operation, Target};
use crate::json::{Json, Object, object};
use crate::records::{Desk, write};
use crate::state::State;

/// How many rows of a job are done at once when its time has come: a file of many thousands is a few looks late rather
/// than everybody else's calls.
const ROWS_WHEN_DUE: usize = 5_000;

/// Goes on with the jobs of an organisation, with so many rows of each that is not due yet.
pub(crate) fn work(state: &mut State, place: usize, now: Timestamp, rows: usize) {
    let writes: Vec<u64> = state.organisations[place].bulk.writes.keys().copied().collect();
    for id in writes {
        let bulk = &mut state.organisations[place].bulk;
        let is_idle = |job: &mut Job<Write>| job.has_ended || job.starts() > now;
        if bulk.writes.get_mut(&id).is_none_or(is_idle) {
            continue;
        }
        if let Some(mut job) = bulk.writes.remove(&id) {
            write_on(state, place, id, &mut job, now, rows);
            state.organisations[place].bulk.writes.insert(id, job);
        }
    }
    let reads: Vec<u64> = state.organisations[place].bulk.reads.keys().copied().collect();
    for id in reads {
        let bulk = &mut state.organisations[place].bulk;
        let is_idle = |job: &mut Job<Read>| job.has_ended || job.starts() > now;
        if bulk.reads.get_mut(&id).is_none_or(is_idle) {
            continue;
        }
        if let Some(mut job) = bulk.reads.remove(&id) {
            read_on(state, place, id, &mut job, now, rows);
            state.organisations[place].bulk.reads.insert(id, job);
        }
    }
}

fn write_on(state: &mut State, place: usize, id: u64, job: &mut Job<Write>, now: Timestamp, rows: usize) {
    let is_due = job.due() <= now;
    let at = now.min(job.due());
    if !job.fault.fails {
        let mut spoilt = Spoilt::default();
        let Some(mut desk) = state.desk(place, job.created_by, at, &mut spoilt) else {
            return;
        };
        desk.quiet = !desk.settings.bulk_runs_automation;
        let mut left = if is_due { ROWS_WHEN_DUE } else { rows };
        while left > 0 && !job.work.is_done() {
            write_row(&mut desk, job);
            left -= 1;
        }
    }
    if !is_due || job.is_at_work() {
        return;
    }
    job.has_ended = true;
    if !job.fault.fails {
        let archive = pack(&format!("{id}.csv"), &std::mem::take(&mut job.work.csv));
        job.result = Some(Arc::from(archive));
    }
    let organisation = &state.organisations[place];
    let body = describe(organisation, &state.settings, id, job, now, None);
    call_back(state, &job.work.request.body, body);
}

/// What becomes of a row.
enum Ending {
    Added(u64),
    Updated(u64),
    Skipped(String),
    Unprocessed,
}

fn write_row(desk: &mut Desk<'_>, job: &mut Job<Write>) {
    let number = job.work.done;
    job.work.done += 1;
    let file = Arc::clone(&job.work.file);
    let cells = &file.table.rows[number];
    let is_nth = |every: Option<usize>| every.is_some_and(|every| (number + 1).is_multiple_of(every.max(1)));
    let ending = if is_nth(job.fault.unprocessed_every) {
        Ending::Unprocessed
    } else if job.fault.skips_all {
        Ending::Skipped(job.fault.code.clone().unwrap_or_else(|| "CANNOT_PROCESS".to_owned()))
    } else {
        match written(desk, &job.work, cells) {
            Ok(ending) => ending,
            Err(fault) => Ending::Skipped(errors(&fault)),
        }
    };
    let module = job.work.request.module;
    let (status, id, errors) = match ending {
        Ending::Added(id) => {
            job.work.added += 1;
            ("added", id.to_string(), String::new())
        }
        Ending::Updated(id) => {
            job.work.updated += 1;
            ("updated", id.to_string(), String::new())
        }
        Ending::Skipped(errors) => {
            job.work.skipped += 1;
            desk.organisation.store_mut(module).written.rejected += 1;
            ("skipped", String::new(), errors)
        }
        Ending::Unprocessed => ("unprocessed", String::new(), String::new()),
    };
    if is_nth(job.fault.missing_every) {
        return;
    }
    let shown = job.work.request.shown();
    let mut line: Vec<_> = shown
        .iter()
        .map(|at| cells.get(*at).cloned().unwrap_or_default())
        .collect();
    line.extend([status.to_owned(), id, errors]);
    row(&mut job.work.csv, &line);
}

fn written(desk: &mut Desk<'_>, work: &Write, cells: &[String]) -> Result<Ending, Fault> {
    let request = &work.request;
    let module = request.module;
    let mut element = element(desk.organisation, desk.organisation.schema(module), request, cells)?;
    let found = request.find_by.map(|target| find(desk, work, target, &element));
    element.remove("id");
    match (request.operation, found) {
        (Operation::Update | Operation::Upsert, Some(Ok(id))) => {
            write::update_one(desk, module, 0, id, &element, None)?;
            Ok(Ending::Updated(id))
        }
        (Operation::Update, Some(Err(fault))) => Err(fault),
        _ => Ok(Ending::Added(write::insert_one(desk, module, 0, &element)?)),
    }
}

/// The record that a row means.
fn find(desk: &Desk<'_>, work: &Write, target: Target, element: &Map<String, Value>) -> Result<u64, Fault> {
    let store = desk.organisation.store(work.request.module);
    let (name, found) = match target {
        Target::Id => {
            let id = element.get("id").and_then(write::id);
            ("id", id.filter(|id| store.contains(*id)))
        }
        Target::Field(place) => {
            let name = desk.fields(work.request.module)[place].api_name;
            let value = element.get(name).and_then(Value::as_str);
            (name, value.and_then(|value| store.holder(place, value)))
        }
    };
    let details = object! {"json_path" => format!("$.data[0].{name}")};
    found.ok_or_else(|| Fault::new("RESOURCE_NOT_FOUND", details, ""))
}

fn read_on(state: &mut State, place: usize, id: u64, job: &mut Job<Read>, now: Timestamp, rows: usize) {
    let is_due = job.due() <= now;
    let organisation = &state.organisations[place];
    let store = organisation.store(job.work.request.module);
    let mut left = if is_due { ROWS_WHEN_DUE } else { rows };
    while left > 0 && !job.fault.fails && !job.work.is_done() {
        let record = store.get(job.work.ids[job.work.done]);
        job.work.done += 1;
        left -= 1;
        // What was deleted in the meantime is not in the file.
        if let Some(record) = record {
            row(&mut job.work.csv, &cells(organisation, &job.work.request, record));
            job.work.count += 1;
        }
    }
    if !is_due || job.is_at_work() {
        return;
    }
    job.has_ended = true;
    if !job.fault.fails {
        let archive = pack(&format!("{id}.csv"), &std::mem::take(&mut job.work.csv));
        job.result = Some(Arc::from(archive));
    }
    let body = super::read::describe(organisation, id, job, now);
    let request = job.work.request.body.clone();
    call_back(state, &request, body);
}

/// Tells the address that the request names, if it names one.
fn call_back(state: &mut State, request: &Value, body: Object) {
    if let Some(url) = request.pointer("/callback/url").and_then(Value::as_str) {
        let body = serde_json::from_str(&Json::from(body).to_text()).unwrap_or_default();
        state.outbox.call_back(url.to_owned(), body);
    }
}
