//! What waits, and for how long: every reason to wait, each with the time after which somebody must hear of it. The
//! scheduled refresh looks, since it runs whatever happens to deliveries.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::pause::{Pause, PauseCode};
use super::table::{Key, StateError, Table};
use super::{held, upkeep};

/// The table's partition with the line of imports.
pub const LINE: &str = "imports";
/// The code of an import that waits for another one.
pub const ITS_TURN: &str = "WAITS_ITS_TURN";
/// The table's partition with runs of pull that wait.
const PULLS: &str = "pull-waits";
/// The code of what a pause has left to bring back.
const DEFERRED: &str = "DEFERRED";
/// Messages that went back to the queue come again within that long: SQS hides none for more than 12 hours.
const MESSAGES_COME_AGAIN: SignedDuration = SignedDuration::from_hours(13);
/// What fails, is left alone and is tried again has not ended while it is tried: it counts as waiting that much longer.
const BETWEEN_TRIES: SignedDuration = SignedDuration::from_mins(45);
/// The watch keeps so many imports in mind, the oldest ones.
const MOST_IMPORTS: usize = 50;

/// Why something waits, as far as its patience goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WaitKind {
    /// Bigin does not let a module be written.
    Held,
    /// Bigin is out of reach, throttles, or takes no token.
    Outage,
    /// Another import has the turn.
    Turn,
    /// Credits are used up, or somebody paused or revoked.
    Pause,
}

impl WaitKind {
    /// The kind of a reason's code, as reports and pauses give it. One that is not known here is nobody's intention.
    fn of_code(code: &str) -> Self {
        let is = |pause: PauseCode| code == pause.as_str();
        if code.starts_with("WAITS_") || code == "TURN_TAKEN" {
            Self::Turn
        } else if code == "CREDITS_EXHAUSTED"
            || code == "NOT_AUTHORIZED"
            || [
                PauseCode::Credits,
                PauseCode::Operator,
                PauseCode::Revoked,
                PauseCode::NotAuthorized,
            ]
            .into_iter()
            .any(is)
        {
            Self::Pause
        } else {
            Self::Outage
        }
    }

    /// Whether it comes and goes while it lasts, since it is tried again.
    fn is_tried_again(self, code: &str) -> bool {
        // The note on what a pause has left stands until nothing is left.
        let comes_and_goes = self == Self::Outage && code != DEFERRED;
        comes_and_goes || code == PauseCode::Credits.as_str() || code == "CREDITS_EXHAUSTED"
    }
}

/// After what time somebody must hear of a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// With a held module.
    pub held: SignedDuration,
    /// With an outage or a throttle.
    pub outage: SignedDuration,
    /// With the turn of another import.
    pub turn: SignedDuration,
    /// With a want of credits, and with a pause by hand.
    pub pause: SignedDuration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            held: SignedDuration::from_mins(15),
            outage: SignedDuration::from_hours(1),
            turn: SignedDuration::from_hours(6),
            pause: SignedDuration::from_hours(24),
        }
    }
}

impl Patience {
    fn with(self, kind: WaitKind) -> SignedDuration {
        match kind {
            WaitKind::Held => self.held,
            WaitKind::Outage => self.outage,
            WaitKind::Turn => self.turn,
            WaitKind::Pause => self.pause,
        }
    }
}

/// Something that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// Why, by kind.
    pub kind: WaitKind,
    /// Why, by the code that reports and the status give.
    pub code: String,
    /// Since when, as far as is known.
    pub since: Timestamp,
    /// When it was last seen.
    pub seen: Timestamp,
}

/// All that waits, by what it is: `pause`, `messages`, `deferred`, `module Contacts`, `import <execution>`,
/// `pull Contacts`.
pub type Waits = BTreeMap<String, Wait>;

/// Looks at all that waits, remembers since when, and answers with those that wait for longer than their reason deserves.
///
/// # Errors
/// The table failed.
pub async fn look(
    table: &impl Table,
    pause: Option<&Pause>,
    patience: Patience,
    now: Timestamp,
) -> Result<Waits, StateError> {
    let before = table.get::<Waits>(&watched()).await?.map(|stored| stored.value);
    let found = found(table, pause, now).await?;
    let waits = go_on(before.clone().unwrap_or_default(), found, now);
    if before.as_ref() != Some(&waits) && !(before.is_none() && waits.is_empty()) {
        table.put(&watched(), &waits, None).await?;
    }
    Ok(too_long(waits, patience, now))
}

/// Notes that messages wait, and why.
///
/// # Errors
/// The table failed.
pub async fn note_messages(table: &impl Table, code: &str, now: Timestamp) -> Result<(), StateError> {
    let waiting = Messages { code: code.to_owned() };
    table.put(&messages(), &waiting, Some(now + MESSAGES_COME_AGAIN)).await
}

/// Notes that messages get on again.
///
/// # Errors
/// The table failed.
pub async fn messages_got_on(table: &impl Table) -> Result<(), StateError> {
    table.remove(&messages(), None).await.map(|_| ())
}

/// Notes that a run of pull over a module waits, and why. It looks again by that time, or is dead.
///
/// # Errors
/// The table failed.
pub async fn note_pull(table: &impl Table, module: &str, code: &str, looks_by: Timestamp) -> Result<(), StateError> {
    let waiting = PullWait {
        code: code.to_owned(),
        looks_by,
    };
    table.put(&pull(module), &waiting, Some(looks_by)).await
}

/// Notes that a run of pull over a module gets on again.
///
/// # Errors
/// The table failed.
pub async fn pull_got_on(table: &impl Table, module: &str) -> Result<(), StateError> {
    table.remove(&pull(module), None).await.map(|_| ())
}

/// Everything that waits at this moment.
async fn found(table: &impl Table, pause: Option<&Pause>, now: Timestamp) -> Result<Waits, StateError> {
    let mut waits = Waits::new();
    let mut add = |what: String, kind: Option<WaitKind>, code: &str, since: Option<Timestamp>| {
        let wait = Wait {
            kind: kind.unwrap_or_else(|| WaitKind::of_code(code)),
            code: code.to_owned(),
            since: since.unwrap_or(now),
            seen: now,
        };
        waits.insert(what, wait);
    };
    if let Some(pause) = pause {
        add("pause".to_owned(), None, pause.code.as_str(), pause.since);
    } else if upkeep::read(table).await?.is_some_and(|upkeep| !upkeep.is_watch) {
        add("deferred".to_owned(), Some(WaitKind::Outage), DEFERRED, None);
    }
    for held in held::all(table).await? {
        add(
            format!("module {}", held.module),
            Some(WaitKind::Held),
            &held.code,
            Some(held.since),
        );
    }
    if let Some(waiting) = table.get::<Messages>(&messages()).await? {
        add("messages".to_owned(), None, &waiting.value.code, None);
    }
    for (module, stored) in table.list::<PullWait>(PULLS).await? {
        let PullWait { code, looks_by } = stored.value;
        if now <= looks_by {
            add(format!("pull {module}"), None, &code, None);
        }
    }
    let line = table
        .list::<InLine>(LINE)
        .await?
        .into_iter()
        .map(|(_, stored)| stored.value);
    for import in line.filter(|import| import.looks_by >= now).take(MOST_IMPORTS) {
        if let Some(code) = import.waits_for {
            add(format!("import {}", import.execution), None, &code, None);
        }
    }
    Ok(waits)
}

/// Since when things wait, by what was known and what is found. What waits for another reason than before has begun to.
fn go_on(mut before: Waits, found: Waits, now: Timestamp) -> Waits {
    let mut waits = Waits::new();
    for (what, wait) in found {
        let since = match before.remove(&what) {
            Some(old) if old.kind == wait.kind => old.since.min(wait.since),
            _ => wait.since,
        };
        waits.insert(what, Wait { since, ..wait });
    }
    let is_tried = |wait: &Wait| wait.kind.is_tried_again(&wait.code) && now.duration_since(wait.seen) <= BETWEEN_TRIES;
    waits.extend(before.into_iter().filter(|(_, wait)| is_tried(wait)));
    waits
}

fn too_long(waits: Waits, patience: Patience, now: Timestamp) -> Waits {
    let is_too_long = |wait: &Wait| now.duration_since(wait.since) >= patience.with(wait.kind);
    waits.into_iter().filter(|(_, wait)| is_too_long(wait)).collect()
}

/// Why messages wait.
#[derive(Serialize, Deserialize)]
struct Messages {
    code: String,
}

/// Why a run of pull waits.
#[derive(Serialize, Deserialize)]
struct PullWait {
    code: String,
    looks_by: Timestamp,
}

/// Of an import in the line, what concerns its wait.
#[derive(Deserialize)]
struct InLine {
    execution: String,
    looks_by: Timestamp,
    #[serde(default)]
    waits_for: Option<String>,
}

fn watched() -> Key {
    Key::new("relay", "waits")
}

fn messages() -> Key {
    Key::new("waits", "messages")
}

fn pull(module: &str) -> Key {
    Key::new(PULLS, module)
}

#[cfg(test)]
mod tests;
