use super::*;

#[test]
fn each_code_names_its_data_centre() {
    for centre in DataCentre::ALL {
        assert_eq!(centre.code().parse(), Ok(centre));
        assert_eq!(centre.code().to_uppercase().parse(), Ok(centre));
    }
    assert!("com".parse::<DataCentre>().is_err());
}

#[test]
fn canada_keeps_its_accounts_elsewhere() {
    assert_eq!(
        ZohoHosts::of(DataCentre::Ca).accounts_url(),
        "https://accounts.zohocloud.ca"
    );
}

#[test]
fn every_data_centres_api_host_is_believed_at_any_of_them() {
    for centre in DataCentre::ALL {
        let domain = ZohoHosts::of(DataCentre::Eu).check_api_domain(&format!("https://{}/", centre.api_host()));
        assert_eq!(domain.unwrap().as_str(), format!("https://{}", centre.api_host()));
    }
}

#[test]
fn a_host_that_only_looks_like_zohos_is_refused() {
    let hosts = ZohoHosts::of(DataCentre::Us);
    for text in [
        "https://www.zohoapis.com.evil.example",
        "https://zohoapis.com",
        "https://www.zohoapis.com:8443",
        "https://127.0.0.1",
        "http://127.0.0.1:9",
    ] {
        assert!(
            matches!(hosts.check_api_domain(text), Err(HostRefused::UnknownApiDomain { .. })),
            "{text}"
        );
    }
    for text in [
        "",
        "www.zohoapis.com",
        "https://u:p@www.zohoapis.com",
        "https://www.zohoapis.com/x",
        "ftp://x",
    ] {
        assert!(
            matches!(hosts.check_api_domain(text), Err(HostRefused::NotAnOrigin { .. })),
            "{text}"
        );
    }
    assert!(matches!(
        hosts.check_api_domain("http://www.zohoapis.com"),
        Err(HostRefused::NotEncrypted { .. })
    ));
}

#[test]
fn a_stand_in_vouches_for_its_own_origin_alone() {
    let hosts = ZohoHosts::with_accounts_url(DataCentre::Us, "http://127.0.0.1:9780/").unwrap();
    assert_eq!(hosts.accounts_url(), "http://127.0.0.1:9780");
    assert_eq!(
        hosts.check_api_domain("http://127.0.0.1:9780").unwrap().as_str(),
        "http://127.0.0.1:9780"
    );
    assert!(hosts.check_api_domain("http://127.0.0.1:9781").is_err());
}

#[test]
fn a_data_centre_this_table_lacks_works_by_address() {
    let hosts = ZohoHosts::with_accounts_url(DataCentre::Us, "https://accounts.zoho.uk").unwrap();
    assert!(hosts.check_api_domain("https://www.zohoapis.uk").is_ok());
    assert!(hosts.check_api_domain("https://www.zohoapis.ae").is_err());
}

#[test]
fn plain_http_is_for_loopback_alone() {
    for text in ["http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1"] {
        assert!(ZohoHosts::with_accounts_url(DataCentre::Us, text).is_ok(), "{text}");
    }
    for text in [
        "http://accounts.zoho.com",
        "http://10.0.0.1",
        "http://localhost.example",
    ] {
        assert!(matches!(
            ZohoHosts::with_accounts_url(DataCentre::Us, text),
            Err(HostRefused::NotEncrypted { .. })
        ));
    }
}

#[test]
fn a_stored_api_domain_is_checked_for_encryption_again() {
    assert!(serde_json::from_str::<ApiDomain>("\"https://www.zohoapis.eu\"").is_ok());
    assert!(serde_json::from_str::<ApiDomain>("\"http://www.zohoapis.eu\"").is_err());
}
