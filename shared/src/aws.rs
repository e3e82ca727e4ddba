//! One set-up for all AWS clients of a function, and AWS's errors in words that carry no content.

use std::error::Error;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// How long opening a connection may take.
const CONNECT: Duration = Duration::from_secs(3);
/// How long one try of a call may take: a slow one is given up while the invocation still has time for another.
const ATTEMPT: Duration = Duration::from_secs(10);
/// How often a call is tried.
const ATTEMPTS: u32 = 4;

/// Loads region, credentials and endpoint once; every client of the function is made from it.
pub async fn load() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(CONNECT)
                .operation_attempt_timeout(ATTEMPT)
                .build(),
        )
        .load()
        .await
}

/// Puts a failed call into words: AWS's own code and message, or what kept the call from being answered. Never the
/// answer's body, which may hold a secret.
pub fn problem<E: ProvideErrorMetadata + Error>(error: &SdkError<E, HttpResponse>) -> String {
    if let Some(service) = error.as_service_error() {
        let code = service.code().unwrap_or("unknown error");
        return match service.message() {
            Some(message) => format!("{code}: {message}"),
            None => code.to_owned(),
        };
    }
    match error {
        SdkError::TimeoutError(_) => "no answer in time".to_owned(),
        SdkError::DispatchFailure(failure) => {
            let cause = failure
                .as_connector_error()
                .map(|error| innermost(error))
                .unwrap_or_default();
            format!("AWS could not be reached: {cause}")
        }
        SdkError::ConstructionFailure(_) => "the request could not be put together".to_owned(),
        _ => "AWS's answer could not be read".to_owned(),
    }
}

/// Whether AWS answered with that code.
pub fn has_code<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>, code: &str) -> bool {
    error.as_service_error().and_then(ProvideErrorMetadata::code) == Some(code)
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
