//! `POST /console/self-clients`, `/console/codes` and `/console/revoke`.

use serde::Deserialize;

use super::answer::{Result, body};
use crate::accounts::scope::split;
use crate::accounts::{CodeRequest, Grantee};
use crate::answer::Answer;
use crate::http::Call;
use crate::json::object;
use crate::state::{FIRST_ORGANISATION, State};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewClient {
    #[serde(default)]
    client_name: Option<String>,
    #[serde(default)]
    data_center: Option<String>,
}

/// Registers a self client.
pub(super) fn register(state: &mut State, call: &Call) -> Result {
    let wanted: NewClient = body(call)?;
    let name = wanted.client_name.unwrap_or_else(|| "Self Client".to_owned());
    let data_center = wanted.data_center.unwrap_or_else(|| state.settings.data_center.clone());
    let State { accounts, names, .. } = state;
    let (client_id, client_secret) = accounts.register(names, name, data_center);
    Ok(Answer::json(
        200,
        object! {"client_id" => client_id, "client_secret" => client_secret},
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewCode {
    client_id: String,
    scope: Scope,
    #[serde(default = "three")]
    minutes: u64,
    #[serde(default)]
    org: Option<String>,
    #[serde(default)]
    user: Option<String>,
}

fn three() -> u64 {
    3
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Scope {
    Text(String),
    List(Vec<String>),
}

/// Makes a code; answers with the file that the API console lets one download.
pub(super) fn code(state: &mut State, call: &Call) -> Result {
    let NewCode {
        client_id,
        scope,
        minutes,
        org,
        user,
    } = body(call)?;
    let scopes = match scope {
        Scope::Text(text) => split(&text),
        Scope::List(list) => list,
    };
    if scopes.is_empty() {
        return Err("scope names no scope; Zoho's console refuses that too".to_owned());
    }
    let organisation = state.organisation(org.as_deref().unwrap_or(FIRST_ORGANISATION));
    let users = &state.organisations[organisation].users;
    let user = match &user {
        None => users.first(),
        Some(email) => users.iter().find(|user| user.email == *email),
    };
    let user = user.ok_or("no user of that organisation has that e-mail address")?.id;
    let grantee = Grantee { organisation, user };
    let request = CodeRequest {
        client_id: client_id.clone(),
        grantee,
        scopes: scopes.clone(),
        minutes,
    };
    let State {
        accounts,
        names,
        clock,
        settings,
        ..
    } = state;
    let made = accounts.make_code(names, clock.now(), settings.codes_per_10_minutes, request);
    let (code, dies_at) = made.map_err(|trouble| trouble.to_string())?;
    let client_secret = accounts.clients.get(&client_id).map(|client| client.secret.clone());
    let file = object! {
        "client_id" => client_id,
        "client_secret" => client_secret,
        "code" => code,
        "grant_type" => "authorization_code",
        "scope" => scopes,
        "expiry_time" => dies_at.as_millisecond(),
    };
    Ok(Answer::json(200, file))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revoke {
    client_id: String,
    #[serde(default)]
    access_only: bool,
}

/// What a user does who takes a client off the list of connected applications.
pub(super) fn revoke(state: &mut State, call: &Call) -> Result {
    let Revoke { client_id, access_only } = body(call)?;
    let refresh_tokens = state.accounts.revoke_client(&client_id, access_only);
    Ok(Answer::json(200, object! {"refresh_tokens" => refresh_tokens}))
}
