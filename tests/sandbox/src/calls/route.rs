//! Which call a method and a path make.

use axum::http::Method;

use crate::answer::Refusal;
use crate::metadata::ModuleName;

/// A call of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    Organisation,
    Users,
    User(&'a str),
    Modules,
    Module(ModuleName),
    Fields,
    Layouts,
    Tags,
    CreateTags,
    Coql,
    Watches,
    Watch,
    /// Changes channels; by parts, or as a whole.
    ChangeWatch {
        by_parts: bool,
    },
    Unwatch,
    Upload,
    CreateBulkWrite,
    BulkWrite(&'a str),
    BulkWriteResult(&'a str),
    CreateBulkRead,
    BulkRead(&'a str),
    BulkReadResult(&'a str),
    List(ModuleName),
    Insert(ModuleName),
    UpdateMany(ModuleName),
    DeleteMany(ModuleName),
    Upsert(ModuleName),
    Search(ModuleName),
    Deleted(ModuleName),
    Count(ModuleName),
    ChangeTags {
        module: ModuleName,
        id: Option<&'a str>,
        adds: bool,
    },
    One(ModuleName, &'a str),
    Update(ModuleName, &'a str),
    Delete(ModuleName, &'a str),
    Related(ModuleName, &'a str, ModuleName),
    InsertNotes(ModuleName, &'a str),
    UpdateNote(&'a str),
    DeleteNote(&'a str),
    Link(ModuleName, &'a str, ModuleName, &'a str),
    Unlink(ModuleName, &'a str, ModuleName, &'a str),
}

impl<'a> Route<'a> {
    /// Reads a whole path. Results of bulk writes lie where Zoho CRM has them.
    pub(crate) fn of(method: &Method, path: &[&'a str]) -> Result<Self, Refusal> {
        match path {
            ["bigin", "v2", path @ ..] => Self::read(method, path),
            ["bigin", "bulk", "v2", path @ ..] => Self::bulk(method, path),
            ["v2", "crm", _, "bulk-write", _, file] => only(method, &Method::GET, Self::BulkWriteResult(file)),
            _ => Err(Refusal::invalid_url()),
        }
    }

    fn bulk(method: &Method, path: &[&'a str]) -> Result<Self, Refusal> {
        match path {
            ["write"] => only(method, &Method::POST, Self::CreateBulkWrite),
            ["write", job] => only(method, &Method::GET, Self::BulkWrite(job)),
            ["write", job, "result"] => only(method, &Method::GET, Self::BulkWriteResult(job)),
            ["read"] => only(method, &Method::POST, Self::CreateBulkRead),
            ["read", job] => only(method, &Method::GET, Self::BulkRead(job)),
            ["read", job, "result"] => only(method, &Method::GET, Self::BulkReadResult(job)),
            _ => Err(Refusal::invalid_url()),
        }
    }

    /// Reads what follows `/bigin/v2`.
    fn read(method: &Method, path: &[&'a str]) -> Result<Self, Refusal> {
        match path {
            ["org"] => only(method, &Method::GET, Self::Organisation),
            ["users"] => only(method, &Method::GET, Self::Users),
            ["users", id] => only(method, &Method::GET, Self::User(id)),
            ["upload"] => only(method, &Method::POST, Self::Upload),
            ["coql"] => only(method, &Method::POST, Self::Coql),
            ["actions", "watch"] => of(
                method,
                [
                    (Method::GET, Self::Watches),
                    (Method::POST, Self::Watch),
                    (Method::PUT, Self::ChangeWatch { by_parts: false }),
                    (Method::PATCH, Self::ChangeWatch { by_parts: true }),
                    (Method::DELETE, Self::Unwatch),
                ],
            ),
            ["settings", rest @ ..] => Self::settings(method, rest),
            [module, rest @ ..] => Self::records(
                method,
                ModuleName::parse(module).ok_or_else(Refusal::invalid_module)?,
                rest,
            ),
            [] => Err(Refusal::invalid_url()),
        }
    }

    fn settings(method: &Method, path: &[&'a str]) -> Result<Self, Refusal> {
        match path {
            ["modules"] => only(method, &Method::GET, Self::Modules),
            ["modules", name] => {
                let module = ModuleName::parse(name).ok_or_else(Refusal::invalid_module)?;
                only(method, &Method::GET, Self::Module(module))
            }
            ["fields"] => only(method, &Method::GET, Self::Fields),
            ["layouts"] => only(method, &Method::GET, Self::Layouts),
            ["tags"] if method == Method::GET => Ok(Self::Tags),
            ["tags"] => only(method, &Method::POST, Self::CreateTags),
            _ => Err(Refusal::invalid_url()),
        }
    }

    fn records(method: &Method, module: ModuleName, path: &[&'a str]) -> Result<Self, Refusal> {
        let tags = |id, adds| only(method, &Method::POST, Self::ChangeTags { module, id, adds });
        match path {
            [] => of(
                method,
                [
                    (Method::GET, Self::List(module)),
                    (Method::POST, Self::Insert(module)),
                    (Method::PUT, Self::UpdateMany(module)),
                    (Method::DELETE, Self::DeleteMany(module)),
                ],
            ),
            ["upsert"] => only(method, &Method::POST, Self::Upsert(module)),
            ["search"] => only(method, &Method::GET, Self::Search(module)),
            ["deleted"] => only(method, &Method::GET, Self::Deleted(module)),
            ["actions", "count"] => only(method, &Method::GET, Self::Count(module)),
            ["actions", "add_tags"] => tags(None, true),
            ["actions", "remove_tags"] => tags(None, false),
            [id, "actions", "add_tags"] => tags(Some(*id), true),
            [id, "actions", "remove_tags"] => tags(Some(*id), false),
            [id] => of(
                method,
                [
                    (Method::GET, Self::One(module, id)),
                    (Method::PUT, Self::Update(module, id)),
                    (Method::DELETE, Self::Delete(module, id)),
                ],
            ),
            [id, "Notes"] if method == Method::POST => Ok(Self::InsertNotes(module, id)),
            [id, list] => {
                let list = ModuleName::of_list(list).ok_or_else(Refusal::invalid_url)?;
                only(method, &Method::GET, Self::Related(module, id, list))
            }
            [_, "Notes", note] => of(
                method,
                [
                    (Method::PUT, Self::UpdateNote(note)),
                    (Method::DELETE, Self::DeleteNote(note)),
                ],
            ),
            [id, list, related] => {
                let list = ModuleName::of_list(list).ok_or_else(Refusal::invalid_url)?;
                of(
                    method,
                    [
                        (Method::PUT, Self::Link(module, id, list, related)),
                        (Method::DELETE, Self::Unlink(module, id, list, related)),
                    ],
                )
            }
            _ => Err(Refusal::invalid_url()),
        }
    }
}

fn only<'a>(method: &Method, wanted: &Method, route: Route<'a>) -> Result<Route<'a>, Refusal> {
    if method == wanted {
        Ok(route)
    } else {
        Err(Refusal::invalid_method())
    }
}

fn of<'a, const N: usize>(method: &Method, routes: [(Method, Route<'a>); N]) -> Result<Route<'a>, Refusal> {
    let found = routes.into_iter().find(|(wanted, _)| wanted == method);
    found.map(|(_, route)| route).ok_or_else(Refusal::invalid_method)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(method: &Method, path: &str) -> Result<String, std::borrow::Cow<'static, str>> {
        let parts: Vec<_> = path.split('/').collect();
        Route::read(method, &parts)
            .map(|route| format!("{route:?}"))
            .map_err(|refusal| refusal.code)
    }

    #[test]
    fn a_path_and_a_method_make_a_call() {
        assert_eq!(read(&Method::POST, "Contacts/upsert").unwrap(), "Upsert(Contacts)");
        assert_eq!(
            read(&Method::GET, "Accounts/1/Contacts").unwrap(),
            "Related(Accounts, \"1\", Contacts)"
        );
        assert_eq!(
            read(&Method::POST, "Contacts/1/Notes").unwrap(),
            "InsertNotes(Contacts, \"1\")"
        );
        assert_eq!(read(&Method::PUT, "Contacts/1/Notes/2").unwrap(), "UpdateNote(\"2\")");
    }

    #[test]
    fn what_is_no_call_says_why() {
        assert_eq!(read(&Method::GET, "contacts"), Err("INVALID_MODULE".into()));
        assert_eq!(
            read(&Method::GET, "Contacts/upsert"),
            Err("INVALID_REQUEST_METHOD".into())
        );
        assert_eq!(
            read(&Method::GET, "settings/nothing"),
            Err("INVALID_URL_PATTERN".into())
        );
    }
}
