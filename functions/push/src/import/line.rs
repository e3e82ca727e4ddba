//! The line of imports: who may go, who goes next, and who watches that nobody is forgotten. Pure.
//!
//! Within a module the oldest goes first. Between modules the turn goes round, and a module's share of a
//! round is a time. An import waits for older imports of three kinds: of its own module, of the modules that
//! its columns look up, and of modules whose columns look up its own. So parents come before children, and
//! nobody renames a parent under a running child.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How late an import may be to look again before it is taken for dead: as long as the state machine goes on
/// trying a step that fails.
pub const GRACE: SignedDuration = SignedDuration::from_mins(15);
/// How much later than it said a watcher may look before another one watches.
const LATE: SignedDuration = SignedDuration::from_mins(1);
/// So many imports further a new watcher stands: that many go before one must be found again.
const WATCHER_BEHIND: usize = 10;

/// An import in the line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Its place in the line: imports go oldest first.
    pub place: String,
    /// The execution that the import began with.
    pub execution: String,
    /// The execution that it is in now.
    #[serde(default)]
    pub runs_in: String,
    /// The run, by which its report is found.
    #[serde(default)]
    pub run_id: String,
    /// The module, as far as known.
    pub module: String,
    /// The modules that its columns look up; `None` until its header was read.
    #[serde(default)]
    pub refers_to: Option<BTreeSet<String>>,
    /// When it will have looked again; later than this it is taken for dead.
    pub looks_by: Timestamp,
    /// Whether it waits for something else than its turn, such as the end of a pause.
    pub aside: bool,
    /// The code of what it waits for; none while it goes on. `shared::state::waits` reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
    /// Whether it waits and can be woken.
    #[serde(default)]
    pub waits: bool,
    /// Whether it looks at the line every minute.
    #[serde(default)]
    pub watches: bool,
}

impl Waiting {
    fn is_alive(&self, now: Timestamp) -> bool {
        self.looks_by >= now
    }

    /// A check sends nothing: it waits for nobody, and nobody for it.
    fn is_check(&self) -> bool {
        self.place.starts_with("0#")
    }

    /// Whether a later import waits for this one.
    fn goes_before(&self, later: &Self) -> bool {
        if self.is_check() || later.is_check() {
            return false;
        }
        let related = match (&self.refers_to, &later.refers_to) {
            (Some(ours), Some(theirs)) => ours.contains(&later.module) || theirs.contains(&self.module),
            _ => true,
        };
        related || self.module == later.module
    }
}

/// Which module has the present share of the round, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundShare {
    /// The module.
    pub module: String,
    /// Since when.
    pub since: Timestamp,
}

/// What an import may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum May {
    /// Send records.
    Deliver,
    /// Find out which modules its columns look up. That keeps to no order.
    Plan,
    /// Nothing: this older import goes first.
    Wait(Waiting),
}

/// What an import may do, by the line it stands in.
pub fn may(line: &[Waiting], me: &Waiting, now: Timestamp) -> May {
    if me.refers_to.is_none() && !me.is_check() {
        return May::Plan;
    }
    let older = line
        .iter()
        .find(|other| other.place < me.place && other.is_alive(now) && other.goes_before(me));
    older.map_or(May::Deliver, |older| May::Wait(older.clone()))
}

/// Of each module the first that waits for its turn alone, and could use it.
fn heads(line: &[Waiting], now: Timestamp) -> Vec<&Waiting> {
    let mut heads: BTreeMap<&str, &Waiting> = BTreeMap::new();
    for waiting in line {
        let can_be_woken = waiting.waits && !waiting.aside && waiting.is_alive(now);
        if can_be_woken
            && !heads.contains_key(waiting.module.as_str())
            && !matches!(may(line, waiting, now), May::Wait(_))
        {
            heads.insert(&waiting.module, waiting);
        }
    }
    heads.into_values().collect()
}

/// Who is woken when the turn is free: the first that can be. A module keeps the turn for its share of the round, then
/// the next one has it, in the order of their names.
pub fn next<'a>(
    line: &'a [Waiting],
    round: Option<&RoundShare>,
    share: SignedDuration,
    now: Timestamp,
) -> Vec<&'a Waiting> {
    let mut heads = heads(line, now);
    if let Some(round) = round {
        let is_over = now.duration_since(round.since) >= share;
        heads.sort_by_key(|head| match head.module.cmp(&round.module) {
            std::cmp::Ordering::Equal if is_over => 3,
            std::cmp::Ordering::Equal => 0,
            std::cmp::Ordering::Greater => 1,
            std::cmp::Ordering::Less => 2,
        });
    }
    heads
}

/// Whether an import of another module could use the turn.
pub fn others_wait(line: &[Waiting], module: &str, now: Timestamp) -> bool {
    heads(line, now).iter().any(|head| head.module != module)
}

/// Whether nobody but this one would look at the line within the minute.
pub fn needs_watcher(line: &[Waiting], me: &str, now: Timestamp) -> bool {
    !line.iter().any(|other| other.place != me && watches(other, now))
}

/// Who is to be the new watcher when this one has been woken; `None` while there is one.
pub fn new_watcher<'a>(line: &'a [Waiting], woken: &str, now: Timestamp) -> Option<&'a Waiting> {
    if !needs_watcher(line, woken, now) {
        return None;
    }
    let waiting = line
        .iter()
        .filter(|other| other.waits && other.is_alive(now) && other.place != woken);
    waiting.take(WATCHER_BEHIND).last()
}

fn watches(waiting: &Waiting, now: Timestamp) -> bool {
    waiting.waits && waiting.watches && waiting.looks_by - GRACE + LATE >= now
}

/// The first import of each module: those that others wait for.
pub fn firsts(line: &[Waiting]) -> Vec<&Waiting> {
    let mut seen = BTreeSet::new();
    line.iter()
        .filter(|waiting| seen.insert(waiting.module.as_str()))
        .collect()
}

/// Whether an execution is in the line and will look again in time.
pub fn is_alive(line: &[Waiting], execution: &str, now: Timestamp) -> bool {
    line.iter()
        .any(|waiting| waiting.is_alive(now) && waiting.execution == execution)
}

/// An import's place in the line. `order` is the sequencer of its event.
pub fn place(dry_run: bool, put_at: Timestamp, order: &str, run_id: &str) -> String {
    let kind = if dry_run { "0" } else { "1" };
    format!("{kind}#{}#{order}#{run_id}", put_at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ"))
}

/// The time that a place was given by.
pub fn put_at(place: &str) -> Option<Timestamp> {
    place.split('#').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests;
