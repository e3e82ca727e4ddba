//! OAuth for Zoho's self client: a one-time code or a refresh token becomes an access token, and a refresh token is
//! revoked (Zoho Accounts, "Self Client").

mod answer;
mod failure;
mod grant;
mod revoked;
mod server;

pub use answer::TokenAnswer;
pub use failure::{TokenFailure, refresh_token_dead};
pub use grant::{Grant, GrantKind, judge_grant};
pub use revoked::{Revoked, judge_revoke};
pub use server::{LARGEST_TOKEN_ANSWER, TOKEN_TIMEOUT, TokenServer};
