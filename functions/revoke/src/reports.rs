//! The last reports, from the data bucket.

use std::future::Future;

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::aws::{Lazy, lazy, problem};

/// How many reports are told.
const MOST: usize = 10;
/// The most bytes of a report that is read; reports are far smaller.
pub const LARGEST_REPORT: i64 = 1 << 20;
/// How many days are looked through.
const DAYS: i64 = 7;
/// How many pages of a module's keys are read at most, a thousand keys each.
const PAGES: usize = 10;

/// A report in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastReport {
    /// Where it lies.
    pub key: String,
    /// What it says; absent when it cannot be read.
    #[serde(flatten)]
    pub said: Option<ReportSummary>,
}

/// What a report says, as far as the status repeats it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportSummary {
    status: String,
    #[serde(default)]
    module: Option<String>,
    #[serde(default)]
    read: u64,
    #[serde(default)]
    rejected: u64,
    #[serde(default)]
    deferred: u64,
    #[serde(default)]
    reason: Option<ReasonWire>,
    #[serde(default)]
    finished_at: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ReasonWire {
    code: String,
    message: String,
    action: String,
}

/// Reports that can be looked at.
pub trait Reports: Send + Sync {
    /// The last ones, newest first.
    fn last(&self, now: Timestamp) -> impl Future<Output = Result<Vec<LastReport>, String>> + Send;
}

/// Reports in the data bucket.
#[derive(Debug, Clone)]
pub struct S3Reports {
    client: Lazy<Client>,
    bucket: String,
}

/// A report that was found.
type FoundReport = (Timestamp, String);

impl S3Reports {
    /// The reports in that bucket.
    pub fn new(config: &SdkConfig, bucket: impl Into<String>) -> Self {
        Self {
            client: lazy(config, Client::new),
            bucket: bucket.into(),
        }
    }

    /// The folders of the modules, and that of the queue.
    async fn folders(&self) -> Result<Vec<String>, String> {
        let list = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix("reports/")
            .delimiter("/");
        let page = list.send().await.map_err(|error| problem(&error))?;
        Ok(page
            .common_prefixes
            .unwrap_or_default()
            .into_iter()
            .filter_map(|prefix| prefix.prefix)
            .collect())
    }

    /// A folder's reports of the last days.
    async fn found(&self, folder: &str, from: &str) -> Result<Vec<FoundReport>, String> {
        let (mut found, mut next) = (Vec::new(), None);
        for _ in 0..PAGES {
            let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(folder);
            let list = list.start_after(format!("{folder}{from}")).set_continuation_token(next);
            let page = list.send().await.map_err(|error| problem(&error))?;
            for object in page.contents.unwrap_or_default() {
                let written = object
                    .last_modified
                    .and_then(|at| Timestamp::from_second(at.secs()).ok());
                if let (Some(written), Some(key)) = (written, object.key) {
                    found.push((written, key));
                }
            }
            next = page.next_continuation_token;
            if next.is_none() {
                break;
            }
        }
        Ok(found)
    }

    async fn read(&self, key: String) -> LastReport {
        let said = async {
            let object = self
                .client
                .get_object()
                .bucket(&self.bucket)
                .key(&key)
                .send()
                .await
                .ok()?;
            if !is_small(object.content_length) {
                return None;
            }
            serde_json::from_slice(&object.body.collect().await.ok()?.into_bytes()).ok()
        };
        LastReport { said: said.await, key }
    }
}

/// Whether an object may be read whole. One that does not say how large it is may not.
fn is_small(length: Option<i64>) -> bool {
    length.is_some_and(|length| length <= LARGEST_REPORT)
}

impl Reports for S3Reports {
    async fn last(&self, now: Timestamp) -> Result<Vec<LastReport>, String> {
        let from = (now - SignedDuration::from_hours(24 * DAYS))
            .strftime("%Y-%m-%d")
            .to_string();
        let folders = self.folders().await?;
        let found = join_all(folders.iter().map(|folder| self.found(folder, &from))).await;
        let found = found.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(join_all(
            newest(found.into_iter().flatten().collect())
                .into_iter()
                .map(|key| self.read(key)),
        )
        .await)
    }
}

/// The keys of the newest, newest first.
fn newest(mut found: Vec<FoundReport>) -> Vec<String> {
    found.sort_by(|one, other| other.cmp(one));
    found.into_iter().take(MOST).map(|(_, key)| key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_report_is_read_that_may_be_larger_than_reports_are() {
        assert!(is_small(Some(LARGEST_REPORT)));
        assert!(!is_small(Some(LARGEST_REPORT + 1)));
        assert!(!is_small(None));
    }

    #[test]
    fn the_newest_reports_come_first_and_no_more_than_ten() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let found = (0..20)
            .map(|number| (at(number), format!("reports/{number}")))
            .collect();
        let newest = newest(found);
        assert_eq!((newest.len(), newest[0].as_str()), (10, "reports/19"));
    }

    #[test]
    fn a_report_is_told_in_short() {
        let said: ReportSummary = serde_json::from_str(
            r#"{"status":"refused","read":0,"plan":null,"reason":{"code":"GONE","message":"m","action":"a"}}"#,
        )
        .unwrap();
        let json = serde_json::to_value(LastReport {
            key: "reports/x.json".to_owned(),
            said: Some(said),
        })
        .unwrap();
        assert_eq!(
            (json["key"].as_str(), json["status"].as_str()),
            (Some("reports/x.json"), Some("refused"))
        );
        assert_eq!(json["reason"]["code"], "GONE");
    }
}
