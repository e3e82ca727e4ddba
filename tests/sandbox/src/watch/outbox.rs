//! What waits for the courier, and what goes wrong on its way: late, twice, in another order, not at all.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::notice::Notice;
use crate::json::{Json, Object, object};
use crate::settings::Settings;

/// How many deliveries are remembered one by one.
const REMEMBERED: usize = 5_000;

/// Notices that wait for their time.
#[derive(Debug)]
pub(crate) struct Outbox {
    waiting: Vec<(Instant, Notice)>,
    random: fastrand::Rng,
    pub(crate) deliveries: Deliveries,
}

/// What became of notices.
#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    made: u64,
    dropped: u64,
    repeated: u64,
    delivered: u64,
    failed: u64,
    log: VecDeque<(String, Value)>,
}

impl Outbox {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            waiting: Vec::new(),
            random: fastrand::Rng::with_seed(seed),
            deliveries: Deliveries::default(),
        }
    }

    /// Takes notices in. The switches say how they fare.
    pub(crate) fn add(&mut self, notices: Vec<Notice>, now: Instant, settings: &Settings) {
        for notice in notices {
            self.deliveries.made += 1;
            let fates = fates(&mut self.random, settings);
            match fates.len() {
                0 => {
                    self.deliveries.dropped += 1;
                    self.deliveries.remember("dropped", &notice);
                }
                copies => self.deliveries.repeated += copies as u64 - 1,
            }
            let copies = fates.into_iter().map(|wait| (now + wait, notice.clone()));
            self.waiting.extend(copies);
        }
        // Stable: what is due at one time goes out in the order in which it happened.
        self.waiting.sort_by_key(|(due, _)| *due);
    }

    /// Takes the callback of a bulk job in, which nothing befalls.
    pub(crate) fn call_back(&mut self, url: String, body: Value) {
        self.waiting.push((Instant::now(), Notice { url, body }));
        self.waiting.sort_by_key(|(due, _)| *due);
    }

    pub(crate) fn take_due(&mut self, now: Instant) -> Vec<Notice> {
        let due = self.waiting.partition_point(|(due, _)| *due <= now);
        self.waiting.drain(..due).map(|(_, notice)| notice).collect()
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.waiting.first().map(|(due, _)| *due)
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }
}

/// When each copy of a notice goes out: none when it is lost.
fn fates(random: &mut fastrand::Rng, settings: &Settings) -> Vec<Duration> {
    // All are drawn, whatever becomes of it: one switch does not change what another strikes.
    let [dropped, twice, late, disordered] = [
        settings.watch_drop_share,
        settings.watch_twice_share,
        settings.watch_late_share,
        settings.watch_disorder_share,
    ]
    .map(|share| random.f64() < share);
    if dropped {
        return Vec::new();
    }
    let mut wait = settings.watch_delay_ms;
    if late {
        wait += settings.watch_late_ms;
    }
    if disordered {
        // Long enough that those behind it overtake it.
        wait += 2 * settings.watch_delay_ms + 500;
    }
    let first = Duration::from_millis(wait);
    if twice {
        vec![first, first + Duration::from_millis(settings.watch_delay_ms)]
    } else {
        vec![first]
    }
}

impl Deliveries {
    pub(crate) fn ended(&mut self, delivered: Result<u16, &'static str>, notice: &Notice) {
        match delivered {
            Ok(status) if (200..300).contains(&status) => self.delivered += 1,
            _ => self.failed += 1,
        }
        let ending = delivered.map_or_else(str::to_owned, |status| status.to_string());
        self.remember(&ending, notice);
    }

    fn remember(&mut self, ending: &str, notice: &Notice) {
        if self.log.len() == REMEMBERED {
            self.log.pop_front();
        }
        self.log.push_back((ending.to_owned(), notice.body.clone()));
    }

    /// The counters.
    pub(crate) fn describe(&self) -> Object {
        object! {
            "made" => self.made,
            "dropped" => self.dropped,
            "repeated" => self.repeated,
            "delivered" => self.delivered,
            "failed" => self.failed,
        }
    }

    /// The last notices with what became of them, oldest first. The token of a channel is a secret.
    pub(crate) fn log(&self) -> impl Iterator<Item = Object> {
        self.log.iter().map(|(ending, body)| {
            let shown = |name: &str| Json::from(body[name].clone());
            object! {
                "ending" => ending.clone(),
                "channel_id" => shown("channel_id"),
                "module" => shown("module"),
                "operation" => shown("operation"),
                "ids" => shown("ids"),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(changes: Value) -> Settings {
        Settings::default().changed(changes).unwrap()
    }

    fn notice(number: u64) -> Notice {
        Notice {
            url: String::new(),
            body: number.into(),
        }
    }

    /// What goes out in a minute of 40 notices, in its order.
    fn brought(changes: Value) -> Vec<u64> {
        let (mut outbox, now) = (Outbox::new(7), Instant::now());
        outbox.add((0..40).map(notice).collect(), now, &settings(changes));
        let due = outbox.take_due(now + Duration::from_mins(1));
        due.iter().map(|notice| notice.body.as_u64().unwrap()).collect()
    }

    #[test]
    fn notices_go_out_once_and_in_their_order_unless_a_switch_says_otherwise() {
        assert_eq!(brought(serde_json::json!({})), (0..40).collect::<Vec<_>>());
        assert_eq!(brought(serde_json::json!({"watch_drop_share": 1.0})), [0; 0]);
        let twice = brought(serde_json::json!({"watch_twice_share": 1.0}));
        assert_eq!(twice.len(), 80);
        for shuffling in ["watch_late_share", "watch_disorder_share"] {
            let mut some = brought(serde_json::json!({shuffling: 0.3}));
            assert!(!some.is_sorted(), "{shuffling}");
            some.sort_unstable();
            assert_eq!(some, (0..40).collect::<Vec<_>>(), "{shuffling}");
        }
        let kept = brought(serde_json::json!({"watch_drop_share": 0.3})).len();
        assert!((20..36).contains(&kept), "{kept}");
    }

    #[test]
    fn a_notice_waits_for_its_time() {
        let (mut outbox, now) = (Outbox::new(7), Instant::now());
        outbox.add(
            vec![notice(1)],
            now,
            &settings(serde_json::json!({"watch_delay_ms": 100})),
        );
        assert_eq!(outbox.next(), Some(now + Duration::from_millis(100)));
        assert_eq!(outbox.take_due(now + Duration::from_millis(99)), []);
        assert_eq!(outbox.take_due(now + Duration::from_millis(100)).len(), 1);
    }
}
