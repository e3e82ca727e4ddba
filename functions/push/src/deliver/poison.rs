//! Decides what becomes of a call that fails without a word about any record, by the history of its failures: whether it is
//! tried again, halved so that the record is found which makes it fail, or, once that record stands alone, rejected. Pure.
//!
//! A call is compared with others like it. Where they get through and it fails again and again in the same way, the fault is
//! in it. Where nothing gets through there is an outage, unless Bigin can be read: then one record is given up at a time.

use jiff::{SignedDuration, Timestamp};
use shared::state::refusals::Noise;

use crate::record::Suspicion;

/// So often in a row a call fails in one way before it is halved; a half does so once.
const BEFORE_HALVES: u32 = 3;
/// So often in a row a record fails alone in one way before it is rejected, ...
const ALONE: u32 = 4;
/// ... and so often where its other half fails as well.
const ALONE_BOTH: u32 = 6;
/// Where calls got through beside so many of the larger ones, these were halved for what was in them.
const SURELY_COMPARED: u32 = 2;
/// Where larger calls have failed so often, one question more counts little: whether Bigin can be read.
const LONG_SEARCH: u32 = 6;
/// So unlikely it is at most that a record without fault is rejected, where no call has failed that got through in the end, ...
const DOUBT: f64 = 1.0 / 2_000.0;
/// ... and so unlikely where some have: then any call may meet such failures.
const DOUBT_IN_NOISE: f64 = 1e-7;
/// A record that fails alone for so long, while Bigin can be read and nothing else gets through, is given up.
pub const ALONE_FOR: SignedDuration = SignedDuration::from_mins(15);

/// What is known of a call that has just failed so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct History {
    /// How many records it has.
    pub records: usize,
    /// How often in a row it failed in this way.
    pub times: u32,
    /// How often in all it failed, and larger calls that its records were in, since one with them got through.
    pub failures: u32,
    /// How often those larger calls did.
    pub before: u32,
    /// Whether it is a half of one that failed.
    pub is_half: bool,
    /// How many calls like it set out since it is watched, and got through.
    pub passes: u32,
    /// How many did since the first of all these failures, ...
    pub all_passes: u32,
    /// ... and beside how many of the larger calls any did.
    pub compared_before: u32,
    /// Whether any did beside the one that it is a half of.
    pub is_of_compared: bool,
    /// How often calls fail of late that get through in the end.
    pub noise: Noise,
    /// Whether its other half is still to be tried.
    pub other_half_waits: bool,
    /// Whether another call is being halved already although nothing gets through.
    pub others_are_halved: bool,
    /// For how long it has failed with one record.
    pub alone_for: SignedDuration,
    /// Whether Bigin can be read meanwhile, where that was tried.
    pub reads_succeed: bool,
    /// Whether a record of the module was given up since a write got through.
    pub one_was_given_up: bool,
}

impl History {
    /// What is held against a call, and what the others that are suspected tell beside it. Of noise, and of whether Bigin can
    /// be read, it knows nothing.
    pub fn of<'a>(suspicion: &Suspicion, suspected: impl Iterator<Item = &'a Suspicion>, now: Timestamp) -> Self {
        let is_half = suspicion.half_of.is_some();
        let (mut other_half_waits, mut others_are_halved) = (false, false);
        for other in suspected.filter(|other| other.call != suspicion.call) {
            other_half_waits |= is_half && other.half_of == suspicion.half_of && !other.was_sent();
            others_are_halved |= other.half_of.is_some() && other.passes == 0 && other.records < suspicion.records;
        }
        Self {
            records: suspicion.records,
            times: suspicion.times,
            failures: suspicion.before + suspicion.own,
            before: suspicion.before,
            is_half,
            passes: suspicion.passes,
            all_passes: suspicion.passes_before + suspicion.passes,
            compared_before: suspicion.compared_before,
            is_of_compared: suspicion.is_of_compared,
            noise: Noise::default(),
            other_half_waits,
            others_are_halved,
            alone_for: suspicion
                .alone_since
                .map_or(SignedDuration::ZERO, |since| now.duration_since(since)),
            reads_succeed: false,
            one_was_given_up: false,
        }
    }
}

/// What to do with its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
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
pub fn remedy(history: &History) -> Remedy {
    let is_compared = history.passes > 0;
    if history.records > 1 {
        return if history.times < before_halves(history.is_half, history.noise) {
            Remedy::Again
        } else if is_compared {
            Remedy::Halve
        } else if history.other_half_waits {
            Remedy::AfterTheOtherHalf
        } else if history.others_are_halved {
            Remedy::Again
        } else {
            // There is nothing to compare it with but its own halves.
            Remedy::Halve
        };
    }
    if why_rejected(history).is_some() {
        Remedy::Reject
    } else if !is_compared && history.other_half_waits {
        Remedy::AfterTheOtherHalf
    } else {
        Remedy::Again
    }
}

/// Why a record is rejected whose calls fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Others get through.
    Compared,
    /// Nothing gets through, but Bigin can be read: one of a module is given up.
    GivenUp,
}

/// Why that record is rejected, if it is.
pub fn why_rejected(history: &History) -> Option<Why> {
    if history.records > 1 || history.times < ALONE {
        return None;
    }
    let is_likely = history.failures >= failures_that_tell(history.all_passes, history.noise);
    if history.is_half && is_likely {
        if history.passes > 0 && (history.reads_succeed || history.before < LONG_SEARCH) {
            return Some(Why::Compared);
        }
        // Its other half fails too. Perhaps nothing gets through any more; then Bigin can hardly be read.
        if history.is_of_compared && history.times >= ALONE_BOTH && history.reads_succeed {
            return Some(Why::Compared);
        }
    }
    let is_known = match history.all_passes {
        0 => history.noise.is_silent() || history.failures >= failures_in(history.noise),
        _ => is_likely,
    };
    if !is_known || !history.reads_succeed {
        return None;
    }
    if history.alone_for >= ALONE_FOR && history.compared_before >= SURELY_COMPARED {
        return Some(Why::Compared);
    }
    let is_alone_from_the_start = !history.is_half && history.passes > 0;
    let is_due = is_alone_from_the_start || history.alone_for >= ALONE_FOR;
    (is_due && !history.one_was_given_up).then_some(Why::GivenUp)
}

/// After how many failures, with never a success, a record is at fault and not the times. Had it no fault, its calls would
/// fail as often as others do, and then so many failures in a row are as unlikely as the doubt that is left.
pub fn failures_that_tell(passes: u32, noise: Noise) -> u32 {
    let quiet = failures_within(DOUBT, 0, passes);
    if noise.is_silent() {
        quiet
    } else {
        quiet.max(failures_in(noise))
    }
}

/// The same by what is known of failures that pass.
fn failures_in(noise: Noise) -> u32 {
    failures_within(DOUBT_IN_NOISE, noise.failures, noise.passes)
}

/// How many failures in a row are less likely than the doubt, where so many of other calls' tries failed and so many got
/// through. One more of each is assumed (Laplace's rule), since few tries tell little.
fn failures_within(doubt: f64, failures: u32, passes: u32) -> u32 {
    let (failures, passes) = (f64::from(failures) + 1.0, f64::from(passes) + 1.0);
    let likelihood = failures / (failures + passes);
    let needed = (doubt.ln() / likelihood.ln()).ceil();
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small number above 0"
    )]
    let needed = needed.min(1e6) as u32;
    needed
}

/// So often in a row a call fails before it is halved: more often where failures pass.
fn before_halves(is_half: bool, noise: Noise) -> u32 {
    let enough = if is_half { 1 } else { BEFORE_HALVES };
    enough + noise.failures.min(BEFORE_HALVES)
}

/// Whether a half that has failed is halved itself now that another call got through: it need not fail once more.
pub fn is_halved_unsent(records: usize, times: u32, noise: Noise) -> bool {
    records > 1 && times >= before_halves(true, noise)
}

/// Whether a record may be rejected when it fails alone once more, if only Bigin can be read then.
pub fn asks_for_a_read(history: &History) -> bool {
    let readable = |reads_succeed| History {
        times: history.times + 1,
        failures: history.failures + 1,
        reads_succeed,
        ..*history
    };
    history.records == 1 && remedy(&readable(true)) == Remedy::Reject && remedy(&readable(false)) != Remedy::Reject
}

#[cfg(test)]
mod tests;
