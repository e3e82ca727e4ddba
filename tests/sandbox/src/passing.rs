//! What happens as time passes, without anybody's call: jobs go on, automations edit records, notices are sent.

use std::time::{Duration, Instant};

use crate::automation::Edit;
use crate::bulk;
use crate::faults::Spoilt;
use crate::organisation::Organisation;
use crate::records::{Desk, write};
use crate::state::{State, World};
use crate::watch::notices;

/// Does what is due by now without anybody's call, and tells how long it is until the next such thing. Jobs that are
/// not due go on by so many rows.
pub(crate) fn pass_time(state: &mut State, rows: usize) -> Option<Duration> {
    pass_on(state);
    let now = state.clock.now();
    for place in 0..state.organisations.len() {
        bulk::work(state, place, now, rows);
    }
    pass_on(state);
    for place in 0..state.organisations.len() {
        for edit in state.organisations[place].automations.due(now) {
            automate(state, place, &edit);
        }
    }
    pass_on(state);
    let next = state.organisations.iter().filter_map(Organisation::next).min();
    next.map(|next| next.duration_since(now).try_into().unwrap_or_default())
}

fn automate(state: &mut State, place: usize, edit: &Edit) {
    let users = &state.organisations[place].users;
    let named = users.iter().find(|user| Some(&user.email) == edit.user.as_ref());
    let user = named.map_or(edit.writer, |user| user.id);
    let mut spoilt = Spoilt::default();
    if let Some(mut desk) = state.desk(place, user, edit.due, &mut spoilt) {
        desk.quiet = true;
        make(&mut desk, edit);
    }
}

/// Tells those who listen what happened.
fn pass_on(state: &mut State) {
    let now = state.clock.now();
    for organisation in &mut state.organisations {
        let events = organisation.journal.take();
        if events.is_empty() {
            continue;
        }
        for event in &events {
            organisation.automations.hear(event);
        }
        let notices = notices(organisation, &state.settings.data_center, &events, now);
        state.outbox.add(notices, Instant::now(), &state.settings);
    }
}

/// Whether something happens later without anybody's call.
fn is_expecting(state: &State) -> bool {
    state.outbox.waiting() > 0 || state.organisations.iter().any(|one| one.next().is_some())
}

/// Lets what a call did become known, now or at its time.
pub(crate) fn after_call(world: &World) {
    let mut state = world.lock();
    pass_time(&mut state, 0);
    if is_expecting(&state) {
        world.woken.notify_one();
    }
}

/// Makes an edit. It sets off no rule itself, and does nothing to a record that is gone or that the values do not suit.
fn make(desk: &mut Desk<'_>, edit: &Edit) {
    let known = desk.organisation.store(edit.module).contains(edit.id);
    if known && write::update_one(desk, edit.module, 0, edit.id, &edit.set, None).is_ok() {
        desk.organisation.automations.made += 1;
    }
}
