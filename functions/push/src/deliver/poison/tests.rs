use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::record::{Silence, Suspicion};

fn history(records: usize, times: u32) -> History {
    History {
        records,
        times,
        failures: times,
        before: 0,
        is_half: false,
        passes: 0,
        all_passes: 0,
        compared_before: 0,
        is_of_compared: false,
        noise: Noise::default(),
        other_half_waits: false,
        others_are_halved: false,
        alone_for: SignedDuration::ZERO,
        reads_succeed: false,
        one_was_given_up: false,
    }
}

fn compared(passes: u32, history: History) -> History {
    History {
        passes,
        all_passes: passes,
        ..history
    }
}

#[test]
fn one_failure_is_tried_again_and_a_few_of_the_same_kind_halve_the_call() {
    assert_eq!(remedy(&compared(1, history(100, 1))), Remedy::Again);
    assert_eq!(remedy(&compared(1, history(100, 3))), Remedy::Halve);
    let half = History {
        is_half: true,
        ..history(50, 1)
    };
    assert_eq!(remedy(&compared(1, half)), Remedy::Halve);
    let waits = History {
        other_half_waits: true,
        ..half
    };
    assert_eq!(remedy(&waits), Remedy::AfterTheOtherHalf);
}

#[test]
fn in_an_outage_one_call_at_a_time_is_halved_and_no_record_is_rejected() {
    let blind = History {
        others_are_halved: true,
        ..history(100, 9)
    };
    assert_eq!(remedy(&blind), Remedy::Again);
    for (times, passes) in [(5, 0), (500, 0), (500, 3)] {
        let outage = History {
            alone_for: SignedDuration::from_hours(9),
            ..compared(passes, history(1, times))
        };
        assert_eq!(remedy(&outage), Remedy::Again, "nothing can be read");
    }
    // A call got through after the first failure, then writes fail and reads do not.
    let half = History {
        is_half: true,
        all_passes: 1,
        compared_before: 1,
        reads_succeed: true,
        ..history(1, 500)
    };
    assert_eq!(remedy(&half), Remedy::Again);
}

#[test]
fn a_record_that_alone_fails_for_a_quarter_of_an_hour_while_reads_succeed_is_given_up_once() {
    let alone = History {
        alone_for: ALONE_FOR,
        reads_succeed: true,
        ..history(1, 9)
    };
    assert_eq!(why_rejected(&alone), Some(Why::GivenUp));
    let second = History {
        one_was_given_up: true,
        ..alone
    };
    assert_eq!(remedy(&second), Remedy::Again);
    let early = History {
        alone_for: SignedDuration::from_mins(14),
        ..alone
    };
    assert_eq!(remedy(&early), Remedy::Again);
    let of_many = History {
        compared_before: 2,
        ..second
    };
    assert_eq!(
        why_rejected(&of_many),
        Some(Why::Compared),
        "others got through beside the calls that it was in"
    );
}

#[test]
fn where_failures_pass_a_record_must_fail_more_often() {
    let half = |times, noise| History {
        is_half: true,
        noise,
        ..compared(7, history(1, times))
    };
    assert_eq!(remedy(&half(4, Noise::default())), Remedy::Reject);
    let noise = Noise {
        failures: 6,
        passes: 12,
    };
    assert_eq!(remedy(&half(12, noise)), Remedy::Again);
    assert_eq!(remedy(&half(20, noise)), Remedy::Reject);
}

#[test]
fn two_halves_that_both_fail_are_rejected_where_others_got_through_beside_both() {
    let half = |times, reads_succeed| History {
        is_half: true,
        is_of_compared: true,
        all_passes: 2,
        compared_before: 1,
        failures: times + 5,
        reads_succeed,
        ..history(1, times)
    };
    assert_eq!(remedy(&half(5, true)), Remedy::Again);
    assert_eq!(remedy(&half(6, true)), Remedy::Reject);
    assert_eq!(remedy(&half(60, false)), Remedy::Again, "it may be an outage");
    assert!(asks_for_a_read(&half(5, false)) && !asks_for_a_read(&half(4, false)));
}

/// Calls that wait, as delivery sends them with one in flight.
#[derive(Default)]
struct World {
    waiting: Vec<(Vec<usize>, Option<Suspicion>)>,
    standing_back: HashMap<u64, Option<u64>>,
    noise: Noise,
    one_was_given_up: bool,
    now: Timestamp,
    calls: u32,
    delivered: Vec<usize>,
    rejected: Vec<usize>,
}

impl World {
    fn of(calls: impl IntoIterator<Item = Vec<usize>>) -> Self {
        Self {
            waiting: calls.into_iter().map(|records| (records, None)).collect(),
            ..Self::default()
        }
    }

    /// Sends calls until nothing is left, or so many were made. `answer` says how a call fails.
    fn run(&mut self, most: u32, mut answer: impl FnMut(&[usize]) -> Option<Silence>, reads_succeed: bool) {
        while !self.waiting.is_empty() && self.calls < most {
            let stands_back = |suspicion: &Option<Suspicion>| {
                suspicion
                    .as_ref()
                    .is_some_and(|suspicion| self.standing_back.contains_key(&suspicion.call))
            };
            let next = self.waiting.iter().position(|(_, suspicion)| !stands_back(suspicion));
            let (records, suspicion) = self.waiting.remove(next.unwrap_or_default());
            if next.is_none() {
                self.standing_back.clear();
            }
            let tried = suspicion.as_ref().map_or(0, |suspicion| suspicion.own);
            let set_out = self.now + SignedDuration::from_secs(i64::from(1 << tried.min(4)));
            self.now = set_out + SignedDuration::from_millis(300);
            self.calls += 1;
            let family = suspicion.as_ref().and_then(|suspicion| suspicion.half_of);
            self.standing_back
                .retain(|_, behind| behind.is_none() || *behind != family);
            match answer(&records) {
                None => self.passes(records, suspicion.as_ref(), set_out),
                Some(silence) => self.fails(records, suspicion, silence, reads_succeed),
            }
        }
    }

    fn passes(&mut self, records: Vec<usize>, suspicion: Option<&Suspicion>, set_out: Timestamp) {
        self.noise.passed(suspicion.map_or(0, |suspicion| suspicion.own));
        self.one_was_given_up = false;
        self.delivered.extend(records);
        for (records, suspicion) in std::mem::take(&mut self.waiting) {
            let Some(mut suspicion) = suspicion else {
                self.waiting.push((records, None));
                continue;
            };
            suspicion.note_pass(set_out);
            if suspicion.half_of.is_some()
                && suspicion.was_sent()
                && is_halved_unsent(suspicion.records, suspicion.times, self.noise)
            {
                self.halve(self.waiting.len(), records, &suspicion);
            } else {
                self.waiting.push((records, Some(suspicion)));
            }
        }
    }

    fn halve(&mut self, at: usize, mut records: Vec<usize>, suspicion: &Suspicion) {
        let behind = records.split_off(records.len().div_ceil(2));
        for half in [behind, records] {
            let of_half = suspicion.half(half.len(), self.now);
            self.waiting.insert(at, (half, Some(of_half)));
        }
    }

    fn history(&self, suspicion: &Suspicion, reads_succeed: bool) -> History {
        let suspected = self.waiting.iter().filter_map(|(_, other)| other.as_ref());
        History {
            noise: self.noise,
            reads_succeed,
            one_was_given_up: self.one_was_given_up,
            ..History::of(suspicion, suspected, self.now)
        }
    }

    fn fails(&mut self, records: Vec<usize>, suspicion: Option<Suspicion>, silence: Silence, reads_succeed: bool) {
        let mut suspicion = suspicion.unwrap_or_else(|| Suspicion::new(records.len(), self.now));
        let reads = asks_for_a_read(&self.history(&suspicion, false));
        self.calls += u32::from(reads);
        if suspicion.fail(silence, records.len(), self.now) {
            self.noise.failed();
        }
        let history = self.history(&suspicion, reads && reads_succeed);
        match remedy(&history) {
            again @ (Remedy::Again | Remedy::AfterTheOtherHalf) => {
                let behind = suspicion.half_of.filter(|_| again == Remedy::AfterTheOtherHalf);
                self.standing_back.insert(suspicion.call, behind);
                self.waiting.insert(0, (records, Some(suspicion)));
            }
            Remedy::Halve => self.halve(0, records, &suspicion),
            Remedy::Reject => {
                self.one_was_given_up |= why_rejected(&history) == Some(Why::GivenUp);
                self.rejected.extend(records);
            }
        }
    }
}

fn silence(kind: usize) -> Silence {
    [
        Silence::Status(500),
        Silence::Status(403),
        Silence::NoAnswer,
        Silence::Unreadable,
    ][kind % 4]
}

/// What finding one poison may cost.
fn bound(records: usize) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "a hundred at most")]
    let records = records as f64;
    3.0 * records.log2() + 6.0
}

proptest! {
    /// Wherever the poison lies, and however much of it, it alone is rejected and all others arrive.
    #[test]
    fn poison_anywhere_is_found_and_takes_no_other_along(
        records in 2_usize..=100, seeds in prop::collection::vec((0_usize..100, 0_usize..4), 1..4), others in 0_usize..4,
    ) {
        let poison: BTreeMap<_, _> = seeds.iter().map(|(seed, kind)| (seed % records, *kind)).collect();
        let rest = (0..others).map(|number| (1_000 + 100 * number..1_100 + 100 * number).collect());
        let mut world = World::of(std::iter::once((0..records).collect()).chain(rest));
        let answer = |call: &[usize]| call.iter().find_map(|record| poison.get(record)).map(|kind| silence(*kind));
        world.run(2_000, answer, true);
        // Where nothing else is there to get through, one record is given up until something comes that does.
        for number in 0..poison.len() {
            if !world.waiting.is_empty() {
                world.waiting.push((vec![9_000 + number], None));
                world.run(world.calls + 2_000, answer, true);
            }
        }
        world.delivered.retain(|record| *record < 9_000);
        world.rejected.sort_unstable();
        prop_assert_eq!(&world.rejected, &poison.keys().copied().collect::<Vec<_>>());
        prop_assert_eq!(world.delivered.len(), records + 100 * others - poison.len());
        if poison.len() == 1 {
            let spent = world.calls - u32::try_from(others).unwrap();
            prop_assert!(f64::from(spent) < bound(records), "{} calls of {}", spent, records);
        }
    }

    /// Calls that fail now and then, in any way and however often, reject nobody.
    #[test]
    fn failures_that_pass_reject_nobody(
        sizes in prop::collection::vec(1_usize..=100, 1..40), often in prop::collection::vec(0.0_f64..0.25, 4), seed in any::<u64>(),
    ) {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut world = World::of(sizes.iter().enumerate().map(|(number, size)| (0..*size).map(|record| 1_000 * number + record).collect()));
        let answer = |_: &[usize]| (0..4).find(|kind| random.f64() < often[*kind]).map(silence);
        world.run(5_000, answer, true);
        prop_assert_eq!(&world.rejected, &Vec::<usize>::new());
    }

    /// An outage that begins and ends at any moment rejects nobody, but for one record where Bigin can be read meanwhile.
    #[test]
    fn an_outage_rejects_nobody(
        sizes in prop::collection::vec(1_usize..=100, 1..12), begins in 0_u32..20, lasts in 1_u32..200, reads_succeed: bool,
    ) {
        let mut world = World::of(sizes.iter().enumerate().map(|(number, size)| (0..*size).map(|record| 1_000 * number + record).collect()));
        let mut made = 0;
        let answer = |_: &[usize]| {
            made += 1;
            (begins..begins + lasts).contains(&made).then(|| silence(0))
        };
        world.run(5_000, answer, reads_succeed);
        prop_assert!(world.rejected.len() <= usize::from(reads_succeed), "{:?}", world.rejected);
    }
}
