//! What kind of call it is, in the words of fault rules and of an account's restrictions.

use axum::http::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::route::Route;
use crate::http::Call;
use crate::limits::Operation;

/// A kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Endpoint {
    /// Any call that changes records.
    Write,
    /// Any call that reads records.
    Read,
    Insert,
    Update,
    Upsert,
    Delete,
    Tags,
    Notes,
    Link,
    List,
    One,
    Search,
    Coql,
    Count,
    Deleted,
    Related,
    Metadata,
    Org,
    Users,
    Watch,
    Upload,
    BulkWrite,
    BulkRead,
    Token,
    Revoke,
    /// No call that is known.
    Other,
}

impl Endpoint {
    /// Whether a call of the other kind is one of this kind.
    pub(crate) fn covers(self, other: Self) -> bool {
        self == other
            || match self {
                Self::Write => other.writes(),
                Self::Read => other.reads(),
                _ => false,
            }
    }

    fn writes(self) -> bool {
        matches!(
            self,
            Self::Insert | Self::Update | Self::Upsert | Self::Delete | Self::Tags | Self::Notes | Self::Link
        )
    }

    fn reads(self) -> bool {
        matches!(
            self,
            Self::List | Self::One | Self::Search | Self::Coql | Self::Count | Self::Deleted | Self::Related
        )
    }

    /// What a call of this kind may do to records.
    pub(crate) fn operations(self, method: &Method) -> &'static [Operation] {
        match self {
            Self::Insert => &[Operation::Insert],
            Self::Upsert => &[Operation::Insert, Operation::Update],
            Self::Update | Self::Tags | Self::Link => &[Operation::Update],
            Self::Notes if method == Method::POST => &[Operation::Insert],
            Self::Notes if method == Method::PUT => &[Operation::Update],
            Self::Notes | Self::Delete => &[Operation::Delete],
            Self::BulkRead if method == Method::POST => &[Operation::Read],
            kind if kind.reads() => &[Operation::Read],
            _ => &[],
        }
    }

    /// The kind of a call of the API.
    pub(crate) fn of(route: &Route<'_>) -> Self {
        match route {
            Route::Organisation => Self::Org,
            Route::Users | Route::User(_) => Self::Users,
            Route::Modules | Route::Module(_) | Route::Fields | Route::Layouts | Route::Tags | Route::CreateTags => {
                Self::Metadata
            }
            Route::Coql => Self::Coql,
            Route::Watches | Route::Watch | Route::ChangeWatch { .. } | Route::Unwatch => Self::Watch,
            Route::Upload => Self::Upload,
            Route::CreateBulkWrite | Route::BulkWrite(_) | Route::BulkWriteResult(_) => Self::BulkWrite,
            Route::CreateBulkRead | Route::BulkRead(_) | Route::BulkReadResult(_) => Self::BulkRead,
            Route::List(_) => Self::List,
            Route::Insert(_) => Self::Insert,
            Route::UpdateMany(_) | Route::Update(..) => Self::Update,
            Route::DeleteMany(_) | Route::Delete(..) => Self::Delete,
            Route::Upsert(_) => Self::Upsert,
            Route::Search(_) => Self::Search,
            Route::Deleted(_) => Self::Deleted,
            Route::Count(_) => Self::Count,
            Route::ChangeTags { .. } => Self::Tags,
            Route::One(..) => Self::One,
            Route::Related(..) => Self::Related,
            Route::InsertNotes(..) | Route::UpdateNote(_) | Route::DeleteNote(_) => Self::Notes,
            Route::Link(..) | Route::Unlink(..) => Self::Link,
        }
    }
}

/// What a call is about, as far as its path and body tell before anybody answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) endpoint: Endpoint,
    /// The API name of the module, as the call spells it.
    pub(crate) module: Option<String>,
}

impl Subject {
    pub(crate) fn of(call: &Call) -> Self {
        let segments = call.segments();
        let (endpoint, module) = match segments.as_slice() {
            ["oauth", .., "revoke"] => (Endpoint::Revoke, None),
            ["oauth", ..] => (Endpoint::Token, None),
            ["bigin", "v2", path @ ..] => (endpoint(&call.method, &segments), module(call, path)),
            _ => (endpoint(&call.method, &segments), of_job(call)),
        };
        Self { endpoint, module }
    }
}

fn endpoint(method: &Method, path: &[&str]) -> Endpoint {
    Route::of(method, path).map_or(Endpoint::Other, |route| Endpoint::of(&route))
}

fn module(call: &Call, path: &[&str]) -> Option<String> {
    match path {
        ["org" | "users" | "actions" | "upload", ..] | [] => None,
        ["settings", "modules", name] => Some((*name).to_owned()),
        ["settings", ..] => call.query.get("module").map(str::to_owned),
        ["coql"] => queried(call.json()?.get("select_query")?.as_str()?),
        [_, _, "Notes", ..] => Some("Notes".to_owned()),
        [module, ..] => Some((*module).to_owned()),
    }
}

/// The module that the body of a bulk job names.
fn of_job(call: &Call) -> Option<String> {
    let body = call.json()?;
    let module = body
        .pointer("/query/module")
        .or_else(|| body.pointer("/resource/0/module"))?;
    let name = module.as_str().or_else(|| module.get("api_name")?.as_str());
    name.map(str::to_owned)
}

/// The module that a query names.
fn queried(query: &str) -> Option<String> {
    let mut words = query.split_whitespace();
    words.find(|word| word.eq_ignore_ascii_case("from"))?;
    words.next().map(str::to_owned)
}

/// How many records a call carries or names: elements of `data`, or ids.
pub(crate) fn records(call: &Call) -> Option<usize> {
    let body = call.json();
    let listed = |name: &str| body?.get(name)?.as_array().map(Vec::len);
    listed("data")
        .or_else(|| listed("ids"))
        .or_else(|| Some(call.query.get("ids")?.split(',').count()))
}

/// The elements of `data`, or nothing.
pub(crate) fn elements(call: &Call) -> impl Iterator<Item = &Value> {
    let data = call.json().and_then(|body| body.get("data")?.as_array());
    data.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn subject(method: Method, path: &str, body: &Value) -> (Endpoint, Option<String>) {
        let Subject { endpoint, module } = Subject::of(&Call::inner(method, path, body));
        (endpoint, module)
    }

    #[test]
    fn a_call_is_about_a_module_wherever_it_names_it() {
        let some = |name: &str| Some(name.to_owned());
        let nothing = || Value::Null;
        for (method, path, body, endpoint, module) in [
            (
                Method::POST,
                "/bigin/v2/Contacts/upsert",
                nothing(),
                Endpoint::Upsert,
                some("Contacts"),
            ),
            (
                Method::GET,
                "/bigin/v2/settings/fields?module=Tasks",
                nothing(),
                Endpoint::Metadata,
                some("Tasks"),
            ),
            (
                Method::POST,
                "/bigin/v2/Accounts/1/Notes",
                nothing(),
                Endpoint::Notes,
                some("Notes"),
            ),
            (
                Method::POST,
                "/bigin/v2/coql",
                json!({"select_query": "SELECT id\nFROM Products WHERE id = '1'"}),
                Endpoint::Coql,
                some("Products"),
            ),
            (Method::GET, "/bigin/v2/org", nothing(), Endpoint::Org, None),
            (Method::POST, "/oauth/v2/token", nothing(), Endpoint::Token, None),
            (
                Method::POST,
                "/oauth/v2/token/revoke",
                nothing(),
                Endpoint::Revoke,
                None,
            ),
            (
                Method::GET,
                "/bigin/v2/contacts",
                nothing(),
                Endpoint::Other,
                some("contacts"),
            ),
        ] {
            assert_eq!(subject(method, path, &body), (endpoint, module), "{path}");
        }
    }

    #[test]
    fn a_kind_covers_itself_and_a_group_its_members() {
        assert!(Endpoint::Write.covers(Endpoint::Upsert) && Endpoint::Read.covers(Endpoint::Coql));
        assert!(Endpoint::Upsert.covers(Endpoint::Upsert));
        assert!(!Endpoint::Upsert.covers(Endpoint::Insert) && !Endpoint::Read.covers(Endpoint::Metadata));
    }

    #[test]
    fn records_are_counted_in_data_and_in_ids() {
        let count = |path: &str, body| records(&Call::inner(Method::POST, path, &body));
        assert_eq!(count("/x", json!({"data": [{}, {}]})), Some(2));
        assert_eq!(count("/x", json!({"ids": ["1", "2", "3"]})), Some(3));
        assert_eq!(count("/x?ids=1,2", Value::Null), Some(2));
        assert_eq!(count("/x", json!({"select_query": ""})), None);
    }
}
