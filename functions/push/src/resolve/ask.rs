//! What is asked of Bigin, and what it answers.

use std::fmt;
use std::sync::Arc;

use bigin::{CallFailure, Found, Hit, ModuleFields, ModuleName, Quotable, RecordOutcome};

use super::place::Place;
use shared::stop::Stop;

/// A question.
#[derive(Clone, PartialEq, Eq)]
pub enum Ask {
    /// Which fields a module has.
    Fields(ModuleName),
    /// Which records have one of these values.
    Query {
        /// Where.
        place: Place,
        /// At most 50 values.
        values: Vec<Quotable>,
    },
    /// A page of a list.
    Page {
        /// Which list.
        place: Place,
        /// What opens the page; `None` for the first.
        token: Option<String>,
    },
    /// To make records that have these values and nothing else; those that are there already are left as they are.
    Make {
        /// Where.
        place: Place,
        /// At most 100 values.
        values: Vec<String>,
    },
}

impl Ask {
    /// How many values of records are in it.
    pub fn values(&self) -> usize {
        match self {
            Self::Query { values, .. } => values.len(),
            Self::Make { values, .. } => values.len(),
            Self::Fields(_) | Self::Page { .. } => 0,
        }
    }

    /// The API credits it costs (Bigin developer guide, "API Limits").
    pub fn credits(&self) -> u64 {
        match self {
            Self::Make { values, .. } => values.len().div_ceil(10) as u64,
            _ => 1,
        }
    }
}

/// Record content never reaches a log, so not through `Debug` either.
impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fields(module) => write!(f, "Fields({module})"),
            Self::Query { place, values } => write!(f, "Query({place:?}, {} values)", values.len()),
            Self::Page { place, token } => write!(f, "Page({place:?}, first: {})", token.is_none()),
            Self::Make { place, values } => write!(f, "Make({place:?}, {} values)", values.len()),
        }
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub enum Reply {
    /// The fields; `None` where the authorization does not let them be read.
    Fields(Option<Arc<ModuleFields>>),
    /// The records that a query has found.
    Found(Found),
    /// A page.
    Page {
        /// Its records.
        hits: Vec<Hit>,
        /// What opens the next page.
        next: Option<String>,
    },
    /// What became of the records that were to be made, in their order.
    Made(Vec<RecordOutcome>),
    /// Bigin refuses to answer, and would later too.
    Refused(CallFailure),
}

/// A question that Bigin refuses for want of a scope, a right or a module holds the records that need its answer.
pub(super) fn hold(failure: &CallFailure) -> Stop {
    let code = match failure {
        CallFailure::ScopeMissing { .. } => "OAUTH_SCOPE_MISMATCH",
        CallFailure::NotPermitted { code, .. } | CallFailure::Refused { code, .. } => code,
        // Not the module that the records are for.
        CallFailure::UnknownModule { .. } => "LOOKUP_MODULE_UNKNOWN",
        _ => "LOOKUP_REFUSED",
    };
    Stop::ModuleHeld {
        code: code.to_owned(),
        message: failure.to_string(),
    }
}
