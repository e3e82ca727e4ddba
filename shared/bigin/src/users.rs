//! Who may own records (Bigin developer guide, "Get Users"), and which team pipelines there are ("Layouts Metadata").

use std::fmt;

use reqwest::Method;
use serde::Deserialize;

use super::coql::Info;
use super::lenient::{List, Object, Text};
use super::{Access, Bigin, CallFailure};

/// A user of the organisation.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// The user's id.
    pub id: String,
    /// The user's e-mail address.
    pub email: Option<String>,
    /// First and last name.
    pub full_name: Option<String>,
}

/// Nobody's address reaches a log.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "User({}, ***)", self.id)
    }
}

/// A page of users.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserPage {
    /// The users.
    pub users: Vec<User>,
    /// Whether there is another page.
    pub more: bool,
}

/// A team pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamPipeline {
    /// Its id: what a pipeline record's `Pipeline` wants.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Users<'a> {
    #[serde(borrow)]
    users: List<Object<WireUser<'a>>>,
    #[serde(borrow)]
    info: Object<Info<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireUser<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    email: Text<'a>,
    #[serde(borrow)]
    full_name: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Layouts<'a> {
    #[serde(borrow)]
    layouts: List<Object<Layout<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Layout<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    display_label: Text<'a>,
}

impl Bigin {
    /// A page of the users who may own records, counted from 1.
    ///
    /// # Errors
    /// The call failed as a whole.
    pub async fn active_users(&self, access: &Access, page: u64) -> Result<UserPage, CallFailure> {
        let page = page.to_string();
        let query = [("type", "ActiveUsers"), ("page", page.as_str()), ("per_page", "200")];
        let answer = self.call(access, Method::GET, "users", &query, None).await?;
        let found: Users<'_> = answer.read("the question for the users")?;
        let user = |Object(user): &Object<WireUser<'_>>| {
            Some(User {
                id: user.id.owned()?,
                email: user.email.owned(),
                full_name: user.full_name.owned(),
            })
        };
        Ok(UserPage {
            users: found.users.0.iter().filter_map(user).collect(),
            more: found.info.0.more_records.is_set(),
        })
    }

    /// The team pipelines: the layouts of the module Pipelines.
    ///
    /// # Errors
    /// The call failed as a whole.
    pub async fn team_pipelines(&self, access: &Access) -> Result<Vec<TeamPipeline>, CallFailure> {
        let query = [("module", "Pipelines")];
        let answer = self.call(access, Method::GET, "settings/layouts", &query, None).await?;
        let found: Layouts<'_> = answer.read("the question for the team pipelines")?;
        let pipeline = |Object(layout): &Object<Layout<'_>>| {
            Some(TeamPipeline {
                id: layout.id.owned()?,
                name: layout.name.owned().or_else(|| layout.display_label.owned()),
            })
        };
        Ok(found.layouts.0.iter().filter_map(pipeline).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_id_is_no_user_and_debug_shows_no_address() {
        let text = r#"{"users":[{"id":"1","email":"ann@example.com"},{"email":"x"}],"info":{"more_records":false}}"#;
        let users: Users<'_> = serde_json::from_str(text).unwrap();
        assert_eq!(users.users.0.len(), 2);
        let user = User {
            id: "1".into(),
            email: Some("ann@example.com".into()),
            full_name: None,
        };
        assert!(!format!("{user:?}").contains("ann"));
    }
}
