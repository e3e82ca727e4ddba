//! `GET /console/state` and `GET /console/calls`.

use crate::answer::Answer;
use crate::clock::written;
use crate::json::{Json, Object, object};
use crate::metadata::ModuleName;
use crate::organisation::Organisation;
use crate::state::{State, World};

/// The counters.
pub(super) fn state(world: &World) -> Answer {
    let (in_flight, most_in_flight) = world.flights.now_and_most();
    let state = &mut *world.lock();
    let (now, daily) = (state.clock.now(), state.settings.daily_credits());
    let tokens = tokens(state);
    let organisations: Vec<_> = state
        .organisations
        .iter_mut()
        .map(|organisation| {
            let spent = organisation.credits.spent(now);
            let credits = object! {
                "limit" => daily,
                "spent" => spent,
                "left" => daily.saturating_sub(spent),
                "spent_ever" => organisation.credits.ever(),
            };
            let channels = organisation.channels.count(now);
            let mut described = describe(organisation, credits);
            described.push("channels", channels);
            let [writes, reads] = organisation.bulk.counts();
            let jobs = |(all, open): (usize, usize)| object! {"made" => all, "open" => open};
            described.push("bulk_writes", jobs(writes));
            described.push("bulk_reads", jobs(reads));
            described
        })
        .collect();
    let first = |name: &str| {
        organisations
            .first()
            .and_then(|first| first.get(name))
            .cloned()
            .unwrap_or(Json::Null)
    };
    let view = object! {
        "now" => written(now),
        "calls" => state.counters.describe(),
        "calls_total" => state.counters.total(),
        "credits" => first("credits"),
        "tokens" => tokens,
        "in_flight" => in_flight,
        "most_in_flight" => most_in_flight,
        "records" => first("records"),
        "writes" => first("writes"),
        "notifications" => state.outbox.deliveries.describe(),
        "clients" => clients(state),
        "organisations" => organisations,
    };
    Answer::json(200, view)
}

fn clients(state: &State) -> Vec<Object> {
    let shown = state.accounts.clients.iter().map(|(id, client)| {
        let refresh_tokens = state.accounts.refresh_tokens_of(id).count();
        object! {
            "client_id" => id.clone(),
            "client_name" => client.name.clone(),
            "data_center" => client.data_center.clone(),
            "refresh_tokens" => refresh_tokens,
        }
    });
    shown.collect()
}

fn tokens(state: &State) -> Object {
    let counts = state.accounts.counts;
    let (access, refresh) = state.accounts.alive(state.clock.now());
    object! {
        "minted" => counts.exchanged + counts.refreshed,
        "exchanged" => counts.exchanged,
        "refreshed" => counts.refreshed,
        "denied" => counts.denied,
        "refused" => counts.refused,
        "revoked" => counts.revoked,
        "live_access_tokens" => access,
        "refresh_tokens" => refresh,
    }
}

fn describe(organisation: &Organisation, credits: Object) -> Object {
    let (mut records, mut writes) = (Object::new(), Object::new());
    for module in ModuleName::ALL {
        let store = organisation.store(module);
        records.push(module.api_name(), store.len());
        let written = store.written;
        writes.push(
            module.api_name(),
            object! {
                "inserted" => written.inserted,
                "updated" => written.updated,
                "deleted" => written.deleted,
                "rejected" => written.rejected,
            },
        );
    }
    let users: Vec<_> = organisation
        .users
        .iter()
        .map(|user| {
            object! {
                "id" => user.id.to_string(),
                "email" => user.email.clone(),
                "active" => user.active,
            }
        })
        .collect();
    object! {
        "id" => organisation.id.to_string(),
        "zgid" => organisation.zgid.to_string(),
        "name" => organisation.name.clone(),
        "users" => users,
        "credits" => credits,
        "records" => records,
        "writes" => writes,
    }
}

/// The last notifications, one a line.
pub(super) fn notices(state: &State) -> Answer {
    let lines = state.outbox.deliveries.log();
    let lines: String = lines.map(|notice| Json::from(notice).to_text() + "\n").collect();
    Answer::text(200, "application/x-ndjson", lines)
}

/// The last calls, one a line.
pub(super) fn calls(state: &State) -> Answer {
    let lines: String = state
        .counters
        .log()
        .map(|logged| Json::from(logged).to_text() + "\n")
        .collect();
    Answer::text(200, "application/x-ndjson", lines)
}
