//! The switches: how the sandbox behaves where the contract leaves a choice, and the limits that tests move.

mod choices;

pub use choices::{
    BulkModule, CoqlQuote, CreditsHeader, CriteriaField, DownloadUrl, Edition, IgnoreEmpty, PageTokenKind, Support,
    UnknownFields,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// All switches, with the contract's defaults. `PUT /console/settings` takes any of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The data centre that this sandbox plays; clients of another are unknown to it.
    pub data_center: String,
    /// The organisation's edition.
    pub edition: Edition,
    /// Users that the edition is paid for.
    pub users_licensed: u64,
    /// Whether the edition is on trial: `/org` says that nothing is paid, and the credits are those of the edition.
    pub trial: bool,
    /// API credits a day, instead of what the edition gives.
    pub credits: Option<u64>,
    /// When the header with the remaining credits is sent.
    pub credits_header: CreditsHeader,
    /// Calls that one organisation and client may have in flight.
    pub concurrency: usize,
    /// The code of a 429; Zoho's examples also have `RATE_LIMIT_EXCEEDED`.
    pub throttle_code: String,
    /// How long every API call takes, from its arrival to its answer. The commit is halfway.
    pub latency_ms: u64,
    /// As much again at most, drawn anew for each call.
    pub latency_jitter_ms: u64,
    /// Status of a write in which some records succeeded and some failed: 207, 202 or 200.
    pub mixed_status: u16,
    /// Status of a write in which every record failed.
    pub all_failed_status: u16,
    /// How long a written record stays invisible to search.
    pub search_lag_s: u64,
    /// Life of an access token.
    pub access_token_life_s: u64,
    /// Status of `Access Denied` at the token endpoint.
    pub access_denied_status: u16,
    /// Whether a refresh that is denied starts the ten minutes anew.
    pub denied_tries_prolong: bool,
    /// Refreshes of one refresh token in ten minutes.
    pub refreshes_per_10_minutes: usize,
    /// Codes of one client in ten minutes.
    pub codes_per_10_minutes: usize,
    /// Live access tokens of one refresh token; the oldest dies beyond it.
    pub live_access_tokens: usize,
    /// Refresh tokens of one user and client; the oldest dies beyond it.
    pub refresh_tokens_per_user: usize,
    /// Whether token answers name the scope.
    pub scope_in_answers: bool,
    /// Whether `expires_in` is milliseconds and `expires_in_sec` comes beside it, as in older answers.
    pub expires_in_milliseconds: bool,
    /// The `api_domain` of token answers, instead of the sandbox's own address.
    pub api_domain: Option<String>,
    /// Whether only `yyyy-MM-ddTHH:mm:ss+HH:mm` is a datetime; otherwise `Z` and fractions are too.
    pub strict_datetimes: bool,
    /// What happens to unknown field names in writes.
    pub unknown_fields: UnknownFields,
    /// How quotes in COQL values are escaped.
    pub coql_quote: CoqlQuote,
    /// The most columns of a query's ORDER BY: Bigin's page shows one, Zoho CRM takes more.
    pub coql_order_columns: usize,
    /// Status and code of a call on behalf of a user who was deactivated: 401 `INACTIVE_USER`, 403 `USER_INACTIVE`.
    pub inactive_user_status: u16,
    /// The code under that status.
    pub inactive_user_code: String,
    /// Whether such a user's refresh token still gives access tokens; otherwise `invalid_code`.
    pub inactive_user_refreshes: bool,
    /// `If-Modified-Since` on a list.
    pub list_if_modified_since: Support,
    /// `ids` on a list.
    pub list_ids: Support,
    /// `If-Modified-Since` on `/deleted`.
    pub deleted_if_modified_since: Support,
    /// How many records of `/deleted` pages reach; all without it.
    pub deleted_reach: Option<usize>,
    /// What page tokens stand for.
    pub page_tokens: PageTokenKind,
    /// Life of a page token.
    pub page_token_life_s: u64,
    /// Whether records are stamped with whole seconds; otherwise the fraction that no answer shows counts in comparisons.
    pub whole_seconds: bool,
    /// Life of a watch channel that names no end, or one that is too far away. The docs say an hour, the recording two.
    pub watch_default_s: u64,
    /// `notify_on_related_action` of a channel that does not say it: false in Bigin's recording, true in CRM's words.
    pub watch_related_default: bool,
    /// How long a notification takes, by the machine's clock.
    pub watch_delay_ms: u64,
    /// The share of notifications that are lost.
    pub watch_drop_share: f64,
    /// The share of notifications that come twice.
    pub watch_twice_share: f64,
    /// The share of notifications that come late, and by how much.
    pub watch_late_share: f64,
    /// How late a late one comes.
    pub watch_late_ms: u64,
    /// The share of notifications that later ones overtake.
    pub watch_disorder_share: f64,
    /// How long a bulk read takes.
    pub bulk_read_s: u64,
    /// How long a bulk write takes.
    pub bulk_write_s: u64,
    /// How a bulk read names its module.
    pub bulk_read_module: BulkModule,
    /// How a bulk write names its module.
    pub bulk_write_module: BulkModule,
    /// Where `ignore_empty` of a bulk write counts.
    pub bulk_ignore_empty: IgnoreEmpty,
    /// How a criterion of a bulk read names its field.
    pub bulk_read_criteria: CriteriaField,
    /// The state of a bulk write that goes on; `INPROGRESS` is seen too.
    pub bulk_in_progress: String,
    /// The form of the address of a bulk write's result.
    pub bulk_download_url: DownloadUrl,
    /// The host for downloads, with its scheme.
    pub bulk_download_origin: String,
    /// Whether a bulk write sets off automations.
    pub bulk_runs_automation: bool,
    /// Whether uploads need the headers `feature` and `X-CRM-ORG`.
    pub upload_headers_needed: bool,
    /// Whether what is wrong with an uploaded file comes under 200; otherwise 400, and 413 for one that is too large.
    pub upload_errors_are_200: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data_center: "us".to_owned(),
            edition: Edition::Premier,
            users_licensed: 4,
            trial: false,
            credits: None,
            credits_header: CreditsHeader::Never,
            concurrency: 10,
            throttle_code: "TOO_MANY_REQUESTS".to_owned(),
            latency_ms: 0,
            latency_jitter_ms: 0,
            mixed_status: 207,
            all_failed_status: 400,
            search_lag_s: 15,
            access_token_life_s: 3600,
            access_denied_status: 400,
            denied_tries_prolong: true,
            refreshes_per_10_minutes: 10,
            codes_per_10_minutes: 10,
            live_access_tokens: 15,
            refresh_tokens_per_user: 20,
            scope_in_answers: true,
            expires_in_milliseconds: false,
            api_domain: None,
            strict_datetimes: true,
            unknown_fields: UnknownFields::Drop,
            coql_quote: CoqlQuote::Both,
            coql_order_columns: 1,
            inactive_user_status: 401,
            inactive_user_code: "INACTIVE_USER".to_owned(),
            inactive_user_refreshes: true,
            list_if_modified_since: Support::Honoured,
            list_ids: Support::Honoured,
            deleted_if_modified_since: Support::Honoured,
            deleted_reach: None,
            page_tokens: PageTokenKind::Keyset,
            page_token_life_s: 86_400,
            whole_seconds: false,
            watch_default_s: 7_200,
            watch_related_default: false,
            watch_delay_ms: 50,
            watch_drop_share: 0.0,
            watch_twice_share: 0.0,
            watch_late_share: 0.0,
            watch_late_ms: 5_000,
            watch_disorder_share: 0.0,
            bulk_read_s: 2,
            bulk_write_s: 2,
            bulk_read_module: BulkModule::Both,
            bulk_write_module: BulkModule::Both,
            bulk_ignore_empty: IgnoreEmpty::Both,
            bulk_read_criteria: CriteriaField::Both,
            bulk_in_progress: "IN PROGRESS".to_owned(),
            bulk_download_url: DownloadUrl::Relative,
            bulk_download_origin: "https://download-accl.zoho.com".to_owned(),
            bulk_runs_automation: true,
            upload_headers_needed: true,
            upload_errors_are_200: true,
        }
    }
}

impl Settings {
    /// API credits in any 24 hours.
    pub fn daily_credits(&self) -> u64 {
        self.credits.unwrap_or(match self.edition {
            Edition::Free => 5_000,
            Edition::Express | Edition::Premier => (50_000 + 250 * self.users_licensed).min(100_000),
        })
    }

    /// The same settings with some of them changed.
    ///
    /// # Errors
    /// A key that is no setting, or a value of another type.
    pub fn changed(&self, changes: Value) -> Result<Self, serde_json::Error> {
        let mut settings = serde_json::to_value(self)?;
        if let (Value::Object(settings), Value::Object(changes)) = (&mut settings, changes) {
            settings.extend(changes);
        }
        serde_json::from_value(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn credits_follow_the_edition_unless_they_are_set() {
        let credits = |changes| Settings::default().changed(changes).unwrap().daily_credits();
        assert_eq!(credits(json!({})), 51_000);
        assert_eq!(credits(json!({"edition": "free"})), 5_000);
        assert_eq!(credits(json!({"users_licensed": 1000})), 100_000);
        assert_eq!(credits(json!({"credits": 12})), 12);
    }

    #[test]
    fn a_setting_that_does_not_exist_is_refused() {
        assert!(Settings::default().changed(json!({"latency": 5})).is_err());
    }
}
