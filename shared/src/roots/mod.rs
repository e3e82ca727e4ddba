//! Which certificate authorities are trusted.
//!
//! Reading the machine's bundle of some 140 costs 2 to 3 ms of CPU for each client, which is most of a cold start. So AWS is
//! trusted by Amazon's own authorities, and Zoho by Mozilla's list as it was compiled in. Whoever names a bundle of
//! their own in `SSL_CERT_FILE` or `SSL_CERT_DIR` (a proxy that looks into TLS, say) gets that instead, for both.

use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ConfigBuilder, Error, RootCertStore, WantsVerifier};
use rustls_platform_verifier::BuilderVerifierExt;

/// Amazon Root CA 1 to 4 and Starfield Services Root Certificate Authority - G2, which all of AWS's endpoints outside of
/// China chain up to (<https://www.amazontrust.com/repository/>). None runs out before the end of 2037.
const AMAZON: &[u8] = include_bytes!("amazon.pem");

/// Whether the machine names a bundle of its own.
fn machine_has_its_own() -> bool {
    ["SSL_CERT_FILE", "SSL_CERT_DIR"]
        .into_iter()
        .any(|name| std::env::var_os(name).is_some())
}

/// Whom AWS is trusted by, in that region.
///
/// # Errors
/// The machine's authorities were to be used, and there are none.
pub(crate) fn aws(region: Option<&str>) -> Result<ClientConfig, Error> {
    if machine_has_its_own() || region.is_some_and(|region| !is_amazons(region)) {
        machine()
    } else {
        amazon()
    }
}

/// Whom Zoho is trusted by.
///
/// # Errors
/// The machine's authorities were to be used, and there are none.
pub(crate) fn zoho() -> Result<ClientConfig, Error> {
    if machine_has_its_own() { machine() } else { mozilla() }
}

/// Whether a region's endpoints are certified by Amazon's public authorities. China's and the isolated partitions' may
/// not be.
fn is_amazons(region: &str) -> bool {
    !region.starts_with("cn-") && !region.contains("-iso")
}

fn machine() -> Result<ClientConfig, Error> {
    Ok(finished(versions()?.with_platform_verifier()?))
}

fn amazon() -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(AMAZON).filter_map(Result::ok));
    Ok(finished(versions()?.with_root_certificates(roots)))
}

/// Mozilla's list as of the build.
fn mozilla() -> Result<ClientConfig, Error> {
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    Ok(finished(versions()?.with_root_certificates(roots)))
}

fn versions() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()
}

fn finished(config: ConfigBuilder<ClientConfig, WantsClientCert>) -> ClientConfig {
    config.with_no_client_auth()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amazons_authorities_can_be_read_and_so_can_mozillas() {
        let parsed = CertificateDer::pem_slice_iter(AMAZON).map(Result::unwrap);
        assert_eq!(RootCertStore::empty().add_parsable_certificates(parsed), (5, 0));
        assert!(amazon().is_ok() && mozilla().is_ok());
    }

    #[test]
    fn china_and_the_isolated_partitions_are_trusted_by_the_machines_authorities() {
        assert!(is_amazons("eu-central-1") && is_amazons("us-gov-west-1"));
        assert!(!is_amazons("cn-north-1") && !is_amazons("us-iso-east-1") && !is_amazons("us-isob-east-1"));
    }
}
