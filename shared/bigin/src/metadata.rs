//! Reading which modules there are and which fields they have (Bigin developer guide, "Modules Metadata", "Fields
//! Metadata").

use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::field::WireField;
use super::lenient::{Flag, List, Object, Text};
use super::{Access, Bigin, CallFailure, ModuleFields, ModuleName};

/// A module as the organisation has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// The API's name for it, such as `Accounts`.
    pub api_name: String,
    /// The organisation's name for one of its records, such as `Company`.
    pub singular_label: Option<String>,
    /// The organisation's name for it, such as `Companies`.
    pub plural_label: Option<String>,
    /// Whether the API serves it.
    pub api_supported: bool,
}

/// The keys of a module that matter here (Bigin sends some forty).
#[derive(Default, Deserialize)]
#[serde(default)]
struct WireModule<'a> {
    #[serde(borrow)]
    api_name: Text<'a>,
    #[serde(borrow)]
    singular_label: Text<'a>,
    #[serde(borrow)]
    plural_label: Text<'a>,
    api_supported: Flag,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Modules<'a> {
    #[serde(borrow)]
    modules: List<Object<WireModule<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Fields<'a> {
    #[serde(borrow)]
    fields: List<Object<WireField<'a>>>,
}

impl Bigin {
    /// The organisation's modules.
    ///
    /// # Errors
    /// The call failed, or its answer has no list of modules.
    pub async fn modules(&self, access: &Access) -> Result<Vec<Module>, CallFailure> {
        let answer = self.call(access, Method::GET, "settings/modules", &[], None).await?;
        let call = "the question for the modules";
        let wire: Modules<'_> = answer.read(call)?;
        let modules = wire.modules.0.iter().filter_map(|Object(module)| {
            Some(Module {
                api_name: module.api_name.owned()?,
                singular_label: module.singular_label.owned(),
                plural_label: module.plural_label.owned(),
                api_supported: module.api_supported.0.unwrap_or(true),
            })
        });
        filled(call, &answer, modules.collect())
    }

    /// The fields of a module.
    ///
    /// # Errors
    /// The call failed, or its answer has no list of fields.
    pub async fn fields(&self, access: &Access, module: &ModuleName) -> Result<ModuleFields, CallFailure> {
        let query = [("module", module.as_str())];
        let answer = self.call(access, Method::GET, "settings/fields", &query, None).await?;
        let call = "the question for the fields";
        let wire: Fields<'_> = answer.read(call)?;
        let fields = wire.fields.0.iter().filter_map(|Object(field)| field.read()).collect();
        Ok(ModuleFields {
            module: module.clone(),
            fields: filled(call, &answer, fields)?,
        })
    }
}

/// No module is without fields and no organisation without modules: an empty list is an answer to something else.
fn filled<T>(call: &str, answer: &Answer, items: Vec<T>) -> Result<Vec<T>, CallFailure> {
    if items.is_empty() {
        let problem = "it lists none".to_owned();
        return Err(CallFailure::Unreadable {
            call: call.to_owned(),
            status: answer.status,
            problem,
        });
    }
    Ok(items)
}
