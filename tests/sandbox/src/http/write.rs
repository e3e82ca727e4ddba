//! Answers onto the wire.

use axum::body::Body as HttpBody;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};

use crate::answer::{Answer, Body};

/// The answer as an HTTP response.
pub(crate) fn response(answer: Answer) -> Response<HttpBody> {
    // Bigin names JSON as the content type even under 204.
    let (content_type, body) = match answer.body {
        Body::Empty => ("application/json;charset=UTF-8", String::new()),
        Body::Json(json) => ("application/json;charset=UTF-8", json.to_text()),
        Body::Text(content_type, text) => (content_type, text),
    };
    let mut response = Response::new(HttpBody::from(body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.append(HeaderName::from_static(name), value);
        }
    }
    response
}
