//! The certificate authorities that Zoho is trusted by.
//!
//! They are Mozilla's list, compiled in by the crate webpki-roots. Reading the machine's bundle of some 140 authorities
//! (rustls-native-certs) costs 2 to 3 ms of CPU for each client. Whoever names a bundle of their own in `SSL_CERT_FILE` or
//! `SSL_CERT_DIR` (for a proxy that looks into TLS, say) gets that bundle instead. This file is the choice between the two.

use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::{ClientConfig, ConfigBuilder, Error, RootCertStore, WantsVerifier};
use rustls_platform_verifier::BuilderVerifierExt;

/// Whether the machine names a bundle of its own.
pub fn machine_names_its_own() -> bool {
    ["SSL_CERT_FILE", "SSL_CERT_DIR"]
        .into_iter()
        .any(|name| std::env::var_os(name).is_some())
}

/// Whom Zoho is trusted by.
///
/// # Errors
/// The machine's authorities were to be used, and there are none.
pub fn zoho() -> Result<ClientConfig, Error> {
    if machine_names_its_own() { machine() } else { mozilla() }
}

/// The authorities that the machine trusts.
///
/// # Errors
/// There are none.
pub fn machine() -> Result<ClientConfig, Error> {
    Ok(finished(versions()?.with_platform_verifier()?))
}

/// These authorities and no others.
///
/// # Errors
/// The TLS library cannot be set up.
pub fn chosen(roots: RootCertStore) -> Result<ClientConfig, Error> {
    Ok(finished(versions()?.with_root_certificates(roots)))
}

/// Mozilla's list as of the build.
fn mozilla() -> Result<ClientConfig, Error> {
    chosen(RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    })
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
    fn mozillas_list_can_be_read() {
        assert!(mozilla().is_ok());
    }
}
