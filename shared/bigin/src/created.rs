//! When records were made: evidence for a writer whose answer was lost (Bigin developer guide, "Get Records").

use std::collections::HashMap;

use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;

use super::lenient::{List, Object, Text};
use super::{Access, Bigin, CallFailure, MOST_RECORDS_A_CALL, ModuleName};

impl Bigin {
    /// When these records were made, by id. Those that Bigin does not show are left out. At most 100 are asked about.
    ///
    /// # Errors
    /// The call failed as a whole.
    pub async fn created_times(
        &self,
        access: &Access,
        module: &ModuleName,
        ids: &[String],
    ) -> Result<HashMap<String, Timestamp>, CallFailure> {
        let ids = &ids[..ids.len().min(MOST_RECORDS_A_CALL)];
        let wanted = ids.join(",");
        // Should Bigin overlook `ids`, it answers with the newest records, and those are the ones in question.
        let query = [
            ("ids", wanted.as_str()),
            ("fields", "Created_Time"),
            ("per_page", "200"),
        ];
        let answer = self.call(access, Method::GET, module.as_str(), &query, None).await?;
        let shown: Shown<'_> = answer.read("the question when records were made")?;
        let times = shown.data.0.iter().filter_map(|Object(record)| record.created());
        Ok(times.filter(|(id, _)| ids.contains(id)).collect())
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Shown<'a> {
    #[serde(borrow)]
    data: List<Object<CreatedRow<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CreatedRow<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow, rename = "Created_Time")]
    at: Text<'a>,
}

impl CreatedRow<'_> {
    fn created(&self) -> Option<(String, Timestamp)> {
        Some((self.id.owned()?, self.at.get()?.parse().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_with_any_offset_is_an_instant() {
        let made: CreatedRow<'_> =
            serde_json::from_str(r#"{"id": "4711", "Created_Time": "2026-11-24T12:30:00+03:00"}"#).unwrap();
        assert_eq!(
            made.created(),
            Some(("4711".to_owned(), "2026-11-24T09:30:00Z".parse().unwrap()))
        );
        let made: CreatedRow<'_> = serde_json::from_str(r#"{"id": "4711", "Created_Time": null}"#).unwrap();
        assert_eq!(made.created(), None);
    }
}
