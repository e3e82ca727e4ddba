//! Brings notices to their addresses by HTTP POST, on the loopback interface alone: a test tool calls nobody else.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep_until, timeout};
use url::{Host, Url};

use crate::passing::pass_time;
use crate::state::World;
use crate::watch::Notice;

/// How long an address may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// It looks again after so long at the latest.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);

/// How many rows of a bulk job are done before others get their turn.
const ROWS: usize = 300;

/// Brings what is due, for ever. What happens by itself as time passes happens here too when nobody calls.
pub(crate) async fn run(world: Arc<World>) {
    loop {
        let now = Instant::now();
        let (due, next) = {
            let mut state = world.lock();
            let by_itself = pass_time(&mut state, ROWS);
            let due = state.outbox.take_due(now);
            let next = [state.outbox.next(), by_itself.map(|wait| now + wait)];
            (due, next.into_iter().flatten().min())
        };
        if !due.is_empty() {
            tokio::spawn(bring(Arc::clone(&world), due));
        }
        let next = next.unwrap_or(now + LONGEST_SLEEP).min(now + LONGEST_SLEEP);
        tokio::select! {
            () = world.woken.notified() => {}
            () = sleep_until(next.into()) => {}
        }
    }
}

/// Brings notices one after the other.
async fn bring(world: Arc<World>, notices: Vec<Notice>) {
    for notice in notices {
        let ended = match timeout(PATIENCE, post(&notice)).await {
            Ok(ended) => ended,
            Err(_) => Err("no answer in time"),
        };
        world.lock().outbox.deliveries.ended(ended, &notice);
    }
}

/// Posts a notice; gives the status of the answer.
async fn post(notice: &Notice) -> Result<u16, &'static str> {
    let url = Url::parse(&notice.url).map_err(|_| "no address")?;
    let address = loopback(&url).ok_or("not a plain address on the loopback interface")?;
    let mut stream = TcpStream::connect(address).await.map_err(|_| "no connection")?;
    let body = notice.body.to_string();
    let target = url
        .query()
        .map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or(80);
    let request = format!(
        "POST {target} HTTP/1.1\r\nhost: {host}:{port}\r\ncontent-type: application/json;charset=UTF-8\r\ncontent-length: \
         {}\r\nuser-agent: ZohoBigin\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.map_err(|_| "cut")?;
    let mut answer = Vec::new();
    // Some close without a word; what came until then tells.
    let _ = stream.take(64 << 10).read_to_end(&mut answer).await;
    status(&answer).ok_or("no HTTP")
}

/// `HTTP/1.1 200 OK`.
fn status(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?;
    line.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()
}

/// The address, if it is plain HTTP on the loopback interface.
fn loopback(url: &Url) -> Option<SocketAddr> {
    if url.scheme() != "http" {
        return None;
    }
    let port = url.port_or_known_default()?;
    let ip = match url.host()? {
        Host::Ipv4(ip) => ip.into(),
        Host::Ipv6(ip) => ip.into(),
        // Names below it mean the same machine, as the local AWS's addresses of functions do.
        Host::Domain(name) if name == "localhost" || name.ends_with(".localhost") => {
            std::net::Ipv4Addr::LOCALHOST.into()
        }
        Host::Domain(_) => return None,
    };
    let address = SocketAddr::new(ip, port);
    address.ip().is_loopback().then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_addresses_on_the_loopback_interface_are_called() {
        let at = |url: &str| loopback(&Url::parse(url).unwrap()).map(|address| address.to_string());
        assert_eq!(at("http://127.0.0.1:9/x").as_deref(), Some("127.0.0.1:9"));
        assert_eq!(at("http://[::1]:9/x").as_deref(), Some("[::1]:9"));
        assert_eq!(
            at("http://abc.lambda-url.localhost:4566/").as_deref(),
            Some("127.0.0.1:4566")
        );
        for other in [
            "https://127.0.0.1:9/x",
            "http://10.0.0.1/x",
            "http://localhost.example/x",
            "http://example.com/x",
        ] {
            assert_eq!(at(other), None, "{other}");
        }
    }

    #[test]
    fn the_status_is_read_from_the_first_line() {
        assert_eq!(status(b"HTTP/1.1 204 No Content\r\nx: y\r\n\r\n"), Some(204));
        assert_eq!(status(b"HTTP/1.0 404 Not Found"), Some(404));
        assert_eq!(status(b""), None);
        assert_eq!(status(b"SSH-2.0"), None);
    }
}
