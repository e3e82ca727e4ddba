//! What must hold, whatever the order.

use serde_json::Value;
use shared::state::{AuthorizationState, Key, Standing};
use shared::tokens::{AccessDocument, BlankState, SelfClient};

use crate::line_rules;
use crate::refusals;
use crate::role::Role;
use crate::world::{End, Version, World};

/// The budget of the relay: Zoho allows 10 in 10 minutes, and the relay takes 6 of them at most.
const MOST_MINTS: usize = 6;
const WINDOW_MINUTES: i64 = 10;

/// Somebody asks Zoho for an access token.
pub fn asks_for_a_mint(world: &mut World, who: usize) {
    let now = world.minute;
    world.zoho.mints.push(now);
    let of_late = world.zoho.mints.iter().filter(|at| now < **at + WINDOW_MINUTES);
    if of_late.count() > MOST_MINTS {
        world.break_rule("never more mints than the budget");
    }
    // Longer than a lease, and whoever held one may have been taken for dead: then the publish decides.
    if world.jumps > 0 {
        return;
    }
    let lease = world.items.get(&Key::new("lease", "refresh"));
    let lease: Option<Value> = lease.and_then(|item| serde_json::from_str(&item.document).ok());
    let holder = lease.as_ref().and_then(|lease| lease["holder"].as_str());
    if holder != Some(&format!("invocation-{who}")) {
        world.break_rule("no mint without the lease");
    }
    let is_on_its_way = |under_way: &crate::world::UnderWay| !under_way.is_answered;
    if world
        .people
        .iter()
        .any(|person| person.under_way.as_ref().is_some_and(is_on_its_way))
    {
        world.break_rule("never two mints under way at once");
    }
}

/// Somebody makes this the current text of the self client's secret.
pub fn publishes_self_client(world: &mut World, text: &str) {
    let client: Option<SelfClient> = serde_json::from_str(text).ok();
    let tokens = client.iter().flat_map(SelfClient::refresh_tokens);
    let tokens: Vec<String> = tokens.map(|(_, token)| token.expose().to_owned()).collect();
    world.ever_stored.extend(tokens);
}

/// Somebody makes this the current text of the access token's secret.
pub fn publishes_access(world: &mut World, who: usize, text: &str) {
    let is_token = matches!(serde_json::from_str(text), Ok(AccessDocument::Token(_)));
    let Some(role) = world.people.get(who).map(|me| me.name) else {
        return;
    };
    let refreshes = [Role::Scheduled, Role::Rejected, Role::Push]
        .map(Role::name)
        .contains(&role);
    if !is_token || !refreshes {
        return;
    }
    if matches!(world.access_document(), Some(AccessDocument::Blank(blank)) if blank.state == BlankState::Revoked) {
        world.break_rule("never a token after revoke: a refresh has published over the blank");
    }
    match world.people[who].under_way.take() {
        None => world.break_rule("never two tokens published from one lease"),
        Some(under_way) if under_way.over.as_ref() != world.access.version() => {
            world.break_rule("never a token over one that somebody else has published meanwhile");
        }
        Some(_) => {}
    }
}

fn has(world: &World, role: Role) -> bool {
    world.people.iter().any(|person| person.name == role.name())
}

fn died(world: &World, role: Role) -> bool {
    world
        .people
        .iter()
        .any(|person| person.name == role.name() && person.end == Some(End::Died))
}

fn has_access_token(text: &str) -> bool {
    text.contains("\"access_token\"")
}

fn has_secret(text: &str) -> bool {
    text.contains("\"refresh_token\"") || text.contains("\"client_secret\"")
}

/// Whether a published version holds a token.
fn holds_a_token(world: &World) -> bool {
    world.access.published().any(has_access_token) || world.self_client.published().any(has_secret)
}

/// Whether a label was left on a version with a token that whoever listed the versions has seen.
fn has_overlooked_one(world: &World) -> bool {
    let seen = |version: &&Version| version.was_listed;
    let access = world.access.on_the_way().filter(seen);
    let self_client = world.self_client.on_the_way().filter(seen);
    access.into_iter().any(|version| has_access_token(&version.text))
        || self_client.into_iter().any(|version| has_secret(&version.text))
}

/// Refresh tokens that are good at Zoho, or that a good access token hangs on, among the versions that were left on
/// their way to be published.
fn good_ones_left_behind(world: &World) -> impl Iterator<Item = String> {
    let clients = world.self_client.on_the_way();
    let clients = clients.filter_map(|version| serde_json::from_str::<SelfClient>(&version.text).ok());
    let mut tokens: Vec<String> = clients
        .flat_map(|client| {
            let tokens = client.refresh_tokens().into_iter();
            tokens.map(|(_, token)| token.expose().to_owned()).collect::<Vec<_>>()
        })
        .collect();
    for version in world.access.on_the_way() {
        if let Ok(AccessDocument::Token(record)) = serde_json::from_str(&version.text) {
            tokens.extend(world.zoho.access.get(record.access_token.expose()).cloned());
        }
    }
    tokens.into_iter().filter(|token| world.zoho.good.contains(token))
}

/// Looked at after every step.
pub fn after_a_step(world: &mut World) {
    if !world.machine.imports.is_empty() {
        return line_rules::after_a_step(world);
    }
    let is_revoked = |person: &&crate::world::Person| person.end == Some(End::Revoke("revoked".to_owned()));
    if has(world, Role::Authorize) || world.people.iter().find(is_revoked).is_none() {
        return;
    }
    if holds_a_token(world) {
        world.break_rule("never a token after revoke: a published version of a secret holds one");
    }
    if has_overlooked_one(world) {
        world.break_rule("never a token after revoke: a label that the revoke saw is still there");
    }
    if !world.zoho.good.is_empty() {
        world.break_rule("never a token after revoke: Zoho still takes the refresh token");
    }
}

/// Looked at when everybody is at the end.
pub fn at_the_end(world: &mut World) {
    if !world.machine.imports.is_empty() {
        return line_rules::at_the_end(world);
    }
    if [Role::Refused(0), Role::Decided].iter().any(|role| has(world, *role)) {
        return refusals::at_the_end(world);
    }
    let standing = standing(world);
    let stored: Vec<String> = world.client().map_or_else(Vec::new, |client| {
        let tokens = client.refresh_tokens();
        tokens.into_iter().map(|(_, token)| token.expose().to_owned()).collect()
    });
    let lost: Vec<&String> = world.zoho.good.iter().filter(|good| !stored.contains(good)).collect();
    // What Zoho answered to a code dies with an authorize that dies before it stores it: nobody can do better.
    let is_excused = |token: &String| died(world, Role::Authorize) && !world.ever_stored.contains(token);
    let is_one_left_behind = good_ones_left_behind(world).any(|token| !is_excused(&token));
    if !lost.into_iter().all(is_excused) && !is_owned_up(world) {
        world.break_rule("never a lost refresh token: one is good at Zoho and out of the relay's reach");
    }
    let in_force = world.client().and_then(|client| client.refresh_token);
    match standing {
        AuthorizationState::Revoked if holds_a_token(world) || has_overlooked_one(world) => {
            world.break_rule("never a token after revoke: the state says revoked");
        }
        AuthorizationState::Revoked if is_one_left_behind => {
            world.break_rule("never a token after revoke: one that is good lies where it was to be published");
        }
        AuthorizationState::Active => match in_force {
            None => world.break_rule("never a lost refresh token: the state says active and there is none"),
            Some(token) if !world.zoho.good.contains(token.expose()) => {
                world.break_rule("never a lost refresh token: the state says active and it is dead");
            }
            Some(_) => {}
        },
        _ => {}
    }
    if world.faults == 0 && world.access.on_the_way().chain(world.self_client.on_the_way()).count() > 0 {
        world.break_rule("whoever is not disturbed takes its labels off");
    }
    if world.faults + world.jumps == 0 {
        undisturbed(world);
    }
}

/// Nothing went wrong: then everybody has got what they came for.
fn undisturbed(world: &mut World) {
    let ends: Vec<End> = world.people.iter().filter_map(|person| person.end.clone()).collect();
    if has(world, Role::Authorize) {
        return;
    }
    if has(world, Role::Revoke) {
        if !ends.contains(&End::Revoke("revoked".to_owned())) {
            world.break_rule("an undisturbed revoke revokes");
        }
        return;
    }
    let asked_for_one = world.people.iter().all(|person| person.name != Role::Scheduled.name());
    let minted = world
        .zoho
        .access
        .keys()
        .filter(|token| token.starts_with("minted-"))
        .count();
    if asked_for_one && minted != 1 {
        world.break_rule("a crowd that asks about one token costs one mint");
    }
    if asked_for_one && ends.contains(&End::Push(false)) {
        world.break_rule("an undisturbed push gets a token");
    }
}

/// Whether an operator was told of a token that may be left at Zoho.
fn is_owned_up(world: &World) -> bool {
    world.people.iter().any(|person| match &person.end {
        Some(End::Authorize { owns_up, .. }) => *owns_up,
        _ => false,
    })
}

fn standing(world: &World) -> AuthorizationState {
    let item = world.items.get(&Key::new("relay", "standing"));
    let standing: Option<Standing> = item.and_then(|item| serde_json::from_str(&item.document).ok());
    standing.unwrap_or_default().authorization.state
}
