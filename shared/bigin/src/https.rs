//! The HTTP client for Zoho.

use std::io::Read;
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Client, Response};

use crate::roots;

/// How long opening a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an idle connection is kept: shorter than gateways do, since a frozen Lambda does not notice them closing.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// The HTTP client could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be set up ({0}): the machine's root certificates are missing or unreadable")]
pub struct ClientUnusable(String);

impl From<rustls::Error> for ClientUnusable {
    fn from(error: rustls::Error) -> Self {
        Self(error.to_string())
    }
}

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
        .tls_backend_preconfigured(roots::zoho()?)
        .user_agent(concat!("bigin-relay/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .timeout(timeout)
        .build()
        .map_err(|error| ClientUnusable(error.to_string()))
}

/// A call that got no answer, or half of one. Made without the address, which a library might fill with more than it
/// should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    /// What went wrong.
    pub(crate) problem: &'static str,
    /// Whether the server can have received the request.
    pub(crate) may_have_arrived: bool,
}

impl From<&reqwest::Error> for Cut {
    fn from(error: &reqwest::Error) -> Self {
        let problem = if error.is_connect() {
            "the connection could not be opened"
        } else if error.is_timeout() {
            "it took too long"
        } else if error.is_builder() {
            "the request could not be built"
        } else {
            "the connection was cut"
        };
        Self {
            problem,
            may_have_arrived: !error.is_connect() && !error.is_builder(),
        }
    }
}

/// How large an answer may be, and what is said of a larger one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Largest {
    pub(crate) bytes: usize,
    pub(crate) otherwise: &'static str,
}

/// Reads a body as far as it may go. Of a larger one no more is kept.
pub(crate) async fn body(mut response: Response, largest: Largest) -> Result<Vec<u8>, Cut> {
    let cut = |problem| Cut {
        problem,
        may_have_arrived: true,
    };
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= largest.bytes => body.extend_from_slice(&chunk),
            Ok(Some(_)) => return Err(cut(largest.otherwise)),
            Ok(None) => return unpacked(body, largest),
            Err(error) if error.is_timeout() => return Err(cut("it took too long")),
            Err(_) => return Err(cut("the connection was cut in the middle of the answer")),
        }
    }
}

/// An answer that comes gzipped although nobody asked for that, as some gateways send it: no text of Zoho's begins so.
fn unpacked(body: Vec<u8>, largest: Largest) -> Result<Vec<u8>, Cut> {
    const GZIP: &[u8] = &[0x1f, 0x8b, 8];
    if !body.starts_with(GZIP) {
        return Ok(body);
    }
    let cut = |problem| Cut {
        problem,
        may_have_arrived: true,
    };
    let mut text = Vec::new();
    let most = u64::try_from(largest.bytes).unwrap_or(u64::MAX).saturating_add(1);
    let read = MultiGzDecoder::new(body.as_slice()).take(most).read_to_end(&mut text);
    match read {
        Ok(_) if text.len() <= largest.bytes => Ok(text),
        Ok(_) => Err(cut(largest.otherwise)),
        Err(_) => Err(cut("the answer came compressed and is damaged")),
    }
}

/// A header's text.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(bytes: usize, largest: usize) -> Result<usize, Cut> {
        let response = http::Response::new(reqwest::Body::from(vec![b'x'; bytes]));
        let largest = Largest {
            bytes: largest,
            otherwise: "too large",
        };
        body(response.into(), largest).await.map(|body| body.len())
    }

    #[tokio::test]
    async fn an_answer_of_the_largest_size_is_read_and_one_byte_more_is_not() {
        assert_eq!(read(0, 10).await, Ok(0));
        assert_eq!(read(10, 10).await, Ok(10));
        let cut = read(11, 10).await.unwrap_err();
        assert_eq!((cut.problem, cut.may_have_arrived), ("too large", true));
    }

    fn packed(text: &[u8]) -> Vec<u8> {
        use std::io::Write;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(text).unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn a_gzipped_answer_is_read_as_far_as_one_may_go() {
        let largest = Largest {
            bytes: 10,
            otherwise: "too large",
        };
        assert_eq!(unpacked(packed(b"{}"), largest), Ok(b"{}".to_vec()));
        assert_eq!(unpacked(b"{}".to_vec(), largest), Ok(b"{}".to_vec()));
        assert_eq!(unpacked(packed(&[b'x'; 10]), largest), Ok(vec![b'x'; 10]));
        assert_eq!(
            unpacked(packed(&vec![b'x'; 1_000_000]), largest).unwrap_err().problem,
            "too large"
        );
        let half = packed(&[b'x'; 10])[..14].to_vec();
        assert!(unpacked(half, largest).unwrap_err().problem.contains("damaged"));
    }
}
