//! What authorize answers. Never a token.

use bigin::data_centre::DataCentre;
use serde::Serialize;

use crate::scopes::MissingScope;

/// The authorization that is in force now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The organisation's id; none where the scopes do not let it be read.
    pub org_id: Option<String>,
    /// Its name.
    pub org_name: Option<String>,
    /// The user whose rights the relay has.
    pub user_email: Option<String>,
    /// The data centre.
    pub data_center: DataCentre,
    /// The scopes.
    pub scopes: Scopes,
    /// What became of the refresh token that was replaced.
    pub previous: Previous,
    /// What else the operator should know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// What was granted and what is lacking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Scopes {
    /// The scopes granted, as Zoho or the file tells.
    pub granted: Vec<String>,
    /// Those the relay would need as well.
    pub missing: Vec<MissingScope>,
}

/// What became of the refresh token that was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Previous {
    /// There was none.
    None,
    /// Zoho does not accept it any more.
    Revoked,
    /// It is still the one in force.
    Kept,
    /// Zoho did not confirm that it is revoked.
    Failed,
}
