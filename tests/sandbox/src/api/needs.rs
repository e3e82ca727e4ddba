//! What a call needs in scopes, and what it costs in credits (contract, sections 3 and 12).

use crate::accounts::scope::{Need, Op};
use crate::calls::Route;
use crate::credits::for_records;
use crate::http::Call;
use crate::metadata::ModuleName;
use crate::records::{tags, write};

/// The scopes that a call needs, all of them.
pub(super) fn needs(route: &Route<'_>) -> Vec<Need> {
    let records = |module: ModuleName, op| Need::records(module.api_name(), op);
    let notes = |op| Need::records(ModuleName::Notes.api_name(), op);
    match route {
        Route::Organisation => vec![Need::family("org", Op::Read)],
        Route::Users | Route::User(_) => vec![Need::family("users", Op::Read)],
        Route::Modules | Route::Module(_) => vec![Need::settings("modules", Op::Read)],
        Route::Fields => vec![Need::settings("fields", Op::Read)],
        Route::Layouts => vec![Need::settings("layouts", Op::Read)],
        Route::Tags => vec![Need::settings("tags", Op::Read)],
        Route::CreateTags => vec![Need::settings("tags", Op::Create)],
        // The module's own scope is asked for once the query says which module it is.
        Route::Coql => vec![Need::family("coql", Op::Read)],
        Route::Watches => vec![Need::family("notifications", Op::Read)],
        Route::Watch => vec![Need::family("notifications", Op::Create)],
        Route::ChangeWatch { .. } => vec![Need::family("notifications", Op::Update)],
        Route::Unwatch => vec![Need::family("notifications", Op::Delete)],
        Route::Upload => vec![Need::upload()],
        // The module's own scope is asked for once the body says which module it is.
        Route::CreateBulkWrite => vec![Need::family("bulk", Op::Create)],
        Route::CreateBulkRead => vec![Need::bulk_read()],
        Route::BulkWrite(_) | Route::BulkWriteResult(_) | Route::BulkRead(_) | Route::BulkReadResult(_) => {
            vec![Need::bulk_read()]
        }
        Route::List(module) | Route::One(module, _) | Route::Deleted(module) | Route::Count(module) => {
            vec![records(*module, Op::Read)]
        }
        Route::Search(module) => vec![
            records(*module, Op::Read),
            Need::exactly("ZohoSearch.securesearch.READ"),
        ],
        Route::Insert(module) => vec![records(*module, Op::Create)],
        Route::Upsert(module) => vec![records(*module, Op::Upsert)],
        Route::UpdateMany(module)
        | Route::Update(module, _)
        | Route::ChangeTags { module, .. }
        | Route::Link(module, ..) => {
            vec![records(*module, Op::Update)]
        }
        Route::DeleteMany(module) | Route::Delete(module, _) | Route::Unlink(module, ..) => {
            vec![records(*module, Op::Delete)]
        }
        Route::Related(module, _, other) => vec![records(*module, Op::Read), records(*other, Op::Read)],
        Route::InsertNotes(module, _) => vec![records(*module, Op::Create), notes(Op::Create)],
        Route::UpdateNote(_) => vec![notes(Op::Update)],
        Route::DeleteNote(_) => vec![notes(Op::Delete)],
    }
}

/// What a call costs.
pub(super) fn cost(route: &Route<'_>, call: &Call) -> u64 {
    match route {
        Route::List(_) if call.query.get("cvid").is_some() => 3,
        Route::Insert(_) | Route::UpdateMany(_) | Route::Upsert(_) | Route::InsertNotes(..) => {
            for_records(write::count(call).min(write::MOST_RECORDS))
        }
        Route::CreateBulkRead => 50,
        Route::CreateBulkWrite => 500,
        Route::ChangeTags { id: None, .. } => for_records(tags::count(call)).min(10),
        _ => 1,
    }
}
