//! `POST /upload`: a ZIP with one CSV, for a bulk write (contract, section 9).

use std::sync::Arc;

use super::archive::unpack;
use crate::answer::{Answer, Refusal};
use crate::clock::written;
use crate::http::Call;
use crate::jobs::Table;
use crate::jobs::Uploaded;
use crate::json::{Object, object};
use crate::records::Desk;

/// The largest CSV.
const LARGEST: usize = 25 << 20;

/// Takes a file in.
pub(crate) fn upload(desk: &mut Desk<'_>, call: &Call) -> Result<Answer, Refusal> {
    if let Some(missing) = missing_header(desk, call) {
        let refusal = Refusal::new(400, "INVALID_REQUEST", Object::new(), missing);
        return Ok(Answer::from(refusal).with_header("x-error", missing));
    }
    let file = call.file("file");
    let file = file.ok_or_else(|| {
        let details = object! {"api_name" => "file"};
        Refusal::new(400, "MANDATORY_NOT_FOUND", details, "required field not found")
    })?;
    let read = unpack(&file.bytes, LARGEST).filter(|inner| is_csv(&inner.name));
    let Some(inner) = read else {
        let message = "invalid file format. only zip format is supported";
        return Err(refused(desk, 400, "INVALID_FILE_FORMAT", message));
    };
    if file.bytes.len() > LARGEST || inner.bytes.len() > LARGEST {
        return Err(refused(desk, 413, "FILE_TOO_LARGE", "the file is too large"));
    }
    let Some(table) = Table::read(&inner.bytes) else {
        let message = "invalid file format. only zip format is supported";
        return Err(refused(desk, 400, "INVALID_FILE_FORMAT", message));
    };
    let id = desk.names.id();
    let uploaded = Uploaded {
        name: inner.name,
        table,
    };
    desk.organisation.bulk.files.insert(id, Arc::new(uploaded));
    let answer = object! {
        "status" => "success",
        "code" => "FILE_UPLOAD_SUCCESS",
        "message" => "file uploaded.",
        "details" => object! {"file_id" => id.to_string(), "created_time" => written(desk.now)},
    };
    Ok(Answer::json(200, answer))
}

fn is_csv(name: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("csv"))
}

/// What is wrong with the headers, if they are needed.
fn missing_header(desk: &Desk<'_>, call: &Call) -> Option<&'static str> {
    if !desk.settings.upload_headers_needed {
        return None;
    }
    if call.header("feature") != Some("bulk-write") {
        return Some("the header feature is missing or wrong");
    }
    let zgid = desk.organisation.zgid.to_string();
    (call.header("x-crm-org") != Some(zgid.as_str())).then_some("the header X-CRM-ORG is missing or wrong")
}

/// Bigin's pages have these errors under 200.
fn refused(desk: &Desk<'_>, status: u16, code: &'static str, message: &'static str) -> Refusal {
    let status = if desk.settings.upload_errors_are_200 {
        200
    } else {
        status
    };
    Refusal::new(status, code, Object::new(), message)
}
