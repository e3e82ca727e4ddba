//! Writes reports into the bucket, and says where a run's files lie.

use jiff::Timestamp;

use crate::report::Report;
use shared::bucket::stem;
use shared::bucket::{BucketError, Objects};

/// A report that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The bucket failed.
    #[error("the report could not be written: {0}")]
    Bucket(#[from] BucketError),
    /// The report is no JSON: a fault of ours.
    #[error("the report could not be put into words: {0}")]
    Json(#[from] serde_json::Error),
}

/// Where the files of a run lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFiles {
    folder: String,
    name: String,
}

impl RunFiles {
    /// The files of an import: `<Module>/<yyyy-mm-dd>/<name>.<run_id>`.
    pub fn of_file(module: Option<&str>, source_key: &str, run_id: &str, started_at: Timestamp) -> Self {
        let day = started_at.strftime("%Y-%m-%d");
        let module = module.unwrap_or("_unknown");
        Self {
            folder: format!("{module}/{day}"),
            name: format!("{}.{run_id}", stem(source_key)),
        }
    }

    /// The files of a batch of messages: `_queue/<yyyy-mm-dd>/<hh>/<run_id>`.
    pub fn of_messages(run_id: &str, started_at: Timestamp) -> Self {
        let hour = started_at.strftime("%Y-%m-%d/%H");
        Self {
            folder: format!("_queue/{hour}"),
            name: run_id.to_owned(),
        }
    }

    /// The report.
    pub fn report(&self) -> String {
        format!("reports/{}/{}.json", self.folder, self.name)
    }

    /// The rejected rows, in the input's format.
    pub fn rejects(&self, ending: &str) -> String {
        format!("rejects/{}/{}.{ending}", self.folder, self.name)
    }

    /// The outcome of each row.
    pub fn outcomes(&self) -> String {
        format!("outcomes/{}/{}.csv.gz", self.folder, self.name)
    }
}

/// Writes reports.
#[derive(Debug, Clone, Copy)]
pub struct ReportFile<'a, O> {
    bucket: &'a O,
}

impl<'a, O: Objects> ReportFile<'a, O> {
    /// Writes into that bucket.
    pub fn new(bucket: &'a O) -> Self {
        Self { bucket }
    }

    /// Writes a file's report, over the last one of the same run.
    ///
    /// # Errors
    /// The bucket failed.
    pub async fn write(&self, report: &mut Report) -> Result<(), ReportError> {
        let files = RunFiles::of_file(
            report.module.as_deref(),
            &report.source,
            &report.run_id,
            report.started_at,
        );
        self.write_to(files.report(), report).await
    }

    /// Writes a report to that key.
    ///
    /// # Errors
    /// The bucket failed.
    pub async fn write_to(&self, key: String, report: &mut Report) -> Result<(), ReportError> {
        report.report_key = Some(key.clone());
        let json = serde_json::to_vec_pretty(report)?;
        Ok(self.bucket.put(&key, "application/json", json).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runs_files_lie_by_module_and_day() {
        let at: Timestamp = "2026-11-24T23:30:00Z".parse().unwrap();
        let files = RunFiles::of_file(Some("Contacts"), "inbox/Contacts/shop/Kunden.csv.gz", "r1", at);
        assert_eq!(files.report(), "reports/Contacts/2026-11-24/Kunden.r1.json");
        assert_eq!(files.rejects("csv"), "rejects/Contacts/2026-11-24/Kunden.r1.csv");
        assert_eq!(files.outcomes(), "outcomes/Contacts/2026-11-24/Kunden.r1.csv.gz");
        assert_eq!(
            RunFiles::of_messages("r2", at).report(),
            "reports/_queue/2026-11-24/23/r2.json"
        );
    }
}
