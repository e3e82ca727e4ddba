//! One set-up for all AWS clients of a function, and AWS's errors in words that carry no content.

use std::error::Error;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::IdentityCache;
use aws_sdk_dynamodb::config::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use crate::{aws_http, roots};
use bigin::https::ClientUnusable;

/// How long opening a connection may take.
const CONNECT: Duration = Duration::from_secs(3);
/// How long one try of a call may take: a slow one is given up while the invocation still has time for another.
const ATTEMPT: Duration = Duration::from_secs(10);
/// How often a call is tried.
const ATTEMPTS: u32 = 4;

/// Region, credentials and endpoint, as Lambda's environment gives them; every client of the function is made from it.
///
/// The SDK's own loader also looks for credentials in profiles, in the metadata of machines and containers, and at the
/// token service. Lambda gives them in the environment: leaving the rest out makes each function about a megabyte
/// smaller and its start shorter.
///
/// # Errors
/// TLS could not be set up.
pub fn load() -> Result<SdkConfig, ClientUnusable> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
    let tls = roots::aws(region.as_deref())?;
    let config = SdkConfig::builder()
        .http_client(aws_http::client(tls, CONNECT))
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(
            EnvironmentVariableCredentialsProvider::new(),
        ))
        .identity_cache(IdentityCache::lazy().build())
        .service_config(Endpoints)
        .use_fips(variable("AWS_USE_FIPS_ENDPOINT").is_some_and(|value| value == "true"))
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).build())
        .region(region.map(Region::new))
        .build();
    Ok(config)
}

/// A service's client that is made when it is first used. Each client then reads its own copy of all of AWS's
/// regions. That takes a quarter of a millisecond of CPU. A cold start need not pay it for services that most
/// invocations do not ask.
pub type Lazy<C> = Arc<LazyLock<C, Box<dyn FnOnce() -> C + Send + Sync>>>;

/// Puts off making a client.
pub fn lazy<C: 'static>(config: &SdkConfig, make: fn(&SdkConfig) -> C) -> Lazy<C> {
    let config = config.clone();
    Arc::new(LazyLock::new(Box::new(move || make(&config))))
}

/// Endpoints by the SDKs' own variables: `AWS_ENDPOINT_URL_<SERVICE>`, or `AWS_ENDPOINT_URL` for all services.
#[derive(Debug)]
struct Endpoints;

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_ascii_uppercase().replace([' ', '-'], "_");
        let of = |name: String| std::env::var(name).ok().filter(|value| !value.is_empty());
        of(format!("{}_{service}", key.env())).or_else(|| of(key.env().to_owned()))
    }
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
