//! A request, read whole.

use std::sync::OnceLock;

use axum::body::to_bytes;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, Method};
use serde_json::Value;

use super::Params;

/// The largest body that is read: far more than 100 records with every text area full.
pub(crate) const LARGEST_BODY: usize = 64 << 20;

/// A file that came with a request.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) bytes: Vec<u8>,
}

/// A request, read whole.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Params,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// The parameters of a form or multipart body.
    form: Params,
    /// The files of a multipart body, by their parts' names.
    files: Vec<(String, File)>,
    json: OnceLock<Option<Value>>,
}

impl Call {
    /// Reads a request; `None` when it cannot be read to its end.
    pub(crate) async fn read(request: Request) -> Option<Self> {
        let method = request.method().clone();
        let path = request.uri().path().to_owned();
        let query = Params::parse(request.uri().query().unwrap_or_default().as_bytes());
        let headers = request.headers().clone();
        let kind = header(&headers, CONTENT_TYPE.as_str())
            .unwrap_or_default()
            .to_ascii_lowercase();
        let (mut form, mut files, mut body) = (Params::default(), Vec::new(), Vec::new());
        if kind.starts_with("multipart/") {
            let mut parts = Multipart::from_request(request, &()).await.ok()?;
            while let Some(part) = parts.next_field().await.ok()? {
                let name = part.name().unwrap_or_default().to_owned();
                if part.file_name().is_some() {
                    let bytes = part.bytes().await.ok()?.to_vec();
                    files.push((name, File { bytes }));
                } else {
                    form.add(name, part.text().await.ok()?);
                }
            }
        } else {
            body = to_bytes(request.into_body(), LARGEST_BODY).await.ok()?.to_vec();
            if kind.starts_with("application/x-www-form-urlencoded") {
                form = Params::parse(&body);
            }
        }
        Some(Self {
            method,
            path,
            query,
            headers,
            body,
            form,
            files,
            json: OnceLock::new(),
        })
    }

    /// A call that nobody sent over HTTP: the console, called in process.
    pub(crate) fn inner(method: Method, path: &str, body: &Value) -> Self {
        let body = match body {
            Value::Null => Vec::new(),
            // Lines of JSON, for the calls that take them.
            Value::String(lines) => lines.clone().into_bytes(),
            body => body.to_string().into_bytes(),
        };
        Self::with_body(method, path, body)
    }

    pub(crate) fn with_body(method: Method, path: &str, body: Vec<u8>) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        Self {
            method,
            path: path.to_owned(),
            query: Params::parse(query.as_bytes()),
            headers: HeaderMap::new(),
            body,
            form: Params::default(),
            files: Vec::new(),
            json: OnceLock::new(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The access token, if the header has the form that Bigin wants.
    pub(crate) fn token(&self) -> Option<&str> {
        self.header(AUTHORIZATION.as_str())?
            .strip_prefix("Zoho-oauthtoken ")
            .map(str::trim)
    }

    /// The address that the client called: what it can reach, whatever we listen on.
    pub(crate) fn host(&self) -> Option<&str> {
        self.header(HOST.as_str())
    }

    /// The parameters of a form.
    pub(crate) fn form(&self) -> &Params {
        &self.form
    }

    /// The file in the part of that name.
    pub(crate) fn file(&self, name: &str) -> Option<&File> {
        self.files.iter().find(|(part, _)| part == name).map(|(_, file)| file)
    }

    /// Parameters from the query string and the body together.
    pub(crate) fn params(&self) -> Params {
        let mut params = self.query.clone();
        params.extend(self.form.clone());
        params
    }

    /// The body as JSON; read once.
    pub(crate) fn json(&self) -> Option<&Value> {
        self.json
            .get_or_init(|| serde_json::from_slice(&self.body).ok())
            .as_ref()
    }

    /// The parts of the path.
    pub(crate) fn segments(&self) -> Vec<&str> {
        self.path.split('/').filter(|part| !part.is_empty()).collect()
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
