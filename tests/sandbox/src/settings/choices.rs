//! What a switch may be set to, where it is neither a number nor on or off.

use serde::{Deserialize, Serialize};

/// How an organisation is licensed, which decides its API credits (contract, section 12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Edition {
    /// 5,000 credits a day.
    Free,
    /// 50,000 credits a day and 250 for each user, at most 100,000.
    Express,
    /// The same as Express.
    Premier,
}

/// When answers carry `X-API-CREDITS-REMAINING`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CreditsHeader {
    /// Never: no recording of Bigin has it.
    Never,
    /// Once half of the day's credits are used, as Zoho CRM documents it.
    Half,
    /// Always.
    Always,
}

/// What happens to a field name that the module does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnknownFields {
    /// It is dropped without a word.
    Drop,
    /// `INVALID_DATA`, "the field api name given seems to be invalid".
    Refuse,
}

/// How a quote inside a COQL value is escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CoqlQuote {
    /// `\'`
    Backslash,
    /// `''`
    Doubled,
    /// Either.
    Both,
}

/// What becomes of a header or parameter that not every part of Bigin is known to understand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Support {
    /// It does what it says.
    Honoured,
    /// The answer is as without it.
    Ignored,
    /// 400 `INVALID_REQUEST`.
    Refused,
}

/// What a page token stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PageTokenKind {
    /// The last record of the page before: what is deleted or moved shifts nothing.
    Keyset,
    /// How many records were shown: what is deleted in between shifts a record across the page's border.
    Offset,
    /// The list as it was when the first page was asked for.
    Snapshot,
}

/// How a bulk job names its module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BulkModule {
    /// `"Contacts"`
    String,
    /// `{"api_name": "Contacts"}`
    Object,
    /// Either.
    Both,
}

/// Where `ignore_empty` of a bulk write counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IgnoreEmpty {
    /// At the top of the body.
    Top,
    /// In the resource.
    Resource,
    /// At either place.
    Both,
}

/// How a criterion of a bulk read names its field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CriteriaField {
    /// `"api_name": "Email"`
    ApiName,
    /// `"field": {"api_name": "Email"}`
    Field,
    /// Either.
    Both,
}

/// The form of the address of a bulk write's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DownloadUrl {
    /// A path.
    Relative,
    /// A whole address on the host that was called.
    Absolute,
    /// A whole address on the host for downloads.
    Other,
}
