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
        let import = json!({"place": execution, "execution": execution, "looks_by": looks_by, "waits_for": waits_for});
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
    // The note stands until nothing is left: without it the wait is over, and not only after a while.
    let noted = upkeep::stored(&world.table).await.unwrap().unwrap();
    assert!(upkeep::clear(&world.table, noted.revision).await.unwrap());
    assert!(world.look().await.is_empty());
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
