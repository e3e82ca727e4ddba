//! Results of jobs, for download.

use std::sync::Arc;

use super::write::unknown;
use crate::answer::{Answer, Body, Refusal};
use crate::api_answer::too_many;
use crate::records::Desk;

/// How many days the results of bulk writes and of bulk reads are kept.
const DAYS_OF_WRITES: i64 = 7;
const DAYS_OF_READS: i64 = 1;

/// The result of a bulk write.
pub(crate) fn write_result(desk: &Desk<'_>, id: &str) -> Result<Answer, Refusal> {
    let id: u64 = id.trim_end_matches(".zip").parse().map_err(|_| unknown())?;
    let job = desk.organisation.bulk.writes.get(&id).ok_or_else(unknown)?;
    let kept = job.result.as_ref().filter(|_| job.is_kept(desk.now, DAYS_OF_WRITES));
    kept.map(|archive| file(id, archive)).ok_or_else(unknown)
}

/// The result of a bulk read; ten in a minute.
pub(crate) fn read_result(desk: &mut Desk<'_>, id: &str) -> Result<Answer, Refusal> {
    let id: u64 = id.parse().map_err(|_| unknown())?;
    if !desk.organisation.bulk.may_download(desk.now) {
        return Ok(too_many(&desk.settings.throttle_code));
    }
    let job = desk.organisation.bulk.reads.get(&id).ok_or_else(unknown)?;
    let kept = job.result.as_ref().filter(|_| job.is_kept(desk.now, DAYS_OF_READS));
    kept.map(|archive| file(id, archive)).ok_or_else(unknown)
}

fn file(id: u64, archive: &Arc<[u8]>) -> Answer {
    let answer = Answer {
        status: 200,
        body: Body::Bytes("application/octet-stream", archive.to_vec()),
        headers: Vec::new(),
    };
    answer.with_header("content-disposition", format!("attachment; filename={id}.zip"))
}
