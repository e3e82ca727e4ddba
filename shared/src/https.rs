//! The one HTTP client of the system.

use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;

/// How long opening a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an idle connection is kept: shorter than gateways do, since a frozen Lambda does not notice them closing.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// The HTTP client could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be set up ({0}): the machine's root certificates are missing or unreadable")]
pub struct ClientUnusable(String);

/// A client for talking to Zoho. `timeout` bounds a whole call.
///
/// It follows no redirect, since a redirect would carry the Authorization header to a host nobody checked; it keeps
/// no cookies and asks no proxy. That only https leaves, or http for loopback, is seen to where addresses are made:
/// [`crate::data_centre::ZohoHosts`] and [`crate::data_centre::ApiDomain`] accept nothing else.
///
/// # Errors
/// TLS could not be set up.
pub fn client(timeout: Duration) -> Result<Client, ClientUnusable> {
    Client::builder()
        .user_agent(concat!("bigin-relay/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .timeout(timeout)
        .build()
        .map_err(|error| ClientUnusable(error.to_string()))
}
