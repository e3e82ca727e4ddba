//! One call of an AWS service in its JSON protocol, signed here: for a service of which one call is needed, and whose SDK
//! would weigh more than the function that makes it.

use std::time::{Duration, SystemTime};

use aws_config::{Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningParams, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bigin::https::{self, ClientUnusable};
use reqwest::Client;
use serde_json::Value;

/// Which service, and in which protocol.
#[derive(Debug, Clone, Copy)]
pub struct JsonProtocol {
    /// The first label of its host, which its signatures name, too.
    pub name: &'static str,
    /// What the SDKs' variable for its address ends with: `AWS_ENDPOINT_URL_<this>`.
    pub variable: &'static str,
    /// The content type.
    pub content_type: &'static str,
}

/// A service.
#[derive(Debug, Clone)]
pub struct AwsJson {
    protocol: JsonProtocol,
    http: Client,
    region: Option<Region>,
    credentials: Option<SharedCredentialsProvider>,
    endpoint: String,
}

/// Why a call gave no usable answer, without a word of what was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CallProblem(String);

impl AwsJson {
    /// The service in the region of that configuration. A call takes so long at most.
    ///
    /// # Errors
    /// There is no HTTP client to be had.
    pub fn new(config: &SdkConfig, protocol: JsonProtocol, timeout: Duration) -> Result<Self, ClientUnusable> {
        let region = config.region().cloned();
        let of_service = std::env::var(format!("AWS_ENDPOINT_URL_{}", protocol.variable));
        let endpoint = of_service.or_else(|_| std::env::var("AWS_ENDPOINT_URL")).ok();
        let endpoint = endpoint.filter(|url| !url.is_empty());
        Ok(Self {
            http: https::client(timeout)?,
            endpoint: endpoint.unwrap_or_else(|| endpoint_in(protocol.name, region.as_ref())),
            credentials: config.credentials_provider(),
            region,
            protocol,
        })
    }

    /// Makes a call; answers with the answer's body.
    ///
    /// # Errors
    /// The service could not be reached, or refused.
    pub async fn call(&self, target: &str, body: String) -> Result<Vec<u8>, CallProblem> {
        let headers = self.signed(target, &body).await?;
        let mut request = self.http.post(&self.endpoint).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let problem = |text: &str| CallProblem(text.to_owned());
        // The library's own words would repeat the address, and may repeat more.
        let answer = request.send().await.map_err(|_| problem("it could not be reached"))?;
        let status = answer.status();
        let text = answer.bytes().await.map_err(|_| problem("its answer cannot be read"))?;
        if !status.is_success() {
            let told: Value = serde_json::from_slice(&text).unwrap_or_default();
            let code = told["__type"].as_str().unwrap_or("no code");
            return Err(CallProblem(format!("{status}, {code}")));
        }
        Ok(text.to_vec())
    }

    /// The request's headers, the signature among them (AWS IAM user guide, "Signature Version 4").
    async fn signed(&self, target: &str, body: &str) -> Result<Vec<(String, String)>, CallProblem> {
        let missing = |what: &str| CallProblem(format!("there {what} to ask with"));
        let region = self.region.as_ref().ok_or_else(|| missing("is no region"))?;
        let credentials = self.credentials.as_ref().ok_or_else(|| missing("are no credentials"))?;
        let credentials = credentials.provide_credentials().await;
        let identity = credentials.map_err(|_| missing("are no credentials"))?.into();
        let unsigned = || CallProblem("the question could not be signed".to_owned());
        let params: SigningParams<'_> = v4::SigningParams::builder()
            .identity(&identity)
            .region(region.as_ref())
            .name(self.protocol.name)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|_| unsigned())?
            .into();
        let headers = [("content-type", self.protocol.content_type), ("x-amz-target", target)];
        let body = SignableBody::Bytes(body.as_bytes());
        let signable = SignableRequest::new("POST", &self.endpoint, headers.into_iter(), body);
        let (signature, _) = sign(signable.map_err(|_| unsigned())?, &params)
            .map_err(|_| unsigned())?
            .into_parts();
        let signature = signature
            .headers()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let plain = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok(plain.into_iter().chain(signature).collect())
    }
}

/// Where a service is (AWS general reference, "Service endpoints").
fn endpoint_in(name: &str, region: Option<&Region>) -> String {
    let region = region.map_or("us-east-1", |region| region.as_ref());
    let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("https://{name}.{region}.amazonaws.com{suffix}/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partition_has_its_own_endpoint() {
        let of = |region| endpoint_in("monitoring", Some(&Region::new(region)));
        assert_eq!(of("eu-central-1"), "https://monitoring.eu-central-1.amazonaws.com/");
        assert_eq!(of("cn-north-1"), "https://monitoring.cn-north-1.amazonaws.com.cn/");
    }
}
