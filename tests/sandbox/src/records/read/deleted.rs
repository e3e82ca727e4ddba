//! `GET /{module}/deleted`.

use super::page::{modified_since, page, per_page};
use crate::answer::{Answer, Refusal};
use crate::clock::written;
use crate::http::Call;
use crate::json::{Json, Object, object};
use crate::metadata::ModuleName;
use crate::records::Desk;
use crate::store::Binned;
use crate::store::Deletion;

/// Deleted records, the latest first.
pub(crate) fn deleted(desk: &Desk<'_>, call: &Call, module: ModuleName) -> Result<Answer, Refusal> {
    let only = match call.query.get("type") {
        None | Some("all") => None,
        Some("recycle") => Some(Deletion::Recycle),
        Some("permanent") => Some(Deletion::Permanent),
        Some(_) => return Err(Refusal::invalid_param("type")),
    };
    let since = modified_since(call, desk.settings.deleted_if_modified_since)?;
    let (per_page, page) = (per_page(call)?, page(call)?);
    let skip = (page - 1).saturating_mul(per_page);
    if let Some(reach) = desk.settings.deleted_reach
        && skip.saturating_add(per_page) > reach.max(per_page)
    {
        return Err(Refusal::beyond_pages(reach));
    }
    let bin = desk.organisation.store(module).bin.latest_first(desk.now);
    let mut wanted = bin
        .take_while(|(binned, _)| since.is_none_or(|since| binned.at > since))
        .filter(|(_, deletion)| only.is_none_or(|only| only == *deletion));
    let shown: Vec<_> = wanted
        .by_ref()
        .skip(skip)
        .take(per_page)
        .map(|(binned, deletion)| describe(desk, binned, deletion))
        .collect();
    if shown.is_empty() {
        return Ok(if since.is_some() {
            Answer::empty(304)
        } else {
            Answer::nothing()
        });
    }
    let info = object! {
        "per_page" => per_page,
        "count" => shown.len(),
        "page" => page,
        "more_records" => wanted.next().is_some(),
    };
    Ok(Answer::json(200, object! {"data" => shown, "info" => info}))
}

/// Who deleted and made it, and its name, are known as long as it is in the bin.
fn describe(desk: &Desk<'_>, binned: &Binned, deletion: Deletion) -> Object {
    let in_bin = deletion == Deletion::Recycle;
    let user = |id| -> Json {
        let user = desk.organisation.user(id).filter(|_| in_bin);
        user.map(crate::organisation::User::short).into()
    };
    object! {
        "deleted_by" => user(binned.deleted_by),
        "id" => binned.record.id.to_string(),
        "display_name" => Some(binned.name.clone()).filter(|_| in_bin),
        "type" => if in_bin { "recycle" } else { "permanent" },
        "created_by" => user(binned.record.created.by),
        "deleted_time" => written(binned.at),
    }
}
