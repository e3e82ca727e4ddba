//! `POST /oauth/v2/token` and `POST /oauth/v2/token/revoke` on the wire.

use crate::accounts::{Grant, NoRefresh};
use crate::answer::Answer;
use crate::http::{Call, Params};
use crate::json::{Object, object};
use crate::settings::Settings;
use crate::state::State;

/// Serves what lies under `/oauth/v2`.
pub(crate) fn serve(state: &mut State, call: &Call, base_url: &str) -> Answer {
    if call.method != axum::http::Method::POST {
        return Answer::html(405);
    }
    match call.path.trim_end_matches('/') {
        "/oauth/v2/token" => token(state, &call.params(), base_url),
        "/oauth/v2/token/revoke" => revoke(state, &call.params()),
        _ => Answer::html(404),
    }
}

fn token(state: &mut State, params: &Params, base_url: &str) -> Answer {
    let State {
        accounts,
        names,
        clock,
        settings,
        organisations,
        ..
    } = state;
    let now = clock.now();
    let client_id = params.get("client_id").unwrap_or_default();
    let refused = match accounts.clients.get(client_id) {
        Some(client) if client.data_center != settings.data_center => Some("invalid_client"),
        None => Some("invalid_client"),
        Some(client) if params.get("client_secret") != Some(&client.secret) => Some("invalid_client_secret"),
        Some(_) => None,
    };
    if let Some(error) = refused {
        accounts.counts.refused += 1;
        return failure(error);
    }
    let grant = match params.get("grant_type") {
        Some("authorization_code") => accounts
            .exchange(names, now, settings, client_id, params.get("code").unwrap_or_default())
            .ok_or(NoRefresh::InvalidCode),
        Some("refresh_token") => {
            let refresh_token = params.get("refresh_token").unwrap_or_default();
            let left = accounts.grantee(refresh_token).is_some_and(|grantee| {
                let organisation = organisations.get(grantee.organisation);
                !organisation.is_some_and(|organisation| organisation.is_active(grantee.user))
            });
            if left && !settings.inactive_user_refreshes {
                Err(NoRefresh::InvalidCode)
            } else {
                accounts.refresh(names, now, settings, client_id, refresh_token)
            }
        }
        _ => return failure("unsupported_grant_type"),
    };
    match grant {
        Ok(grant) => Answer::json(200, granted(settings, grant, base_url)),
        Err(NoRefresh::InvalidCode) => {
            accounts.counts.refused += 1;
            failure("invalid_code")
        }
        Err(NoRefresh::AccessDenied) => Answer::access_denied(settings.access_denied_status),
    }
}

/// Errors come under HTTP 200.
fn failure(error: &'static str) -> Answer {
    Answer::json(200, object! {"error" => error})
}

fn granted(settings: &Settings, grant: Grant, base_url: &str) -> Object {
    let mut body = object! {"access_token" => grant.access_token};
    if let Some(refresh_token) = grant.refresh_token {
        body.push("refresh_token", refresh_token);
    }
    if settings.scope_in_answers {
        body.push("scope", grant.scopes.join(" "));
    }
    body.push(
        "api_domain",
        settings.api_domain.clone().unwrap_or_else(|| base_url.to_owned()),
    );
    body.push("token_type", "Bearer");
    let life = settings.access_token_life_s;
    if settings.expires_in_milliseconds {
        body.push("expires_in_sec", life);
        body.push("expires_in", life * 1000);
    } else {
        body.push("expires_in", life);
    }
    body
}

fn revoke(state: &mut State, params: &Params) -> Answer {
    if state.accounts.revoke(params.get("token").unwrap_or_default()) {
        return Answer::json(200, object! {"status" => "success"});
    }
    // The body of a failing revoke is documented nowhere; an `error` is what was reported.
    Answer::json(400, object! {"error" => "invalid_code"})
}
