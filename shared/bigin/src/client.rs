//! Sends calls to the Bigin API and hands back judged answers.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap};
use reqwest::{Client, Method};

use super::CallFailure;
use super::answer::{Answer, RawAnswer, judge};
use crate::data_centre::ApiDomain;
use crate::https;
use crate::secret::AccessToken;

/// The largest answer that is read: a page of 200 records with every text area full stays below it.
pub const LARGEST_ANSWER: usize = 16 << 20;
const LARGEST: https::Largest = https::Largest {
    bytes: LARGEST_ANSWER,
    otherwise: "the answer has more than 16 MiB, and none of Bigin's has",
};

/// What a call needs to be let in: where the API is and the token for it.
#[derive(Debug, Clone)]
pub struct Access {
    /// The API's base URL, checked against Zoho's hosts before the token goes there.
    pub api_domain: ApiDomain,
    /// The token.
    pub token: AccessToken,
}

/// A client of the Bigin API v2. Cheap to clone; connections are shared.
#[derive(Debug, Clone)]
pub struct Bigin {
    http: Client,
}

impl Bigin {
    /// Uses the given HTTP client, which must not follow redirects ([`crate::https::client`]).
    pub fn new(http: Client) -> Self {
        Self { http }
    }

    /// Makes one call. `path` is what follows `/bigin/v2/`.
    pub(super) async fn call(
        &self,
        access: &Access,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<String>,
    ) -> Result<Answer, CallFailure> {
        let call = format!("{method} /bigin/v2/{path}");
        let url = format!("{}/bigin/v2/{path}", access.api_domain.as_str());
        let mut request = self
            .http
            .request(method, url)
            .query(query)
            // The word is Zoho-oauthtoken although the token answer says Bearer (Bigin developer guide, "OAuth").
            .header(AUTHORIZATION, format!("Zoho-oauthtoken {}", access.token.expose()));
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        let no_answer = |cut: https::Cut| CallFailure::NoAnswer {
            call: call.clone(),
            problem: cut.problem.to_owned(),
            may_have_arrived: cut.may_have_arrived,
        };
        let response = request
            .send()
            .await
            .map_err(|error| no_answer(https::Cut::from(&error)))?;
        let mut raw = head(response.status().as_u16(), response.headers());
        raw.body = https::body(response, LARGEST).await.map_err(no_answer)?;
        judge(&call, raw)
    }
}

fn head(status: u16, headers: &HeaderMap) -> RawAnswer {
    let text = |name| https::header(headers, name);
    RawAnswer {
        status,
        content_type: text(CONTENT_TYPE.as_str()).unwrap_or_default().to_ascii_lowercase(),
        retry_after: text("retry-after").and_then(|value| value.parse().ok()),
        credits_remaining: text("x-api-credits-remaining").and_then(|value| value.parse().ok()),
        token_expires_at: text("x-accesstoken-reset").and_then(|value| value.parse::<Timestamp>().ok()),
        date: text(DATE.as_str()).and_then(|value| rfc2822::DateTimeParser::new().parse_timestamp(value).ok()),
        body: Vec::new(),
    }
}

/// How long a call may take in all. Zoho documents no limit of its own; a batch of 100 with workflows is slow.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(30);
