//! The certificate authorities that AWS is trusted by: Amazon's own. For Zoho, and for bundles that the machine names, see
//! [`bigin::roots`].
//!
//! Why not rustls-native-certs or the platform's verifier: reading the machine's bundle of some 140 authorities costs 2 to
//! 3 ms of CPU for each client. With that bundle the four functions took 4.3 to 6.7 ms to their first request for work;
//! with these authorities they took 2.5 to 4.1 ms. (The two were not measured at the same priority.) Why not Mozilla's
//! list, which is compiled in for Zoho anyway: it would let some 140 authorities vouch for AWS where Amazon's five do.

use bigin::roots::{chosen, machine, machine_names_its_own};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, Error, RootCertStore};

/// Amazon Root CA 1 to 4 and Starfield Services Root Certificate Authority - G2, which all of AWS's endpoints outside of
/// China chain up to (<https://www.amazontrust.com/repository/>). None runs out before the end of 2037.
const AMAZON: &[u8] = include_bytes!("amazon.pem");

/// Whom AWS is trusted by, in that region.
///
/// # Errors
/// The machine's authorities were to be used, and there are none.
pub(crate) fn aws(region: Option<&str>) -> Result<ClientConfig, Error> {
    if machine_names_its_own() || region.is_some_and(|region| !is_amazons(region)) {
        machine()
    } else {
        amazon()
    }
}

/// Whether a region's endpoints are certified by Amazon's public authorities. China's and the isolated partitions' may
/// not be.
fn is_amazons(region: &str) -> bool {
    !region.starts_with("cn-") && !region.contains("-iso")
}

fn amazon() -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(AMAZON).filter_map(Result::ok));
    chosen(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amazons_authorities_can_be_read() {
        let parsed = CertificateDer::pem_slice_iter(AMAZON).map(Result::unwrap);
        assert_eq!(RootCertStore::empty().add_parsable_certificates(parsed), (5, 0));
        assert!(amazon().is_ok());
    }

    #[test]
    fn china_and_the_isolated_partitions_are_trusted_by_the_machines_authorities() {
        assert!(is_amazons("eu-central-1") && is_amazons("us-gov-west-1"));
        assert!(!is_amazons("cn-north-1") && !is_amazons("us-iso-east-1") && !is_amazons("us-isob-east-1"));
    }
}
