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
        self == Self::Outage || code == PauseCode::Credits.as_str() || code == "CREDITS_EXHAUSTED"
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

/// All that waits, by what it is: `pause`, `messages`, `deferred`, `module Contacts`, `import <execution>`.
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
        add("deferred".to_owned(), Some(WaitKind::Outage), "DEFERRED", None);
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::clock::{Clock, ManualClock};
    use crate::state::pause::{SetCause, current, set};
    use crate::state::standing::record;
    use crate::state::{AuthorizationEvent, Cause, Held, MemoryTable};

    struct World {
        clock: ManualClock,
        table: MemoryTable,
    }

    impl World {
        async fn new() -> Self {
            let clock = ManualClock::at("2026-11-24T09:00:00Z");
            let table = MemoryTable::with_clock(clock.clone());
            let expires_at = clock.now() + SignedDuration::from_hours(1);
            let authorized = AuthorizationEvent::Authorized { expires_at };
            record(&table, &authorized, clock.now()).await.unwrap();
            Self { clock, table }
        }

        async fn look(&self) -> Vec<String> {
            let now = self.clock.now();
            let pause = current(&self.table, now).await.unwrap();
            let waits = look(&self.table, pause.as_ref(), Patience::default(), now)
                .await
                .unwrap();
            waits.into_keys().collect()
        }

        /// Looks every 20 minutes; answers with the minutes at which something waited too long.
        async fn heard(&self, minutes: i64, mut happens: impl AsyncFnMut(&Self, i64)) -> Vec<i64> {
            let mut heard = Vec::new();
            for minute in (0..minutes).step_by(20) {
                happens(self, minute).await;
                if !self.look().await.is_empty() {
                    heard.push(minute);
                }
                self.clock.advance(SignedDuration::from_mins(20));
            }
            heard
        }

        async fn pause(&self, cause: Cause, lasts: Option<i64>) {
            let now = self.clock.now();
            let cause = SetCause {
                cause,
                message: String::new(),
                since: now,
                by: "test".into(),
                resumes_at: lasts.map(|minutes| now + SignedDuration::from_mins(minutes)),
            };
            set(&self.table, &cause).await.unwrap();
        }

        async fn in_line(&self, execution: &str, waits_for: Option<&str>) {
            let looks_by = self.clock.now() + SignedDuration::from_hours(1);
            let import =
                json!({"place": execution, "execution": execution, "looks_by": looks_by, "waits_for": waits_for});
            self.table.put(&Key::new(LINE, execution), &import, None).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_held_module_is_heard_of_after_a_quarter_of_an_hour_and_until_it_is_released() {
        let world = World::new().await;
        let heard = world.heard(100, async |world, minute| match minute {
            0 => {
                let now = world.clock.now();
                let module = "Contacts".to_owned();
                let (code, message, action) = ("NO_PERMISSION".into(), String::new(), String::new());
                let held = Held {
                    module,
                    code,
                    message,
                    action,
                    since: now,
                    look_again_at: now,
                };
                held::hold(&world.table, &held).await.unwrap();
            }
            60 => held::release(&world.table, "Contacts").await.unwrap(),
            _ => {}
        });
        assert_eq!(heard.await, [20, 40]);
    }

    #[tokio::test]
    async fn an_outage_is_heard_of_after_an_hour_although_it_is_tried_again_in_between() {
        let world = World::new().await;
        let heard = world.heard(200, async |world, minute| {
            // At 40 a call has just set out: nothing says that anything waits.
            let waits_for = (minute != 40 && minute < 100).then_some("BIGIN_UNAVAILABLE");
            world.in_line("e", waits_for).await;
        });
        assert_eq!(heard.await, [60, 80, 100, 120], "and no longer than a try may take");
        let world = World::new().await;
        let heard = world.heard(120, async |world, minute| match minute {
            0 | 40 => note_messages(&world.table, "THROTTLED", world.clock.now())
                .await
                .unwrap(),
            80 => messages_got_on(&world.table).await.unwrap(),
            _ => {}
        });
        assert_eq!(heard.await, [60, 80, 100]);
    }

    #[tokio::test]
    async fn an_import_is_heard_of_when_it_has_waited_its_turn_for_six_hours() {
        let world = World::new().await;
        let heard = world.heard(7 * 60, async |world, minute| {
            // Others come and go, each waiting for a while.
            world.in_line("patient", (minute < 400).then_some(ITS_TURN)).await;
            world.in_line(&format!("brief {}", minute / 100), Some(ITS_TURN)).await;
        });
        assert_eq!(heard.await, [360, 380]);
    }

    #[tokio::test]
    async fn a_pause_by_hand_and_a_want_of_credits_are_heard_of_after_a_day() {
        for (cause, lasts) in [(Cause::Operator, None), (Cause::Credits, Some(30))] {
            let world = World::new().await;
            let heard = world.heard(25 * 60, async |world, minute| {
                // Credits are asked for every half hour, and found wanting again.
                if minute == 0 || (lasts.is_some() && minute % 40 == 0) {
                    world.pause(cause, lasts).await;
                }
            });
            assert_eq!(heard.await.first(), Some(&(24 * 60)), "{cause:?}");
        }
    }

    #[tokio::test]
    async fn deferred_messages_that_do_not_come_back_are_heard_of() {
        let world = World::new().await;
        let note = upkeep::Upkeep::of_pause(world.clock.now(), SignedDuration::from_hours(1));
        upkeep::write(&world.table, &note).await.unwrap();
        assert_eq!(world.heard(80, async |_, _| {}).await, [60]);
    }

    #[tokio::test]
    async fn where_nothing_waits_nothing_is_written() {
        let world = World::new().await;
        world.in_line("e", None).await;
        assert_eq!(world.look().await, Vec::<String>::new());
        assert!(world.table.get::<Waits>(&watched()).await.unwrap().is_none());
    }

    proptest! {
        /// Whatever comes and goes, nothing is heard of sooner than its reason deserves, and nothing that waits all the
        /// time is heard of later than at the next look.
        #[test]
        fn each_wait_is_heard_of_in_time(seen in prop::collection::vec(any::<bool>(), 1..120), code in prop::sample::select(vec!["THROTTLED", ITS_TURN, "operator", "credits"])) {
            let at = |look: usize| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(20 * i64::try_from(look).unwrap());
            let patience = Patience::default();
            let kind = WaitKind::of_code(code);
            let mut waits = Waits::new();
            let mut first = None;
            for (number, is_seen) in seen.into_iter().enumerate() {
                let now = at(number);
                let wait = Wait { kind, code: code.into(), since: now, seen: now };
                let found: Waits = is_seen.then(|| ("it".to_owned(), wait)).into_iter().collect();
                waits = go_on(waits, found, now);
                first = if waits.is_empty() { None } else { first.or(Some(now)) };
                let is_due = first.is_some_and(|first| now.duration_since(first) >= patience.with(kind));
                prop_assert_eq!(!too_long(waits.clone(), patience, now).is_empty(), is_due);
            }
        }
    }
}
