//! Reading which modules there are and which fields they have (Bigin developer guide, "Modules Metadata", "Fields
//! Metadata").

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use super::field::WireField;
use super::{Access, Bigin, CallFailure, Field, ModuleFields, ModuleName};

/// A module as the organisation has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Module {
    /// The API's name for it, such as `Accounts`.
    pub api_name: String,
    /// The organisation's name for one of its records, such as `Company`.
    #[serde(default)]
    pub singular_label: Option<String>,
    /// The organisation's name for it, such as `Companies`.
    #[serde(default)]
    pub plural_label: Option<String>,
    /// Whether the API serves it.
    #[serde(default = "served")]
    pub api_supported: bool,
}

fn served() -> bool {
    true
}

impl Bigin {
    /// The organisation's modules.
    ///
    /// # Errors
    /// The call failed, or its answer has no list of modules.
    pub async fn modules(&self, access: &Access) -> Result<Vec<Module>, CallFailure> {
        let answer = self.call(access, Method::GET, "settings/modules", &[], None).await?;
        list(&answer.body, "modules", answer.status)
    }

    /// The fields of a module.
    ///
    /// # Errors
    /// The call failed, or its answer has no list of fields.
    pub async fn fields(&self, access: &Access, module: &ModuleName) -> Result<ModuleFields, CallFailure> {
        let query = [("module", module.as_str())];
        let answer = self.call(access, Method::GET, "settings/fields", &query, None).await?;
        let fields: Vec<WireField> = list(&answer.body, "fields", answer.status)?;
        Ok(ModuleFields {
            module: module.clone(),
            fields: fields.into_iter().map(Field::from).collect(),
        })
    }
}

fn list<T: serde::de::DeserializeOwned>(body: &Value, key: &str, status: u16) -> Result<Vec<T>, CallFailure> {
    let unreadable = |problem| CallFailure::Unreadable {
        call: format!("the question for {key}"),
        status,
        problem,
    };
    let items = body.get(key).ok_or_else(|| unreadable(format!("it has no {key}")))?;
    Vec::deserialize(items).map_err(|error| unreadable(error.to_string()))
}
