//! What can go wrong.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::content::RecordContent;
use crate::jobs::JobFault;
use crate::metadata::FieldChange;

/// What goes wrong. `after_commit` means that the call was carried out all the same and only its answer is lost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum FaultKind {
    /// Another answer: a status and Zoho's error code, or a body of the test's own. With status 200 an error hides under
    /// success.
    Status {
        status: u16,
        #[serde(default)]
        code: Option<String>,
        #[serde(default)]
        message: Option<String>,
        #[serde(default)]
        details: Option<Value>,
        #[serde(default)]
        body: Option<Value>,
        #[serde(default)]
        retry_after: Option<u64>,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        headers: BTreeMap<String, String>,
        #[serde(default)]
        after_commit: bool,
    },
    /// Takes longer.
    Latency {
        ms: u64,
        #[serde(default)]
        jitter_ms: u64,
        #[serde(default)]
        after_commit: bool,
    },
    /// The connection is cut, after that many bytes of the answer.
    Cut {
        #[serde(default)]
        after_commit: bool,
        #[serde(default)]
        after_bytes: usize,
    },
    /// A body that is no JSON.
    Garbage {
        #[serde(default = "ok")]
        status: u16,
        #[serde(default = "garbage")]
        text: String,
        #[serde(default)]
        after_commit: bool,
    },
    /// A web page.
    Html {
        #[serde(default = "unavailable")]
        status: u16,
        #[serde(default)]
        after_commit: bool,
    },
    /// The token that the call carries is revoked first; at the token endpoint that is the refresh token.
    RevokeToken,
    /// A write in which some records fail comes under this status.
    MixedStatus { status: u16 },
    /// More headers on whatever the answer is; `content-type` replaces the answer's own.
    Headers { headers: BTreeMap<String, String> },
    /// Whatever the answer is comes compressed, asked for or not.
    Gzip,
    /// An administrator changes a field of the first organisation just before the call is carried out.
    Field {
        module: String,
        field: String,
        change: FieldChange,
    },
    /// What becomes of the bulk job that the call makes.
    Job { job: JobFault },
    /// Some records of a write fail: every nth of a call, each with that probability, those with some content.
    Records {
        #[serde(default)]
        when: RecordContent,
        #[serde(default)]
        every: Option<u64>,
        #[serde(default)]
        probability: Option<f64>,
        code: String,
        #[serde(default)]
        message: Option<String>,
        #[serde(default)]
        details: Option<Value>,
    },
}

fn ok() -> u16 {
    200
}

fn unavailable() -> u16 {
    503
}

fn garbage() -> String {
    "{\"data\":[{\"code\":\"SUCC".to_owned()
}
