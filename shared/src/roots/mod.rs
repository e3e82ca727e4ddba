//! Which certificate authorities are trusted.
//!
//! Reading the machine's bundle of some 140 costs 2 to 3 ms of CPU for each client, which is most of a cold start. So AWS is
//! trusted by Amazon's own authorities, and Zoho by Mozilla's list as it was compiled in. Whoever names a bundle of
//! their own in `SSL_CERT_FILE` or `SSL_CERT_DIR` (a proxy that looks into TLS, say) gets that instead, for both.

use std::sync::Arc;

use aws_config::Region;
use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use rustls::{ClientConfig, RootCertStore};

/// Amazon Root CA 1 to 4 and Starfield Services Root Certificate Authority - G2, which all of AWS's endpoints outside of
/// China chain up to (<https://www.amazontrust.com/repository/>). None runs out before the end of 2037.
const AMAZON: &[u8] = include_bytes!("amazon.pem");

/// Whether the machine names a bundle of its own.
fn machine_has_its_own() -> bool {
    ["SSL_CERT_FILE", "SSL_CERT_DIR"]
        .into_iter()
        .any(|name| std::env::var_os(name).is_some())
}

/// The client for AWS; `None` where the SDK's own, which trusts the machine's authorities, is to be used.
pub(crate) fn aws_client(region: Option<&Region>) -> Option<SharedHttpClient> {
    let is_elsewhere = region.is_some_and(|region| !is_amazons(region.as_ref()));
    if machine_has_its_own() || is_elsewhere {
        return None;
    }
    let trust = TrustStore::empty().with_pem_certificate(AMAZON);
    let context = TlsContext::builder().with_trust_store(trust).build().ok()?;
    let client = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .tls_context(context)
        .build_https();
    Some(client)
}

/// Whether a region's endpoints are certified by Amazon's public authorities. China's and the isolated partitions' may
/// not be.
fn is_amazons(region: &str) -> bool {
    !region.starts_with("cn-") && !region.contains("-iso")
}

/// How Zoho is trusted; `None` where the machine's authorities are to be used.
pub(crate) fn zoho() -> Option<ClientConfig> {
    if machine_has_its_own() { None } else { compiled_in() }
}

/// Mozilla's list as of the build.
fn compiled_in() -> Option<ClientConfig> {
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?;
    Some(config.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amazons_authorities_can_be_read_and_so_can_mozillas() {
        assert_eq!(String::from_utf8_lossy(AMAZON).matches("BEGIN CERTIFICATE").count(), 5);
        let trust = TrustStore::empty().with_pem_certificate(AMAZON);
        assert!(TlsContext::builder().with_trust_store(trust).build().is_ok());
        assert!(compiled_in().is_some());
    }

    #[test]
    fn china_and_the_isolated_partitions_are_trusted_by_the_machines_authorities() {
        assert!(is_amazons("eu-central-1") && is_amazons("us-gov-west-1"));
        assert!(!is_amazons("cn-north-1") && !is_amazons("us-iso-east-1") && !is_amazons("us-isob-east-1"));
    }
}
