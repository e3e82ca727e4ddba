//! Starting and stopping a sandbox, and its console for those who run it in process.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::answer::{Answer, Body};
use crate::http::{Call, CuttableListener, LARGEST_BODY, Line};
use crate::serve::serve;
use crate::settings::Settings;
use crate::state::World;
use crate::{console, courier};

/// How a sandbox begins.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where it listens; port 0 picks a free one.
    pub listen: SocketAddr,
    /// The switches.
    pub settings: Settings,
    /// Ids and tokens are drawn from this; a new number each time unless it is set, so that no token of a sandbox before
    /// this one is good here by chance.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            settings: Settings::default(),
            seed: fastrand::u64(..),
        }
    }
}

/// A sandbox that listens. It stops when this is dropped.
#[derive(Debug)]
pub struct Sandbox {
    world: Arc<World>,
    address: SocketAddr,
    server: JoinHandle<()>,
    courier: JoinHandle<()>,
    stopped: Arc<AtomicBool>,
}

/// What the API console of a self client hands out for download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelfClientKeys {
    /// The client's id.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: String,
}

impl Sandbox {
    /// Starts a sandbox; once this returns, it listens.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn start(config: Config) -> io::Result<Self> {
        let listener = TcpListener::bind(config.listen).await?;
        let address = listener.local_addr()?;
        let base_url = format!("http://{address}");
        let world = Arc::new(World::new(config.settings, config.seed, base_url));
        let (server, stopped) = listen(&world, listener);
        let courier = tokio::spawn(courier::run(Arc::clone(&world)));
        Ok(Self {
            world,
            address,
            server,
            courier,
            stopped,
        })
    }

    /// Goes away for a while, as a service does that is restarted: every connection is cut, none is accepted, and what a
    /// call was about to write may be written or not. Then it listens again where it did, knowing all that it knew.
    ///
    /// # Errors
    /// The address cannot be listened on any more.
    pub async fn restart(&mut self, away: Duration) -> io::Result<()> {
        self.cut_off();
        let _ = (&mut self.server).await;
        tokio::time::sleep(away).await;
        let listener = TcpListener::bind(self.address).await?;
        (self.server, self.stopped) = listen(&self.world, listener);
        Ok(())
    }

    /// Its base URL, such as `http://127.0.0.1:9780`: the accounts server and the API alike.
    pub fn url(&self) -> &str {
        &self.world.base_url
    }

    /// Calls the console without HTTP: the method, the path (such as `/console/faults`) and the body (`Null` for none).
    /// The answer is JSON, or text where the console answers with lines.
    pub fn console(&self, method: &str, path: &str, body: &Value) -> Value {
        let method = Method::from_bytes(method.as_bytes()).unwrap_or(Method::GET);
        let Answer { body, .. } = console::serve(&self.world, &Call::inner(method, path, body));
        match body {
            Body::Empty => Value::Null,
            Body::Json(json) => serde_json::from_str(&json.to_text()).unwrap_or_default(),
            Body::Text(_, text) => Value::String(text),
            Body::Bytes(_, bytes) => Value::String(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// Registers a self client.
    pub fn self_client(&self) -> SelfClientKeys {
        let keys = self.console(
            "POST",
            "/console/self-clients",
            &serde_json::json!({"client_name": "in process"}),
        );
        let text = |name: &str| keys[name].as_str().unwrap_or_default().to_owned();
        SelfClientKeys {
            client_id: text("client_id"),
            client_secret: text("client_secret"),
        }
    }

    /// Makes a code for a client: the self client file that the API console lets one download.
    pub fn code(&self, client_id: &str, scope: &str) -> Value {
        let wanted = serde_json::json!({"client_id": client_id, "scope": scope, "minutes": 10});
        self.console("POST", "/console/codes", &wanted)
    }

    /// The counters, as `GET /console/state` gives them.
    pub fn state(&self) -> Value {
        self.console("GET", "/console/state", &Value::Null)
    }

    /// All records of a module of the first organisation.
    pub fn records(&self, module: &str) -> Vec<Value> {
        let lines = self.console("GET", &format!("/console/records/{module}"), &Value::Null);
        let lines = lines.as_str().unwrap_or_default().lines();
        lines.filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Connections that are open outlive the listener; they must not go on answering.
    fn cut_off(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.server.abort();
    }

    /// Stops listening and cuts every connection.
    pub async fn stop(mut self) {
        self.cut_off();
        self.courier.abort();
        let _ = (&mut self.server).await;
    }
}

/// Serves what comes in at that door. The flag closes it for connections that are open.
fn listen(world: &Arc<World>, listener: TcpListener) -> (JoinHandle<()>, Arc<AtomicBool>) {
    let router = Router::new()
        .fallback(serve)
        // Axum's own limit is two megabytes; an upload may have 25.
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(Arc::clone(world));
    let service = router.into_make_service_with_connect_info::<Line>();
    let stopped = Arc::new(AtomicBool::new(false));
    let listener = CuttableListener::new(listener, Arc::clone(&stopped));
    let server = tokio::spawn(async move {
        // It ends only by being aborted.
        let _ = axum::serve(listener, service).await;
    });
    (server, stopped)
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.cut_off();
        self.courier.abort();
    }
}
