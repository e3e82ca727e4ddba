//! What was called, how it ended, and the last calls one by one.

use std::collections::{BTreeMap, VecDeque};

use axum::http::Method;
use jiff::Timestamp;

use crate::json::{Object, object};

/// How many calls are remembered one by one.
const REMEMBERED: usize = 20_000;

/// What was called and how it ended.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Endpoint to ending to count.
    calls: BTreeMap<String, BTreeMap<String, u64>>,
    log: VecDeque<Logged>,
}

/// A call that ended.
#[derive(Debug, Clone)]
pub(crate) struct Logged {
    pub(crate) endpoint: String,
    /// The status, `cut`, or `abandoned` when the client went away first.
    pub(crate) ending: String,
    /// By the machine's clock, not the sandbox's: what a benchmark measures.
    pub(crate) began: Timestamp,
    pub(crate) ended: Timestamp,
}

impl Counters {
    pub(crate) fn count(&mut self, logged: Logged) {
        let endings = self.calls.entry(logged.endpoint.clone()).or_default();
        *endings.entry(logged.ending.clone()).or_default() += 1;
        if self.log.len() == REMEMBERED {
            self.log.pop_front();
        }
        self.log.push_back(logged);
    }

    /// Calls for each endpoint and ending.
    pub(crate) fn describe(&self) -> Object {
        let mut endpoints = Object::new();
        for (endpoint, endings) in &self.calls {
            let mut counts = Object::new();
            for (ending, count) in endings {
                counts.push(ending.clone(), *count);
            }
            endpoints.push(endpoint.clone(), counts);
        }
        endpoints
    }

    /// All calls together.
    pub(crate) fn total(&self) -> u64 {
        self.calls.values().flat_map(BTreeMap::values).sum()
    }

    /// The last calls, oldest first.
    pub(crate) fn log(&self) -> impl Iterator<Item = Object> {
        self.log.iter().map(|logged| {
            object! {
                "endpoint" => logged.endpoint.clone(),
                "ending" => logged.ending.clone(),
                "began" => logged.began.to_string(),
                "ended" => logged.ended.to_string(),
            }
        })
    }
}

/// A method and a path with its ids taken out, such as `GET /bigin/v2/Contacts/{id}`.
pub(crate) fn endpoint(method: &Method, path: &str) -> String {
    let is_id = |part: &str| part.len() >= 9 && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_archive = |part: &str| part.strip_suffix(".zip").is_some_and(is_id);
    let parts: Vec<_> = path
        .split('/')
        .map(|part| match part {
            part if is_id(part) => "{id}",
            part if is_archive(part) => "{id}.zip",
            part => part,
        })
        .collect();
    format!("{method} {}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_do_not_make_endpoints_of_their_own() {
        let path = "/bigin/v2/Contacts/5876876000000301001/Notes";
        assert_eq!(endpoint(&Method::GET, path), "GET /bigin/v2/Contacts/{id}/Notes");
        let result = "/v2/crm/587687600/bulk-write/5876876000000301001/5876876000000301001.zip";
        assert_eq!(
            endpoint(&Method::GET, result),
            "GET /v2/crm/{id}/bulk-write/{id}/{id}.zip"
        );
    }
}
