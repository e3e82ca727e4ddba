//! Decides what becomes of a call that fails without a word about any record, by the history of its failures: whether it is
//! tried again, halved so that the record is found which makes it fail, or, once that record stands alone, rejected. Pure.
//!
//! A call is compared with others like it. Where they get through and it fails again and again in the same way, the fault is
//! in it. Where nothing gets through there is an outage, unless Bigin can be read: then one record is given up at a time.

use jiff::SignedDuration;

/// So often in a row a call fails before it is halved.
const BEFORE_HALVES: u32 = 3;
/// So often in a row a record fails alone before it is rejected, ...
const ALONE: u32 = 4;
/// ... and so often one that was alone from the start, since no larger call with it has failed before.
const ALONE_FROM_THE_START: u32 = 5;
/// So often where its other half fails as well, but the call of which both are the halves was compared.
const ALONE_BOTH: u32 = 6;
/// Each call that failed and then got through unchanged tells of failures that pass: a record must fail so much more often, ...
const FOR_EACH_RECOVERY: u32 = 3;
/// ... up to that many recoveries.
const MOST_RECOVERIES: u32 = 5;
/// A record that fails alone for so long, while Bigin can be read and nothing else gets through, is given up.
const ALONE_FOR: SignedDuration = SignedDuration::from_mins(15);

/// What is known of a call that has just failed so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct History {
    /// How many records it has.
    pub records: usize,
    /// How often in a row it failed in this way.
    pub times: u32,
    /// Whether it is a half of one that failed.
    pub is_half: bool,
    /// Whether others like it got through since.
    pub compared: bool,
    /// Whether others got through between two failures of the call that it is a half of.
    pub is_of_compared: bool,
    /// Whether its other half is still to be tried.
    pub other_half_waits: bool,
    /// Whether another call is being halved already although nothing gets through.
    pub others_are_halved: bool,
    /// How many calls failed and then got through unchanged.
    pub recoveries: u32,
    /// For how long it has failed with one record.
    pub alone_for: SignedDuration,
    /// Whether Bigin can be read meanwhile, where that was tried.
    pub reads_succeed: bool,
    /// Whether a record of the module was given up since a write got through.
    pub one_was_given_up: bool,
}

/// What to do with its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Send them again together.
    Again,
    /// Send them again when the other half was tried.
    AfterTheOtherHalf,
    /// Send them in two halves.
    Halve,
    /// Reject the one record.
    Reject,
}

/// Decides.
pub fn step(history: &History) -> Step {
    let noise = history.recoveries.min(MOST_RECOVERIES);
    if history.records > 1 {
        return if history.times < before_halves(history.is_half, history.recoveries) {
            Step::Again
        } else if history.compared {
            Step::Halve
        } else if history.other_half_waits {
            Step::AfterTheOtherHalf
        } else if history.others_are_halved {
            Step::Again
        } else {
            // There is nothing to compare it with but its own halves.
            Step::Halve
        };
    }
    let extra = FOR_EACH_RECOVERY * noise;
    let enough = if history.is_half { ALONE } else { ALONE_FROM_THE_START };
    let is_found = history.compared && history.times >= enough + extra;
    if is_found || (history.is_of_compared && history.times >= ALONE_BOTH + extra) {
        return Step::Reject;
    }
    let is_given_up = history.times >= ALONE && history.alone_for >= ALONE_FOR && history.reads_succeed;
    if is_given_up && !history.compared && !history.one_was_given_up {
        Step::Reject
    } else if !history.compared && history.other_half_waits {
        Step::AfterTheOtherHalf
    } else {
        Step::Again
    }
}

/// So often in a row a call fails before it is halved: more often where failures pass.
fn before_halves(is_half: bool, recoveries: u32) -> u32 {
    let enough = if is_half { 1 } else { BEFORE_HALVES };
    enough + recoveries.min(BEFORE_HALVES)
}

/// Whether a half that has failed is halved itself now that another call got through: it need not fail once more.
pub fn is_halved_unsent(records: usize, times: u32, recoveries: u32) -> bool {
    records > 1 && times >= before_halves(true, recoveries)
}

/// Whether it is worth a question, when such a call fails again, if Bigin can be read.
pub fn asks_for_a_read(alone_for: SignedDuration, compared: bool) -> bool {
    alone_for >= ALONE_FOR && !compared
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn history(records: usize, times: u32) -> History {
        History {
            records,
            times,
            is_half: false,
            compared: false,
            is_of_compared: false,
            other_half_waits: false,
            others_are_halved: false,
            recoveries: 0,
            alone_for: SignedDuration::ZERO,
            reads_succeed: false,
            one_was_given_up: false,
        }
    }

    fn compared(history: History) -> History {
        History {
            compared: true,
            ..history
        }
    }

    #[test]
    fn one_failure_is_tried_again_and_a_few_of_the_same_kind_halve_the_call() {
        assert_eq!(step(&compared(history(100, 1))), Step::Again);
        assert_eq!(step(&compared(history(100, 3))), Step::Halve);
        let half = History {
            is_half: true,
            ..history(50, 1)
        };
        assert_eq!(step(&compared(half)), Step::Halve);
        let waits = History {
            other_half_waits: true,
            ..half
        };
        assert_eq!(step(&waits), Step::AfterTheOtherHalf);
    }

    #[test]
    fn in_an_outage_one_call_at_a_time_is_halved_and_no_record_is_rejected() {
        let blind = History {
            others_are_halved: true,
            ..history(100, 9)
        };
        assert_eq!(step(&blind), Step::Again);
        for times in [5, 500] {
            let outage = History {
                alone_for: SignedDuration::from_hours(9),
                ..history(1, times)
            };
            assert_eq!(step(&outage), Step::Again);
        }
    }

    #[test]
    fn a_record_that_alone_fails_for_a_quarter_of_an_hour_while_reads_succeed_is_given_up_once() {
        let alone = History {
            alone_for: ALONE_FOR,
            reads_succeed: true,
            ..history(1, 9)
        };
        assert_eq!(step(&alone), Step::Reject);
        let second = History {
            one_was_given_up: true,
            ..alone
        };
        assert_eq!(step(&second), Step::Again);
        let early = History {
            alone_for: SignedDuration::from_mins(14),
            ..alone
        };
        assert_eq!(step(&early), Step::Again);
    }

    #[test]
    fn where_failures_pass_a_record_must_fail_more_often() {
        assert_eq!(step(&compared(history(1, 5))), Step::Reject);
        let noisy = |times| History {
            recoveries: 2,
            ..compared(history(1, times))
        };
        assert_eq!(step(&noisy(10)), Step::Again);
        assert_eq!(step(&noisy(11)), Step::Reject);
    }

    fn half(part: &[usize], is_of_compared: bool, other_half_waits: bool) -> (Vec<usize>, History) {
        let fresh = History {
            is_half: true,
            is_of_compared,
            other_half_waits,
            ..history(part.len(), 0)
        };
        (part.to_vec(), fresh)
    }

    /// Finds the poison among the records of a call, as delivery does with one call at a time: the calls it takes, and
    /// the records that were rejected.
    fn find(records: usize, poison: &[usize]) -> (u32, Vec<usize>) {
        let mut lanes = vec![((0..records).collect::<Vec<_>>(), history(records, 0))];
        let (mut calls, mut rejected, mut delivered) = (0, Vec::new(), 0);
        while !lanes.is_empty() {
            let (call, mut known) = lanes.remove(0);
            calls += 1;
            assert!(calls < 10_000, "it comes to an end: {records} {poison:?}");
            if !call.iter().any(|record| poison.contains(record)) {
                delivered += call.len();
                let mut halved = Vec::new();
                for (call, mut other) in lanes {
                    (other.compared, other.other_half_waits) = (true, false);
                    if other.is_half && is_halved_unsent(call.len(), other.times, 0) {
                        let (one, two) = call.split_at(call.len().div_ceil(2));
                        halved.push(half(one, true, true));
                        halved.push(half(two, true, false));
                    } else {
                        halved.push((call, other));
                    }
                }
                lanes = halved;
                continue;
            }
            known.times += 1;
            // A lone call without others is given up after a quarter of an hour at last.
            known.alone_for = if known.times > 20 {
                ALONE_FOR
            } else {
                SignedDuration::ZERO
            };
            known.reads_succeed = true;
            match step(&known) {
                Step::Again => lanes.insert(0, (call, known)),
                Step::AfterTheOtherHalf => {
                    known.other_half_waits = false;
                    lanes.insert(1.min(lanes.len()), (call, known));
                }
                Step::Halve => {
                    let (one, other) = call.split_at(call.len().div_ceil(2));
                    lanes.insert(0, half(other, known.compared, false));
                    lanes.insert(0, half(one, known.compared, true));
                }
                Step::Reject => rejected.push(call[0]),
            }
        }
        assert_eq!(delivered + rejected.len(), records);
        rejected.sort_unstable();
        (calls, rejected)
    }

    proptest! {
        /// Wherever the poison lies, and however much of it, it alone is rejected and all others arrive.
        #[test]
        fn poison_anywhere_is_found_and_takes_no_other_along(records in 2usize..=100, seeds in prop::collection::vec(0usize..100, 1..4)) {
            let mut poison: Vec<_> = seeds.iter().map(|seed| seed % records).collect();
            poison.sort_unstable();
            poison.dedup();
            let (calls, rejected) = find(records, &poison);
            prop_assert_eq!(&rejected, &poison);
            if let [_] = poison.as_slice() {
                #[allow(clippy::cast_precision_loss, reason = "a hundred at most")]
                let bound = 3.0 * (records as f64).log2() + 6.0;
                prop_assert!(f64::from(calls) < bound, "{} calls of {}", calls, records);
            }
        }
    }
}
