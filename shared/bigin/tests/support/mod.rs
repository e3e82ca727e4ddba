//! A sandbox and the clients of `shared` that talk to it over HTTP; and a server that says one thing.
#![allow(dead_code, reason = "every test file uses a part of it")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bigin::data_centre::{DataCentre, ZohoHosts};
use bigin::https;
use bigin::oauth::{Grant, TokenFailure, TokenServer};
use bigin::secret::{AccessToken, ClientSecret, GrantCode, RefreshToken};
use bigin::{Access, Bigin, CallFailure, CallShape, ModuleName, Operation, Record, RecordsAnswer};
use sandbox::{Config, Sandbox, SelfClientKeys, Settings};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

pub const SCOPES: &str =
    "ZohoBigin.modules.ALL,ZohoBigin.settings.ALL,ZohoBigin.users.READ,ZohoBigin.org.READ,ZohoBigin.coql.READ";

/// A sandbox with a self client.
pub struct Zoho {
    pub sandbox: Sandbox,
    pub keys: SelfClientKeys,
    pub server: TokenServer,
    pub bigin: Bigin,
}

impl Zoho {
    pub async fn start() -> Self {
        Self::with(json!({})).await
    }

    pub async fn with(settings: Value) -> Self {
        let settings = Settings::default().changed(settings).unwrap();
        let sandbox = Sandbox::start(Config {
            settings,
            ..Config::default()
        })
        .await
        .unwrap();
        let keys = sandbox.self_client();
        let http = https::client(Duration::from_secs(5)).unwrap();
        let hosts = ZohoHosts::with_accounts_url(DataCentre::Us, sandbox.url()).unwrap();
        let server = TokenServer::new(http.clone(), hosts);
        Self {
            sandbox,
            keys,
            server,
            bigin: Bigin::new(http),
        }
    }

    pub fn secret(&self) -> ClientSecret {
        ClientSecret::new(self.keys.client_secret.clone()).unwrap()
    }

    pub fn code(&self) -> GrantCode {
        self.code_for(SCOPES)
    }

    pub fn code_for(&self, scopes: &str) -> GrantCode {
        let file = self.sandbox.code(&self.keys.client_id, scopes);
        GrantCode::new(file["code"].as_str().unwrap_or_default()).unwrap_or_else(|| panic!("no code: {file}"))
    }

    pub async fn grant(&self) -> Grant {
        self.exchange(&self.code()).await.unwrap()
    }

    pub async fn exchange(&self, code: &GrantCode) -> Result<Grant, TokenFailure> {
        self.server.exchange(&self.keys.client_id, &self.secret(), code).await
    }

    pub async fn refresh(&self, token: &RefreshToken) -> Result<Grant, TokenFailure> {
        self.server.refresh(&self.keys.client_id, &self.secret(), token).await
    }

    pub async fn access(&self) -> Access {
        access(&self.grant().await)
    }

    pub async fn write(
        &self,
        access: &Access,
        shape: &CallShape,
        records: &[Value],
    ) -> Result<RecordsAnswer, CallFailure> {
        let records: Vec<_> = records
            .iter()
            .map(|record| Record::from_object(record.as_object().unwrap()))
            .collect();
        self.bigin
            .write(access, shape, &records.iter().collect::<Vec<_>>())
            .await
    }

    pub fn advance(&self, seconds: u64) {
        self.sandbox
            .console("PUT", "/console/clock", &json!({"advance_s": seconds}));
    }

    pub fn fault(&self, fault: Value) {
        self.faults(json!([{"fault": fault}]));
    }

    pub fn faults(&self, rules: Value) {
        let answer = self
            .sandbox
            .console("PUT", "/console/faults", &json!({"seed": 7, "rules": rules}));
        assert!(answer["rules"].is_array(), "{answer}");
    }
}

pub fn access(grant: &Grant) -> Access {
    Access {
        api_domain: grant.api_domain.clone(),
        token: grant.access_token.clone(),
    }
}

pub fn shape(operation: Operation) -> CallShape {
    let match_on = if operation == Operation::Upsert {
        vec!["Email".to_owned()]
    } else {
        vec![]
    };
    CallShape {
        module: ModuleName::parse("Contacts").unwrap(),
        operation,
        match_on,
        trigger: vec![],
    }
}

/// A server that answers every request with the same bytes, and remembers what it was sent.
pub struct Parrot {
    pub url: String,
    pub asked: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Parrot {
    pub async fn start(answer: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let parrot = Self {
            url,
            asked: Arc::default(),
            requests: Arc::default(),
        };
        let (asked, requests) = (Arc::clone(&parrot.asked), Arc::clone(&parrot.requests));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                asked.fetch_add(1, Ordering::SeqCst);
                let mut request = vec![0; 16 << 10];
                let read = stream.read(&mut request).await.unwrap_or(0);
                requests
                    .lock()
                    .unwrap()
                    .push(String::from_utf8_lossy(&request[..read]).into_owned());
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        parrot
    }

    pub async fn json(status: &str, body: &Value) -> Self {
        let body = body.to_string();
        Self::start(format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        ))
        .await
    }

    pub async fn redirect_to(url: &str) -> Self {
        Self::start(format!(
            "HTTP/1.1 302 Found\r\nlocation: {url}/elsewhere\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        ))
        .await
    }

    pub fn times_asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub fn server(&self) -> TokenServer {
        let hosts = ZohoHosts::with_accounts_url(DataCentre::Us, &self.url).unwrap();
        TokenServer::new(https::client(Duration::from_secs(5)).unwrap(), hosts)
    }

    pub fn access(&self) -> Access {
        let hosts = ZohoHosts::with_accounts_url(DataCentre::Us, &self.url).unwrap();
        Access {
            api_domain: hosts.check_api_domain(&self.url).unwrap(),
            token: AccessToken::new("1000.canary.access").unwrap(),
        }
    }
}

pub fn bigin() -> Bigin {
    Bigin::new(https::client(Duration::from_secs(5)).unwrap())
}
