//! What tests of several crates begin with.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "support for tests: a panic here is a test that fails, and what it takes is easy to give"
)]

mod test_clock;
mod test_tokens;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::tokens::{AccessDocument, AccessTokenRecord, SelfClient};
use bigin::data_centre::{DataCentre, ZohoHosts};
use bigin::secret::{AccessToken, ClientSecret, RefreshToken};

pub use crate::stepping::{interleave, step};
pub use test_clock::TestClock;
pub use test_tokens::TestTokens;

/// The user whom [`self_client`] was authorized by.
pub const USER: &str = "ops@example.com";
/// The organisation that the tokens are for.
pub const ORG_ID: &str = "60001234";

/// A self client that is authorized.
pub fn self_client(refresh_token: &str) -> SelfClient {
    SelfClient {
        client_id: "1000.CLIENT".to_owned(),
        client_secret: ClientSecret::new("canary-client-secret"),
        refresh_token: RefreshToken::new(refresh_token),
        accounts_url: ZohoHosts::of(DataCentre::Eu).accounts_url(),
        data_center: DataCentre::Eu,
        scope: vec!["ZohoBigin.modules.ALL".to_owned()],
        org_id: Some(ORG_ID.to_owned()),
        org_name: Some("Example".to_owned()),
        user_email: Some(USER.to_owned()),
        authorized_at: Some(Timestamp::UNIX_EPOCH),
        pending: None,
        replaced: Vec::new(),
    }
}

/// An access token that lives for an hour.
pub fn access_token(text: &str, issued_at: Timestamp) -> AccessDocument {
    AccessDocument::Token(AccessTokenRecord {
        access_token: AccessToken::new(text).unwrap(),
        api_domain: ZohoHosts::of(DataCentre::Eu).usual_api_domain(),
        org_id: Some(ORG_ID.to_owned()),
        issued_at,
        expires_at: issued_at + SignedDuration::from_hours(1),
    })
}

/// Waits until something holds, for ten seconds at most.
///
/// # Panics
/// It has not come to hold.
pub async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(tokio::time::Instant::now() < deadline, "{what} has not come to pass");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Leaves a line for `make test` to print when the tests are through. `tmp` is the test's own `CARGO_TARGET_TMPDIR`.
pub fn leave_figure(tmp: &str, line: &str) {
    use std::io::Write;
    let place = std::path::Path::new(tmp).join("figures.txt");
    let file = std::fs::OpenOptions::new().create(true).append(true).open(place);
    // One write: the lines of tests that run at the same time stay whole.
    file.unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// What a run of functions has shown, and what must not be in it.
///
/// A run is an ignored test of its own. [`Witness::of`] starts it in a process of its own. So all that it
/// prints is seen, however it was printed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Witness {
    canaries: Vec<(String, String)>,
    shown: Vec<(String, String)>,
}

/// Where a run leaves its witness.
const WITNESS: &str = "LEAKS_WITNESS";

impl Witness {
    /// This must not be seen anywhere.
    pub fn guard(&mut self, what: &str, canary: &str) {
        assert!(canary.len() >= 8, "{what} is too short to be found for sure");
        if self.canaries.iter().all(|(_, known)| known != canary) {
            self.canaries.push((what.to_owned(), canary.to_owned()));
        }
    }

    /// This is seen by somebody: an error, an item of the state table, a report.
    pub fn show(&mut self, what: &str, text: impl ToString) {
        let shown = (what.to_owned(), text.to_string());
        if !self.shown.contains(&shown) {
            self.shown.push(shown);
        }
    }

    /// The run is at its end.
    pub fn rest(&self) {
        let path = std::env::var(WITNESS).unwrap();
        std::fs::write(path, serde_json::to_vec(self).unwrap()).unwrap();
    }

    /// Runs an ignored test of this test's own program; answers with what it has shown and printed.
    pub fn of(run: &str) -> Self {
        let path = std::env::temp_dir().join(format!("leaks-{}-{run}", std::process::id()));
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args([run, "--exact", "--ignored", "--nocapture", "--test-threads=1"])
            .env(WITNESS, &path)
            .output()
            .unwrap();
        let (out, err) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(output.status.success(), "{out}\n{err}");
        let mut witness: Self = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        std::fs::remove_file(&path).unwrap();
        witness.show("the log", &out);
        witness.show("the error stream", &err);
        witness
    }

    /// Whether somebody has seen that.
    pub fn has_seen(&self, text: &str) -> bool {
        self.shown.iter().any(|(_, shown)| shown.contains(text))
    }

    /// The leaks, in any letter case: what, where, and the line.
    pub fn leaks(&self) -> Vec<String> {
        let mut leaks = Vec::new();
        for (place, shown) in &self.shown {
            for line in shown.lines() {
                let folded = line.to_lowercase();
                let found = |canary: &str| folded.contains(&canary.to_lowercase());
                leaks.extend(
                    self.canaries
                        .iter()
                        .filter(|(_, canary)| found(canary))
                        .map(|(what, _)| format!("{what} is in {place}: {line}")),
                );
            }
        }
        leaks
    }
}
