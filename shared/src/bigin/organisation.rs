//! Who the token speaks for: the current user and the organisation (Bigin developer guide, "Get Users", "Get
//! Organization").

use reqwest::Method;
use serde_json::Value;

use super::{Access, Bigin, CallFailure};

/// The user who authorized.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentUser {
    /// The user's id.
    pub id: String,
    /// The user's e-mail address.
    pub email: Option<String>,
    /// The user's IANA time zone.
    pub time_zone: Option<String>,
}

/// The organisation that code and tokens belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its IANA time zone.
    pub time_zone: Option<String>,
    /// Whether it pays, where the answer says so.
    pub paid: Option<bool>,
    /// For how many users it pays, where the answer says so.
    pub users: Option<u64>,
}

impl Organisation {
    /// The API credits it has in any 24 hours: 5,000 on the free edition, else 50,000 and 250 for each user, 100,000
    /// at most (Bigin developer guide, "API Limits"). `None` when the answer did not say which edition it is.
    pub fn daily_credits(&self) -> Option<u64> {
        Some(if self.paid? {
            (50_000 + 250 * self.users.unwrap_or(0)).min(100_000)
        } else {
            5_000
        })
    }
}

impl Bigin {
    /// The user the token speaks for: the cheapest proof that a token works.
    ///
    /// # Errors
    /// The call failed, or its answer names no user.
    pub async fn current_user(&self, access: &Access) -> Result<CurrentUser, CallFailure> {
        let answer = self
            .call(access, Method::GET, "users", &[("type", "CurrentUser")], None)
            .await?;
        let user = answer.body.pointer("/users/0");
        let text = |key| user.and_then(|user| text_at(user, key));
        Ok(CurrentUser {
            id: text("id").ok_or_else(|| names_no("user", answer.status))?,
            email: text("email"),
            time_zone: text("time_zone"),
        })
    }

    /// The organisation the token belongs to.
    ///
    /// # Errors
    /// The call failed, or its answer names no organisation.
    pub async fn organisation(&self, access: &Access) -> Result<Organisation, CallFailure> {
        let answer = self.call(access, Method::GET, "org", &[], None).await?;
        let org = answer
            .body
            .pointer("/org/0")
            .ok_or_else(|| names_no("organisation", answer.status))?;
        let license = org.get("license_details").unwrap_or(&Value::Null);
        Ok(Organisation {
            id: text_at(org, "id").ok_or_else(|| names_no("organisation", answer.status))?,
            name: text_at(org, "company_name").unwrap_or_default(),
            time_zone: text_at(org, "time_zone"),
            paid: license.get("paid").and_then(Value::as_bool),
            users: license.get("users_license_purchased").and_then(Value::as_u64),
        })
    }
}

fn text_at(value: &Value, key: &str) -> Option<String> {
    match value.get(key)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn names_no(what: &str, status: u16) -> CallFailure {
    CallFailure::Unreadable {
        call: format!("the question for the {what}"),
        status,
        problem: format!("it names no {what}"),
    }
}
