//! Zoho's data centres and their hosts, and the check of the API domain that a token answer names.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// One of the data centres that serve Bigin (Bigin developer guide, "Multi DC").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataCentre {
    /// United States.
    Us,
    /// Europe.
    Eu,
    /// India.
    In,
    /// Australia.
    Au,
    /// Japan.
    Jp,
    /// China.
    Cn,
    /// Saudi Arabia.
    Sa,
    /// Canada.
    Ca,
}

impl DataCentre {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Us,
        Self::Eu,
        Self::In,
        Self::Au,
        Self::Jp,
        Self::Cn,
        Self::Sa,
        Self::Ca,
    ];

    /// The code that settings and payloads use: code, accounts host, API host.
    fn row(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Us => ("us", "accounts.zoho.com", "www.zohoapis.com"),
            Self::Eu => ("eu", "accounts.zoho.eu", "www.zohoapis.eu"),
            Self::In => ("in", "accounts.zoho.in", "www.zohoapis.in"),
            Self::Au => ("au", "accounts.zoho.com.au", "www.zohoapis.com.au"),
            Self::Jp => ("jp", "accounts.zoho.jp", "www.zohoapis.jp"),
            Self::Cn => ("cn", "accounts.zoho.com.cn", "www.zohoapis.com.cn"),
            Self::Sa => ("sa", "accounts.zoho.sa", "www.zohoapis.sa"),
            // Canada is the odd one out: its accounts host is not under zoho.*.
            Self::Ca => ("ca", "accounts.zohocloud.ca", "www.zohoapis.ca"),
        }
    }

    /// The code in settings and payloads, such as `eu`.
    pub fn code(self) -> &'static str {
        self.row().0
    }

    /// The host of its accounts server.
    pub fn accounts_host(self) -> &'static str {
        self.row().1
    }

    /// The host of its API.
    pub fn api_host(self) -> &'static str {
        self.row().2
    }
}

impl fmt::Display for DataCentre {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A text that names no data centre.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no Zoho data centre: use us, eu, in, au, jp, cn, sa or ca, the ending of the address you log in to Bigin at (com is us)"
)]
pub struct NotADataCentre(pub String);

impl FromStr for DataCentre {
    type Err = NotADataCentre;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = text.trim();
        Self::ALL
            .into_iter()
            .find(|centre| centre.code().eq_ignore_ascii_case(wanted))
            .ok_or_else(|| NotADataCentre(wanted.chars().take(40).collect()))
    }
}

/// A host of Zoho's that is not to be talked to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostRefused {
    /// The text is no address of a server.
    #[error("{what} is not the address of a server: give scheme and host alone, as in https://accounts.zoho.eu")]
    NotAnOrigin {
        /// Which address.
        what: &'static str,
    },
    /// Plain http to another machine.
    #[error("{what} is plain http to {host}: only https leaves this system; http is accepted for loopback hosts alone")]
    NotEncrypted {
        /// Which address.
        what: &'static str,
        /// The host it names.
        host: String,
    },
    /// A host that is none of Zoho's API hosts.
    #[error(
        "the token answer names {host} as the API's host, which is none of Zoho's: no token is sent there; check DATA_CENTER and ACCOUNTS_URL"
    )]
    UnknownApiDomain {
        /// The host it names.
        host: String,
    },
}

/// Which accounts server is asked, and which API hosts its answers may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZohoHosts {
    data_centre: DataCentre,
    /// The accounts server where it is not the data centre's own.
    instead: Option<Url>,
}

impl ZohoHosts {
    /// The hosts of a data centre.
    pub fn of(data_centre: DataCentre) -> Self {
        Self {
            data_centre,
            instead: None,
        }
    }

    /// Another accounts server in place of the data centre's own: a centre this table lacks, or a stand-in for tests.
    ///
    /// # Errors
    /// The address is no origin, or is plain http to a host that is not loopback.
    pub fn with_accounts_url(data_centre: DataCentre, accounts_url: &str) -> Result<Self, HostRefused> {
        let url = origin(accounts_url, "the accounts URL")?;
        let own =
            url.scheme() == "https" && url.host_str() == Some(data_centre.accounts_host()) && url.port().is_none();
        Ok(Self {
            data_centre,
            instead: (!own).then_some(url),
        })
    }

    /// The data centre.
    pub fn data_centre(&self) -> DataCentre {
        self.data_centre
    }

    /// The same accounts server (where it was given by address), or else that of another data centre.
    #[must_use]
    pub fn at(&self, data_centre: DataCentre) -> Self {
        Self {
            data_centre,
            instead: self.instead.clone(),
        }
    }

    /// The accounts server's base URL, without a slash at its end.
    pub fn accounts_url(&self) -> String {
        match &self.instead {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => format!("https://{}", self.data_centre.accounts_host()),
        }
    }

    /// The accounts server's host, as errors name it.
    pub fn accounts_host(&self) -> String {
        match &self.instead {
            Some(url) => shown(url),
            None => self.data_centre.accounts_host().to_owned(),
        }
    }

    /// The API's base URL where a token answer names none: the data centre's own, or the accounts server's that was
    /// given by address.
    pub fn usual_api_domain(&self) -> ApiDomain {
        match (&self.instead, self.sibling()) {
            (None, _) => ApiDomain(format!("https://{}", self.data_centre.api_host())),
            (Some(_), Some(sibling)) => ApiDomain(format!("https://{sibling}")),
            (Some(instead), None) => ApiDomain::at(instead),
        }
    }

    /// Believes an API domain only if it is a known host of any of Zoho's data centres, or belongs to the accounts
    /// server that was given by address.
    ///
    /// # Errors
    /// It is no origin, not encrypted, or not known.
    pub fn check_api_domain(&self, text: &str) -> Result<ApiDomain, HostRefused> {
        let url = origin(text, "the API domain")?;
        let host = url.host_str().unwrap_or_default();
        let of_zoho = || {
            let known = DataCentre::ALL.iter().any(|centre| centre.api_host() == host);
            url.scheme() == "https" && url.port().is_none() && (known || self.sibling().as_deref() == Some(host))
        };
        let of_the_override = self
            .instead
            .as_ref()
            .is_some_and(|instead| instead.origin() == url.origin());
        if of_the_override || of_zoho() {
            Ok(ApiDomain::at(&url))
        } else {
            Err(HostRefused::UnknownApiDomain { host: shown(&url) })
        }
    }

    /// The API host that goes with an accounts server by Zoho's pattern, for data centres that this table lacks
    /// (accounts.zoho.uk and www.zohoapis.uk).
    fn sibling(&self) -> Option<String> {
        let ending = self.instead.as_ref()?.host_str()?.strip_prefix("accounts.zoho.")?;
        Some(format!("www.zohoapis.{ending}"))
    }
}

/// The base URL of the API, as a token answer named it: https, or http for loopback alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ApiDomain(String);

impl ApiDomain {
    fn at(url: &Url) -> Self {
        Self(url.as_str().trim_end_matches('/').to_owned())
    }

    /// The base URL, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ApiDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for ApiDomain {
    type Error = HostRefused;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        origin(&text, "the API domain").map(|url| Self::at(&url))
    }
}

impl From<ApiDomain> for String {
    fn from(domain: ApiDomain) -> Self {
        domain.0
    }
}

/// Scheme, host and port, and nothing else.
fn origin(text: &str, what: &'static str) -> Result<Url, HostRefused> {
    let no_origin = HostRefused::NotAnOrigin { what };
    let Ok(url) = Url::parse(text.trim()) else {
        return Err(no_origin);
    };
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let anonymous = url.username().is_empty() && url.password().is_none();
    match (url.scheme(), url.host()) {
        ("https", Some(_)) if bare && anonymous => Ok(url),
        ("http", Some(host)) if bare && anonymous && is_loopback(&host) => Ok(url),
        ("http", Some(_)) if bare && anonymous => Err(HostRefused::NotEncrypted {
            what,
            host: shown(&url),
        }),
        _ => Err(no_origin),
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => IpAddr::V4(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::V6(*address).is_loopback(),
    }
}

/// The host as far as an error needs it.
fn shown(url: &Url) -> String {
    url.host_str().unwrap_or_default().chars().take(100).collect()
}

#[cfg(test)]
#[path = "data_centre_tests.rs"]
mod tests;
