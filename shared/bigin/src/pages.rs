//! Walking through all records of a module, page by page (Bigin developer guide, "Get Records").

use reqwest::Method;

use super::coql::{ColumnName, Hit, RecordRows};
use super::{Access, Bigin, CallFailure, ModuleName};

/// The most records that page tokens lead to: what lies beyond cannot be listed.
pub const MOST_RECORDS_LISTED: u64 = 100_000;

/// A page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Its records.
    pub hits: Vec<Hit>,
    /// What opens the next page; `None` on the last.
    pub next: Option<String>,
}

impl Bigin {
    /// A page of a module's records with their values of one field; the first, or the one that a token of the page
    /// before opens.
    ///
    /// # Errors
    /// The call failed as a whole. A token that has expired, or leads too far, is refused with Zoho's code.
    pub async fn page(
        &self,
        access: &Access,
        module: &ModuleName,
        column: &ColumnName,
        token: Option<&str>,
    ) -> Result<Page, CallFailure> {
        let mut query = vec![("fields", column.as_str()), ("per_page", "200")];
        query.extend(token.map(|token| ("page_token", token)));
        let answer = self.call(access, Method::GET, module.as_str(), &query, None).await?;
        let call = "the question for a page of records";
        let rows: RecordRows<'_> = answer.read(call)?;
        let next = rows.info.0.next_page_token.owned();
        if rows.info.0.more_records.is_set() && next.is_none() {
            // To take this page for the last would be to overlook records.
            return Err(CallFailure::Unreadable {
                call: call.to_owned(),
                status: answer.status,
                problem: "it says that there are more records and not how to come by them".to_owned(),
            });
        }
        Ok(Page {
            hits: rows.hits(column),
            next: next.filter(|_| rows.info.0.more_records.is_set()),
        })
    }
}
