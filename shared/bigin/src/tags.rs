//! Tags: added to records that are there, and made known to a module first (Bigin developer guide, "Add Tags to
//! Multiple Records", "Create Tags").

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::lenient::{List, Object};
use super::outcome::Element;
use super::records::told;
use super::{Access, Bigin, CallFailure, ModuleName, Operation, RecordError, RecordOutcome, RecordsAnswer};

/// The most records that one call adds tags to (Bigin developer guide, "Add Tags to Multiple Records").
pub const MOST_RECORDS_A_TAGGING: usize = 500;

#[derive(Default, Deserialize)]
#[serde(default)]
struct MadeTags<'a> {
    #[serde(borrow)]
    tags: List<Object<Element<'a>>>,
}

impl Bigin {
    /// Adds tags to those that records have. A tag that the module does not know makes Bigin refuse the whole call
    /// ([`Bigin::make_tags`] helps); to add one that a record has changes nothing.
    ///
    /// # Errors
    /// The call failed as a whole; what failed for single records is in the answer.
    pub async fn add_tags(
        &self,
        access: &Access,
        module: &ModuleName,
        names: &[&str],
        ids: &[&str],
    ) -> Result<RecordsAnswer, CallFailure> {
        let call = format!("tagging of {} {module} records", ids.len());
        let path = format!("{module}/actions/add_tags");
        let body = json!({"tags": named(names), "ids": ids, "over_write": false}).to_string();
        let answer = self.call(access, Method::POST, &path, &[], Some(body)).await?;
        let ids: Vec<_> = ids.iter().map(|id| Some(*id)).collect();
        let told = told(&call, Operation::Update, &answer, &ids)?;
        Ok(RecordsAnswer::of(&answer, told))
    }

    /// Makes tags known to a module; those that are known already stay as they are. Answers with what is wrong with one of
    /// them, if anything is.
    ///
    /// # Errors
    /// The call failed as a whole.
    pub async fn make_tags(
        &self,
        access: &Access,
        module: &ModuleName,
        names: &[&str],
    ) -> Result<Option<RecordError>, CallFailure> {
        let query = [("module", module.as_str())];
        let body = json!({ "tags": named(names) }).to_string();
        let answer = self
            .call(access, Method::POST, "settings/tags", &query, Some(body))
            .await?;
        let made: MadeTags<'_> = answer.read("the making of tags")?;
        let results = made.tags.0.iter();
        let errors = results.filter_map(|Object(element)| match element.outcome(Operation::Insert, None) {
            RecordOutcome::Refused(errors) => errors.into_iter().find(|error| error.code != "DUPLICATE_DATA"),
            RecordOutcome::Accepted { .. } => None,
        });
        Ok(errors.into_iter().next())
    }
}

fn named(names: &[&str]) -> serde_json::Value {
    names.iter().map(|name| json!({ "name": name })).collect()
}
