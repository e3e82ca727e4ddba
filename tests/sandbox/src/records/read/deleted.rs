//! `GET /{module}/deleted`.

use jiff::SignedDuration;

use super::page::{page, per_page};
use crate::answer::{Answer, Refusal};
use crate::clock::written;
use crate::http::Call;
use crate::json::{Json, Object, object};
use crate::metadata::ModuleName;
use crate::records::Desk;
use crate::records::store::Binned;

/// How long a record stays in the recycle bin, and how long it is known that there was one.
const IN_THE_BIN: SignedDuration = SignedDuration::from_hours(60 * 24);
const REMEMBERED: SignedDuration = SignedDuration::from_hours(120 * 24);

/// Deleted records, the latest first.
pub(crate) fn deleted(desk: &Desk<'_>, call: &Call, module: ModuleName) -> Result<Answer, Refusal> {
    let (recycle, permanent) = match call.query.get("type") {
        None | Some("all") => (true, true),
        Some("recycle") => (true, false),
        Some("permanent") => (false, true),
        Some(_) => return Err(Refusal::invalid_param("type")),
    };
    let (per_page, page) = (per_page(call)?, page(call)?);
    let bin = desk.organisation.store(module).bin.iter().rev();
    let mut wanted = bin.filter_map(|binned| {
        let age = desk.now.duration_since(binned.at);
        let is_permanent = age >= IN_THE_BIN;
        let is_wanted = if is_permanent { permanent } else { recycle };
        (is_wanted && age < REMEMBERED).then(|| describe(desk, binned, is_permanent))
    });
    let shown: Vec<_> = wanted
        .by_ref()
        .skip((page - 1).saturating_mul(per_page))
        .take(per_page)
        .collect();
    if shown.is_empty() {
        return Ok(Answer::nothing());
    }
    let info = object! {
        "per_page" => per_page,
        "count" => shown.len(),
        "page" => page,
        "more_records" => wanted.next().is_some(),
    };
    Ok(Answer::json(200, object! {"data" => shown, "info" => info}))
}

fn describe(desk: &Desk<'_>, binned: &Binned, is_permanent: bool) -> Object {
    let user = |id| -> Json {
        let user = desk.organisation.user(id).filter(|_| !is_permanent);
        user.map(crate::organisation::User::short).into()
    };
    object! {
        "deleted_by" => user(binned.deleted_by),
        "id" => binned.id.to_string(),
        "display_name" => Some(binned.name.clone()).filter(|_| !is_permanent),
        "type" => if is_permanent { "permanent" } else { "recycle" },
        "created_by" => user(binned.created_by),
        "deleted_time" => written(binned.at),
    }
}
