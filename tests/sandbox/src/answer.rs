//! What a call is answered with, and the errors of a request as a whole (contract, section 13).

use std::borrow::Cow;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::json::{Json, Object, object};

/// An answer before it goes on the wire.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Body,
    pub(crate) headers: Vec<(Cow<'static, str>, String)>,
}

/// What an answer carries.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Body {
    Empty,
    Json(Json),
    /// Anything else, with its content type.
    Text(&'static str, String),
    /// A file, or a body that is compressed.
    Bytes(&'static str, Vec<u8>),
}

/// The content type of Bigin's answers, which it names even under 204.
const JSON: &str = "application/json;charset=UTF-8";

impl Body {
    /// The content type, and what goes on the wire.
    pub(crate) fn into_parts(self) -> (&'static str, Vec<u8>) {
        match self {
            Self::Empty => (JSON, Vec::new()),
            Self::Json(json) => (JSON, json.to_text().into_bytes()),
            Self::Text(content_type, text) => (content_type, text.into_bytes()),
            Self::Bytes(content_type, bytes) => (content_type, bytes),
        }
    }
}

impl Answer {
    /// The one error that has been seen with a status of its own.
    pub(crate) fn access_denied(status: u16) -> Self {
        let body = object! {
            "error_description" => "You have made too many requests continuously. Please try again after some time.",
            "error" => "Access Denied",
            "status" => "failure",
        };
        Self::json(status, body)
    }

    pub(crate) fn json(status: u16, body: impl Into<Json>) -> Self {
        Self {
            status,
            body: Body::Json(body.into()),
            headers: Vec::new(),
        }
    }

    /// 204: nothing to show.
    pub(crate) fn nothing() -> Self {
        Self::empty(204)
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            body: Body::Empty,
            headers: Vec::new(),
        }
    }

    pub(crate) fn text(status: u16, content_type: &'static str, text: impl Into<String>) -> Self {
        Self {
            status,
            body: Body::Text(content_type, text.into()),
            headers: Vec::new(),
        }
    }

    /// The kind of page that Zoho shows when a request reaches no application.
    pub(crate) fn html(status: u16) -> Self {
        let page = "<!DOCTYPE html><html><head><title>Zoho</title></head><body><h1>Sorry, we will be back soon.</h1></body></html>";
        Self::text(status, "text/html;charset=UTF-8", page)
    }

    pub(crate) fn with_header(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The same answer, compressed, as an intermediary may send it whatever the client accepts.
    pub(crate) fn gzipped(self) -> Self {
        let (content_type, body) = self.body.into_parts();
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        // Writing into memory does not fail.
        let packed = encoder
            .write_all(&body)
            .and_then(|()| encoder.finish())
            .unwrap_or_default();
        Self {
            status: self.status,
            body: Body::Bytes(content_type, packed),
            headers: self.headers,
        }
        .with_header("content-encoding", "gzip")
    }
}

/// An error of the request as a whole.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: Cow<'static, str>,
    pub(crate) details: Object,
    pub(crate) message: Cow<'static, str>,
}

impl Refusal {
    pub(crate) fn new(
        status: u16,
        code: impl Into<Cow<'static, str>>,
        details: Object,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code: code.into(),
            details,
            message: message.into(),
        }
    }

    pub(crate) fn invalid_data(details: Object, message: &'static str) -> Self {
        Self::new(400, "INVALID_DATA", details, message)
    }

    pub(crate) fn invalid_module() -> Self {
        let details = object! {"resource_path_index" => 0_u64};
        Self::new(
            400,
            "INVALID_MODULE",
            details,
            "the module name given seems to be invalid",
        )
    }

    pub(crate) fn invalid_url() -> Self {
        let message = "Please check if the URL trying to access is a correct one";
        Self::new(404, "INVALID_URL_PATTERN", Object::new(), message)
    }

    pub(crate) fn invalid_method() -> Self {
        let message = "The http request method type is not a valid one";
        Self::new(400, "INVALID_REQUEST_METHOD", Object::new(), message)
    }

    pub(crate) fn missing_param(name: &'static str) -> Self {
        let message = "One of the expected parameter is missing";
        Self::new(400, "REQUIRED_PARAM_MISSING", object! {"param_name" => name}, message)
    }

    pub(crate) fn invalid_param(name: &'static str) -> Self {
        Self::invalid_data(object! {"param_name" => name}, "invalid data")
    }

    pub(crate) fn limit(details: Object, message: &'static str) -> Self {
        Self::new(400, "LIMIT_EXCEEDED", details, message)
    }

    /// A page by number that begins behind what pages by number reach.
    pub(crate) fn beyond_pages(reach: usize) -> Self {
        let details = object! {"limit" => reach, "param_name" => "page"};
        let message = "the records beyond the limit can only be fetched with a page_token";
        Self::new(400, "DISCRETE_PAGINATION_LIMIT_EXCEEDED", details, message)
    }

    /// A record addressed by the path is not there.
    pub(crate) fn no_such_record(message: &'static str) -> Self {
        Self::invalid_data(object! {"resource_path_index" => 1_u64}, message)
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let body = object! {
            "code" => refusal.code,
            "details" => refusal.details,
            "message" => refusal.message,
            "status" => "error",
        };
        Self::json(refusal.status, body)
    }
}
