//! Where in a list a page begins: by number, or by a token (contract, section 6.1).

use jiff::Timestamp;

use super::page::{page, per_page};
use crate::answer::Refusal;
use crate::clock::later;
use crate::http::Call;
use crate::json::object;
use crate::records::Desk;
use crate::store::{Continuation, Question, Start};

/// Records within reach of `page`, and of page tokens.
const REACH_OF_PAGES: usize = 2_000;
const REACH_OF_TOKENS: usize = 100_000;

/// Where in the list the page begins.
pub(super) struct Place {
    pub(super) per_page: usize,
    pub(super) page: usize,
    pub(super) start: Start,
    pub(super) previous: Option<String>,
    own_token: Option<String>,
}

impl Place {
    pub(super) fn read(desk: &Desk<'_>, call: &Call, bound_to: &Question) -> Result<Self, Refusal> {
        let Some(token) = call.query.get("page_token") else {
            return Self::by_number(call);
        };
        if call.query.get("page").is_some() {
            let details = object! {"param_names" => vec!["page", "page_token"]};
            return Err(Refusal::new(
                400,
                "AMBIGUITY_DURING_PROCESSING",
                details,
                "page and page_token exclude each other",
            ));
        }
        let refused = |code, message| Err(Refusal::new(400, code, object! {"param_name" => "page_token"}, message));
        let Some(known) = desk.organisation.page_tokens.get(token) else {
            return Err(Refusal::invalid_param("page_token"));
        };
        if known.expires <= desk.now {
            return refused("EXPIRED_VALUE", "the page token has expired");
        }
        if known.bound_to != *bound_to || known.user != desk.user {
            return refused(
                "TOKEN_BOUND_DATA_MISMATCH",
                "the parameters differ from those the token was made for",
            );
        }
        if (known.page - 1) * known.per_page >= REACH_OF_TOKENS {
            return refused(
                "PAGINATION_LIMIT_EXCEEDED",
                "no more than 100,000 records can be fetched",
            );
        }
        // The token fixes the page's size, whatever the call says.
        let Continuation {
            per_page,
            page,
            start,
            previous,
            ..
        } = known.clone();
        Ok(Self {
            per_page,
            page,
            start,
            previous,
            own_token: Some(token.to_owned()),
        })
    }

    fn by_number(call: &Call) -> Result<Self, Refusal> {
        let (per_page, page) = (per_page(call)?, page(call)?);
        let skip = (page - 1).saturating_mul(per_page);
        if skip.saturating_add(per_page) > REACH_OF_PAGES.max(per_page) {
            return Err(Refusal::beyond_pages(REACH_OF_PAGES));
        }
        Ok(Self {
            per_page,
            page,
            start: Start::Skip(skip),
            previous: None,
            own_token: None,
        })
    }

    /// Whether nothing lies before it.
    pub(super) fn is_first(&self) -> bool {
        self.page == 1
    }

    /// The token of the page behind this one, and when it expires.
    pub(super) fn next(&self, desk: &mut Desk<'_>, bound_to: &Question, next: Start) -> (String, Timestamp) {
        let expires = later(desk.now, desk.settings.page_token_life_s);
        let continuation = |page, start, previous| Continuation {
            bound_to: bound_to.clone(),
            user: desk.user,
            per_page: self.per_page,
            page,
            start,
            previous,
            expires,
        };
        let tokens = &mut desk.organisation.page_tokens;
        // The first page was asked for without a token; the way back to it needs one.
        let own = match &self.own_token {
            Some(token) => Some(token.clone()),
            None if self.is_first() => {
                Some(tokens.keep(desk.names, desk.now, continuation(1, self.start.clone(), None)))
            }
            None => None,
        };
        let token = tokens.keep(desk.names, desk.now, continuation(self.page + 1, next, own));
        (token, expires)
    }
}
