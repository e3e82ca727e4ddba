//! A sandbox with an authorized client, called over real HTTP.
#![allow(dead_code, reason = "every test file uses a part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "a helper of tests fails as a test does, and takes json!() as it is"
)]

use reqwest::{Client, Method, Response};
use sandbox::{Config, Sandbox, SelfClientKeys, Settings};
use serde_json::{Value, json};

/// Every scope that the tests need.
pub const SCOPES: &str = "ZohoBigin.modules.ALL,ZohoBigin.settings.ALL,ZohoBigin.users.READ,ZohoBigin.org.READ,\
                          ZohoBigin.coql.READ,ZohoSearch.securesearch.READ,ZohoBigin.notifications.ALL,\
                          ZohoBigin.bulk.ALL,ZohoFiles.files.ALL";

/// A sandbox and what a client knows of it.
pub struct Zoho {
    pub sandbox: Sandbox,
    pub http: Client,
    pub keys: SelfClientKeys,
    pub access: String,
    pub refresh: String,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
    pub json: Value,
}

impl Reply {
    pub async fn read(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let json = serde_json::from_str(&text).unwrap_or_default();
        Self {
            status,
            headers,
            text,
            json,
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The code of the request's error or of the first record.
    pub fn code(&self) -> &str {
        let code = self.json.get("code").or_else(|| self.json.pointer("/data/0/code"));
        code.and_then(Value::as_str).unwrap_or_default()
    }

    /// Codes of all records.
    pub fn codes(&self) -> Vec<&str> {
        self.json["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["code"].as_str().unwrap())
            .collect()
    }

    /// The id in the result at that place.
    pub fn id(&self, place: usize) -> String {
        self.json["data"][place]["details"]["id"].as_str().unwrap().to_owned()
    }
}

impl Zoho {
    pub async fn start() -> Self {
        Self::with(json!({}), SCOPES).await
    }

    pub async fn with_settings(settings: Value) -> Self {
        Self::with(settings, SCOPES).await
    }

    pub async fn with_scopes(scopes: &str) -> Self {
        Self::with(json!({}), scopes).await
    }

    async fn with(settings: Value, scopes: &str) -> Self {
        let settings = Settings::default().changed(settings).unwrap();
        let sandbox = Sandbox::start(Config {
            settings,
            ..Config::default()
        })
        .await
        .unwrap();
        let keys = sandbox.self_client();
        let http = Client::builder().no_proxy().build().unwrap();
        let mut zoho = Self {
            sandbox,
            http,
            keys,
            access: String::new(),
            refresh: String::new(),
        };
        let grant = zoho.authorize(scopes).await;
        grant["access_token"].as_str().unwrap().clone_into(&mut zoho.access);
        grant["refresh_token"].as_str().unwrap().clone_into(&mut zoho.refresh);
        zoho
    }

    /// Makes a code and exchanges it.
    pub async fn authorize(&self, scopes: &str) -> Value {
        let file = self.sandbox.code(&self.keys.client_id, scopes);
        let code = file["code"].as_str().unwrap_or_else(|| panic!("no code: {file}"));
        self.token(&[("grant_type", "authorization_code"), ("code", code)])
            .await
            .json
    }

    /// Calls the token endpoint as the test's own client, by form.
    pub async fn token(&self, more: &[(&str, &str)]) -> Reply {
        let mut form = vec![
            ("client_id", self.keys.client_id.as_str()),
            ("client_secret", self.keys.client_secret.as_str()),
        ];
        form.extend(more);
        let url = format!("{}/oauth/v2/token", self.sandbox.url());
        Reply::read(self.http.post(url).form(&form).send().await.unwrap()).await
    }

    pub async fn renew(&self) -> Reply {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", &self.refresh)])
            .await
    }

    /// Calls the API; `path` is what follows `/bigin/v2/`.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Reply {
        self.try_call(method, path, body).await.unwrap()
    }

    /// The same where the connection may be cut.
    pub async fn try_call(&self, method: Method, path: &str, body: Option<&Value>) -> reqwest::Result<Reply> {
        let url = format!("{}/bigin/v2/{path}", self.sandbox.url());
        let mut request = self
            .http
            .request(method, url)
            .header("authorization", format!("Zoho-oauthtoken {}", self.access));
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        let json = serde_json::from_str(&text).unwrap_or_default();
        Ok(Reply {
            status,
            headers,
            text,
            json,
        })
    }

    /// A call with a header of its own.
    pub async fn get_with(&self, path: &str, name: &str, value: &str) -> Reply {
        let url = format!("{}/bigin/v2/{path}", self.sandbox.url());
        let request = self.http.get(url).header(name, value);
        let request = request.header("authorization", format!("Zoho-oauthtoken {}", self.access));
        Reply::read(request.send().await.unwrap()).await
    }

    /// Changes switches.
    pub fn set(&self, settings: Value) {
        let answer = self.console("PUT", "/console/settings", settings);
        assert!(answer.get("error").is_none(), "{answer}");
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.call(Method::POST, path, Some(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.call(Method::PUT, path, Some(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.call(Method::DELETE, path, None).await
    }

    /// Inserts one record; gives its id.
    pub async fn insert(&self, module: &str, record: Value) -> String {
        let reply = self.post(module, json!({"data": [record]})).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        reply.id(0)
    }

    /// One record with all its fields.
    pub async fn record(&self, module: &str, id: &str) -> Value {
        self.get(&format!("{module}/{id}")).await.json["data"][0].clone()
    }

    pub fn console(&self, method: &str, path: &str, body: Value) -> Value {
        self.sandbox.console(method, path, &body)
    }

    pub fn advance(&self, seconds: u64) {
        self.console("PUT", "/console/clock", json!({"advance_s": seconds}));
    }

    /// These fault rules and no others.
    pub fn faults(&self, rules: Value) {
        let answer = self.console("PUT", "/console/faults", json!({"seed": 7, "rules": rules}));
        assert!(answer["rules"].is_array(), "{answer}");
    }
}
