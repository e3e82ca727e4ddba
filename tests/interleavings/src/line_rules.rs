//! What must hold of the line of imports, whatever the order.

use shared::state::Key;
use shared::state::waits::LINE;

use crate::state_machine::place;
use crate::world::{End, World};

/// What the clock may come to where one thing goes wrong: a lost wake or an end that nobody told is found within a minute by
/// whoever watches, and a turn that nobody gives back runs out within another.
const MOST_MINUTES: i64 = 4;
/// How long the one waits that watches the line, in seconds.
const MINUTE: u64 = 60;

fn is_in_line(world: &World, number: usize) -> bool {
    world.items.contains_key(&Key::new(LINE, place(number)))
}

/// Whether a later import has to wait for an older one.
fn goes_before(world: &World, older: usize, later: usize) -> bool {
    let imports = &world.machine.imports;
    let (older, later) = (&imports[older], &imports[later]);
    older.module == later.module || older.refers_to.contains(&later.module) || later.refers_to.contains(&older.module)
}

/// Remembers who stood in the line when an import came into it.
pub fn after_a_step(world: &mut World) {
    for number in 0..world.machine.imports.len() {
        if is_in_line(world, number) && !world.machine.before.contains_key(&number) {
            let is_before = |older: &usize| world.people[*older].end.is_none() && is_in_line(world, *older);
            let before = (0..number).filter(is_before).collect();
            world.machine.before.insert(number, before);
        }
    }
}

/// Somebody has ended.
pub fn at_an_end(world: &mut World, who: usize) {
    if who >= world.machine.imports.len() || world.people[who].end != Some(End::Import("done".to_owned())) {
        return;
    }
    let before = world.machine.before.get(&who).into_iter().flatten();
    let mut still_there = before.filter(|older| world.people[**older].end.is_none() && is_in_line(world, **older));
    let overtaken = still_there.find(|older| goes_before(world, **older, who)).copied();
    if let Some(older) = overtaken {
        world.break_rule(format!(
            "the oldest goes first: import {who} has overtaken import {older}"
        ));
    }
}

/// Looked at when everybody is at the end.
pub fn at_the_end(world: &mut World) {
    let ends: Vec<_> = world.people.iter().filter_map(|person| person.end.clone()).collect();
    let has_failed = |end: &End| matches!(end, End::Import(how) if how != "done");
    if ends.iter().any(has_failed) {
        world.break_rule("no import fails because another one is late");
    }
    let has_stopped = ends.contains(&End::Died);
    let left_behind = (0..world.machine.imports.len()).any(|number| is_in_line(world, number));
    if !has_stopped && left_behind {
        world.break_rule("whoever ends leaves the line");
    }
    let timed_out = world.machine.timed_out.clone();
    if world.faults + world.jumps == 0 && !timed_out.is_empty() {
        world.break_rule("undisturbed, whoever waits is woken");
    }
    if timed_out.iter().any(|waited| *waited > MINUTE) {
        world.break_rule("nobody but the one that watches waits in vain");
    }
    if world.faults + world.jumps <= 1 && world.minute > MOST_MINUTES + 2 * i64::from(world.jumps) {
        world.break_rule(format!("a wake that is lost costs a minute, not {}", world.minute));
    }
}
