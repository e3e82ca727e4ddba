//! Hands a call to the one who answers it.

use super::{metadata, people};
use crate::accounts::Bearer;
use crate::answer::{Answer, Refusal};
use crate::bulk;
use crate::calls::Route;
use crate::http::Call;
use crate::metadata::ModuleName;
use crate::records::{Desk, deleting, links, read, tags, write};
use crate::watch;

/// Answers a call.
pub(super) fn run(desk: &mut Desk<'_>, route: &Route<'_>, call: &Call, bearer: &Bearer) -> Result<Answer, Refusal> {
    match *route {
        Route::Organisation => Ok(people::organisation(desk)),
        Route::Users => people::users(desk, call),
        Route::User(id) => Ok(people::user(desk, id)),
        Route::Modules => Ok(metadata::modules()),
        Route::Module(module) => Ok(metadata::module(module)),
        Route::Fields => metadata::fields(desk, call),
        Route::Layouts => metadata::layouts(desk, call),
        Route::Tags => Ok(tags::list(desk, metadata::asked_module(call)?)),
        Route::CreateTags => tags::create(desk, call, metadata::asked_module(call)?),
        Route::Coql => crate::coql::serve(desk, call, bearer),
        Route::Watches => watch::list(desk, call),
        Route::Watch => watch::subscribe(desk, call),
        Route::ChangeWatch { by_parts } => watch::update(desk, call, by_parts),
        Route::Unwatch => watch::remove(desk, call),
        Route::Upload => bulk::upload(desk, call),
        Route::CreateBulkWrite => bulk::create_write(desk, call, bearer),
        Route::BulkWrite(job) => bulk::poll_write(desk, call, job),
        Route::BulkWriteResult(job) => bulk::write_result(desk, job),
        Route::CreateBulkRead => bulk::create_read(desk, call, bearer),
        Route::BulkRead(job) => bulk::poll_read(desk, job),
        Route::BulkReadResult(job) => bulk::read_result(desk, job),
        Route::List(module) => read::list(desk, call, module),
        Route::Insert(module) => write::insert(desk, call, module),
        Route::UpdateMany(module) => write::update(desk, call, module),
        Route::DeleteMany(module) => deleting::many(desk, call, module),
        Route::Upsert(module) => write::upsert(desk, call, module),
        Route::Search(module) => read::search::search(desk, call, module),
        Route::Deleted(module) => read::deleted(desk, call, module),
        Route::Count(module) => Ok(read::count(desk, module)),
        Route::ChangeTags { module, id, adds } => tags::change(desk, call, module, id, adds),
        Route::One(module, id) => read::one(desk, call, module, id),
        Route::Update(module, id) => write::update_by_path(desk, call, module, id),
        Route::Delete(module, id) => deleting::by_path(desk, module, id),
        Route::Related(module, id, list) => read::related(desk, call, (module, id), list),
        Route::InsertNotes(module, id) => write::insert_notes(desk, call, module, id),
        Route::UpdateNote(id) => write::update_by_path(desk, call, ModuleName::Notes, id),
        Route::DeleteNote(id) => deleting::by_path(desk, ModuleName::Notes, id),
        Route::Link(module, id, list, related) => links::link(desk, (module, id), (list, related)),
        Route::Unlink(module, id, list, related) => links::unlink(desk, (module, id), (list, related)),
    }
}
