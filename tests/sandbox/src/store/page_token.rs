//! Page tokens: where a list goes on, bound to the parameters that began it (contract, section 6.1).

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::names::Names;

/// What a list was asked for: its path and every parameter but the page's own.
pub(crate) type Question = (String, Vec<(String, String)>);

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Start {
    /// Behind the last record of the page before, by its sort key and id; at the beginning without one.
    After(Option<(i128, u64)>),
    /// Behind so many records.
    Skip(usize),
    /// In the list as it was when the first page was asked for, behind so many records of it.
    Snapshot(Arc<[u64]>, usize),
}

/// Where a list goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Continuation {
    /// The only question that it answers.
    pub(crate) bound_to: Question,
    pub(crate) user: u64,
    pub(crate) per_page: usize,
    /// The page that it opens, counted from 1.
    pub(crate) page: usize,
    pub(crate) start: Start,
    /// The token of the page before.
    pub(crate) previous: Option<String>,
    pub(crate) expires: Timestamp,
}

/// The tokens that were handed out.
#[derive(Debug, Default)]
pub(crate) struct PageTokens(HashMap<String, Continuation>);

impl PageTokens {
    pub(crate) fn get(&self, token: &str) -> Option<&Continuation> {
        self.0.get(token)
    }

    /// Hands out a token.
    pub(crate) fn keep(&mut self, names: &mut Names, now: Timestamp, continuation: Continuation) -> String {
        // Expired ones are kept a while, so that they are told from unknown ones, but not for ever.
        if self.0.len() > 10_000 {
            self.0.retain(|_, kept| kept.expires > now);
        }
        let token = names.page_token();
        self.0.insert(token.clone(), continuation);
        token
    }
}
