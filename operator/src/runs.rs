//! Finds runs by their reports in the bucket.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use shared::bucket::stem;

use crate::error::OperatorError;
use crate::report::Report;
use crate::stack::{Found, Stack};

const REPORTS: &str = "reports/";

/// The runs of a stack. A report lies at `reports/<Module>/<yyyy-mm-dd>/<name>.<run_id>.json`, one of messages at
/// `reports/_queue/<yyyy-mm-dd>/<hh>/<run_id>.json`; a run's id begins with its time.
#[derive(Debug)]
pub struct Runs<'a> {
    stack: &'a Stack,
}

impl<'a> Runs<'a> {
    /// The runs of that stack.
    pub fn of(stack: &'a Stack) -> Self {
        Self { stack }
    }

    /// The keys of the newest reports of so many days, newest first.
    ///
    /// # Errors
    /// AWS refused or failed.
    pub async fn newest(&self, days: u8, most: usize, now: Timestamp) -> Result<Vec<String>, OperatorError> {
        let mut found: Vec<Found> = Vec::new();
        for folder in self.stack.folders(REPORTS).await? {
            for day in days_until(now, days) {
                found.extend(self.stack.list(&format!("{folder}{day}/")).await?);
            }
        }
        found.sort_by(|one, other| {
            other
                .written_s
                .cmp(&one.written_s)
                .then_with(|| one.key.cmp(&other.key))
        });
        Ok(found.into_iter().take(most).map(|report| report.key).collect())
    }

    /// The key of a run's report.
    ///
    /// # Errors
    /// No run has that id, or AWS refused or failed.
    pub async fn find(&self, run_id: &str) -> Result<String, OperatorError> {
        let unknown = || OperatorError::NoRun(run_id.to_owned());
        let day = day_of(run_id).ok_or_else(unknown)?;
        for folder in self.stack.folders(REPORTS).await? {
            let reports = self.stack.list(&format!("{folder}{day}/")).await?;
            if let Some(report) = reports.into_iter().find(|report| is_of_run(&report.key, run_id)) {
                return Ok(report.key);
            }
        }
        Err(unknown())
    }

    /// The key of the report of that version of a file, once there is one. `since` is when it was put.
    ///
    /// # Errors
    /// AWS refused or failed.
    pub async fn of_version(
        &self,
        key: &str,
        version: Option<&str>,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Option<String>, OperatorError> {
        let mut days = vec![day(since), day(now)];
        days.dedup();
        for folder in self.stack.folders(REPORTS).await? {
            for day in &days {
                for report in self.stack.list(&format!("{folder}{day}/{}.", stem(key))).await? {
                    // The report's own clock and this machine's may differ by some minutes.
                    if report.written_s < since.as_second() - 600 {
                        continue;
                    }
                    let (_, said) = self.read(&report.key).await?;
                    if said.source.as_deref() == Some(key)
                        && (version.is_none() || said.source_version.as_deref() == version)
                    {
                        return Ok(Some(report.key));
                    }
                }
            }
        }
        Ok(None)
    }

    /// A report, as it lies in the bucket and as it is understood.
    ///
    /// # Errors
    /// It is gone or cannot be read, or AWS refused or failed.
    pub async fn read(&self, key: &str) -> Result<(serde_json::Value, Report), OperatorError> {
        let bytes = self.stack.get(key).await?;
        let unreadable = |error: serde_json::Error| OperatorError::Unreadable {
            what: key.to_owned(),
            problem: error.to_string(),
        };
        let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(unreadable)?;
        let report = serde_json::from_value(value.clone()).map_err(unreadable)?;
        Ok((value, report))
    }
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// The days up to now, newest first.
fn days_until(now: Timestamp, days: u8) -> Vec<String> {
    let today = now.to_zoned_datetime(TimeZone::UTC).date();
    (0..i32::from(days))
        .filter_map(|back| today.checked_sub(back.days()).ok())
        .map(|day| day.to_string())
        .collect()
}

/// The day of a run, by its id: `20261130T093000-1a2b3c4d` began on 2026-11-30.
fn day_of(run_id: &str) -> Option<String> {
    let digits = run_id
        .get(..8)
        .filter(|day| day.bytes().all(|byte| byte.is_ascii_digit()))?;
    Some(format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..]))
}

fn is_of_run(key: &str, run_id: &str) -> bool {
    key.strip_suffix(".json")
        .and_then(|key| key.strip_suffix(run_id))
        .is_some_and(|before| before.ends_with(['.', '/']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_found_by_its_whole_id_alone() {
        let id = "20261130T093000-1a2b3c4d";
        assert!(is_of_run(
            "reports/Contacts/2026-11-30/a.b.20261130T093000-1a2b3c4d.json",
            id
        ));
        assert!(is_of_run(
            "reports/_queue/2026-11-30/09/20261130T093000-1a2b3c4d.json",
            id
        ));
        assert!(!is_of_run(
            "reports/Contacts/2026-11-30/x.120261130T093000-1a2b3c4d.json",
            id
        ));
        assert_eq!(day_of(id).as_deref(), Some("2026-11-30"));
        assert_eq!(day_of("customers"), None);
        assert_eq!(day_of("2026113é"), None);
    }

    #[test]
    fn days_go_back_over_the_end_of_a_month() {
        assert_eq!(
            days_until("2026-12-01T00:10:00Z".parse().unwrap(), 3),
            ["2026-12-01", "2026-11-30", "2026-11-29"]
        );
    }
}
