//! Follows a file that was put into the bucket, until its run has ended.

use std::pin::pin;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::sleep;

use crate::error::OperatorError;
use crate::report::Report;
use crate::runs::Runs;
use crate::screen::Screen;

/// How long lies between two looks at the report.
const LOOK: Duration = Duration::from_secs(1);

/// A file on its way.
#[derive(Debug)]
pub(crate) struct Followed<'a> {
    pub runs: Runs<'a>,
    pub key: String,
    pub version: Option<String>,
    pub since: Timestamp,
}

impl Followed<'_> {
    /// Waits until the run has ended; shows how it goes where a person looks. Ctrl-C ends the tool alone: the import
    /// goes on by itself.
    pub(crate) async fn to_the_end(&self, screen: &Screen) -> Result<(Value, Report), OperatorError> {
        let bar = if screen.is_terminal() {
            ProgressBar::no_length()
        } else {
            ProgressBar::hidden()
        };
        // The template is a constant; one that cannot be read shows indicatif's own.
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {msg} {human_pos}/{human_len} rows, {per_sec}, {eta} left")
        {
            bar.set_style(style);
        }
        bar.set_message("waits for its run");
        let mut report_key = None;
        // One future throughout: a Ctrl-C that comes while something is read is not lost.
        let mut interrupted = pin!(tokio::signal::ctrl_c());
        loop {
            if report_key.is_none() {
                let found = self
                    .runs
                    .of_version(&self.key, self.version.as_deref(), self.since, Timestamp::now());
                report_key = found.await?;
            }
            if let Some(key) = &report_key {
                let (value, report) = self.runs.read(key).await?;
                if report.is_final() {
                    bar.finish_and_clear();
                    return Ok((value, report));
                }
                show(&bar, &report);
            }
            tokio::select! {
                () = sleep(LOOK) => bar.tick(),
                _ = &mut interrupted => {
                    bar.finish_and_clear();
                    return Err(OperatorError::Interrupted(match &report_key {
                        Some(key) => format!("its report is {key}"),
                        None => "`bigin-relay runs` will list it".to_owned(),
                    }));
                }
            }
        }
    }
}

fn show(bar: &ProgressBar, report: &Report) {
    if let Some(rows) = report.planned_rows() {
        bar.set_length(rows);
    }
    bar.set_position(report.rows.ended());
    bar.set_message(match &report.reason {
        Some(reason) => format!("{} ({})", report.status, reason.code),
        None => report.status.clone(),
    });
}
