//! Who the token speaks for: the current user and the organisation (Bigin developer guide, "Get Users", "Get
//! Organization").

use jiff::Timestamp;
use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::lenient::{First, Flag, Object, Text};
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// When the token that asked ends, where Bigin says so (`x-accesstoken-reset`, recorded).
    pub token_expires_at: Option<Timestamp>,
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

#[derive(Default, Deserialize)]
#[serde(default)]
struct Users<'a> {
    #[serde(borrow)]
    users: First<Object<WireUser<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireUser<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    email: Text<'a>,
    #[serde(borrow)]
    time_zone: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Organisations<'a> {
    #[serde(borrow)]
    org: First<Object<WireOrganisation<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireOrganisation<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    company_name: Text<'a>,
    #[serde(borrow)]
    time_zone: Text<'a>,
    #[serde(borrow)]
    license_details: Object<License<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct License<'a> {
    paid: Flag,
    #[serde(borrow)]
    users_license_purchased: Text<'a>,
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
        let users: Users<'_> = answer.read("the question for the user")?;
        let Object(user) = users.users.first.unwrap_or_default();
        Ok(CurrentUser {
            id: user.id.owned().ok_or_else(|| names_no("user", answer.status))?,
            email: user.email.owned(),
            time_zone: user.time_zone.owned(),
        })
    }

    /// The organisation the token belongs to.
    ///
    /// # Errors
    /// The call failed, or its answer names no organisation.
    pub async fn organisation(&self, access: &Access) -> Result<Organisation, CallFailure> {
        let answer = self.call(access, Method::GET, "org", &[], None).await?;
        let organisations: Organisations<'_> = answer.read("the question for the organisation")?;
        let Object(org) = organisations.org.first.unwrap_or_default();
        let license = &org.license_details.0;
        Ok(Organisation {
            id: org.id.owned().ok_or_else(|| names_no("organisation", answer.status))?,
            name: org.company_name.owned().unwrap_or_default(),
            time_zone: org.time_zone.owned(),
            paid: license.paid.0,
            users: license.users_license_purchased.number(),
            token_expires_at: answer.token_expires_at,
        })
    }
}

fn names_no(what: &str, status: u16) -> CallFailure {
    CallFailure::Unreadable {
        call: format!("the question for the {what}"),
        status,
        problem: format!("it names no {what}"),
    }
}
