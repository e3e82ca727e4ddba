//! How push works: every knob once, with its unit and where its value comes from. What the template sets comes through
//! [`super::Config`].

use std::time::Duration;

use jiff::SignedDuration;
use shared::pulled_modules::PulledModules;
use tokio::time::Instant;

use crate::deliver::{DeliveryLimits, LANDING};

/// What can be set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The stack's name; without one nothing is measured.
    pub stack: String,
    /// The most calls to Bigin in flight over the whole stack.
    pub bigin_concurrency: usize,
    /// How many of them are pull's.
    pub pull_calls: usize,
    /// Which modules are pulled: what is written to those is noted for pull.
    pub pulled: PulledModules,
    /// How long a slice of an import, or its plan, works before it hands over.
    pub slice_budget: Duration,
    /// How long the event of a file that was put may take: a younger file is not taken for one whose event was lost.
    pub event_within: SignedDuration,
    /// After how many days the bucket's lifecycle rule removes a file from the inbox.
    pub inbox_days: i64,
    /// At what age messages that a pause keeps waiting are moved into the bucket.
    pub defer_after: SignedDuration,
    /// How long the turn is held without a sign of life.
    pub turn_lasts: Duration,
    /// The same for a slice, which shows one at each checkpoint.
    pub slice_turn_lasts: Duration,
    /// How often a slice looks whether another invocation has taken its import over.
    pub successor_every: Duration,
    /// The wait after a first failed call, a 429 too; it doubles with each further one.
    pub first_wait: Duration,
    /// How long failed calls in a row are borne before delivery stops.
    pub patience: Duration,
    /// How many calls may be repeated to begin with; three that succeed earn one more.
    pub repeats: u32,
    /// How long calls in flight are waited for after the last one may start.
    pub landing: Duration,
    /// How often to look whether delivery is paused, at least.
    pub look_every: Duration,
    /// A checkpoint is due after that long, ...
    pub checkpoint_every: Duration,
    /// ... or after that many rows have ended.
    pub checkpoint_rows: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            stack: String::new(),
            bigin_concurrency: 5,
            pull_calls: 0,
            pulled: PulledModules::Off,
            slice_budget: Duration::from_mins(2),
            event_within: SignedDuration::from_mins(15),
            inbox_days: 90,
            defer_after: SignedDuration::from_hours(7 * 24),
            // A call takes 30 s, a fresh token up to 20 s, the call again 30 s: nothing longer passes between two signs.
            turn_lasts: Duration::from_secs(100),
            // Twice a checkpoint's distance, since it may take as long to be written, and then as long as a call may take:
            // when a dead slice's turn runs out, what it had in flight is over.
            slice_turn_lasts: Duration::from_secs(50),
            // A read of one item. What is in flight then takes a second as a rule, so that the turn is free after 5 s.
            successor_every: Duration::from_secs(3),
            first_wait: Duration::from_secs(1),
            patience: Duration::from_mins(1),
            repeats: 30,
            // A call (bigin::CALL_TIMEOUT, 30 s), and the look at a token before it.
            landing: LANDING,
            look_every: Duration::from_secs(20),
            checkpoint_every: Duration::from_secs(10),
            checkpoint_rows: 5_000,
        }
    }
}

/// No failure is taken for lasting sooner: one call alone may take some seconds.
const LEAST_PATIENCE: Duration = Duration::from_secs(5);

impl Settings {
    /// How many calls an import may have in flight: what the queue's two consumers and pull leave.
    pub fn import_width(&self) -> usize {
        self.bigin_concurrency.saturating_sub(2 + self.pull_calls).max(1)
    }

    /// A module's share of the round, while imports of several modules wait: as long as a slice goes on without a look at
    /// the line.
    pub fn share(&self) -> SignedDuration {
        SignedDuration::try_from(self.checkpoint_every).unwrap_or(SignedDuration::from_secs(10))
    }

    /// How far delivery may go that starts now, within that width and time. Patience ends well before the
    /// time does. Otherwise a short slice would hand over to the next one each time, and nobody would hear
    /// that nothing gets through.
    pub fn limits(&self, width: usize, budget: Duration) -> DeliveryLimits {
        let sending_ends = Instant::now() + budget;
        DeliveryLimits {
            width,
            sending_ends,
            waiting_ends: sending_ends + self.landing,
            first_wait: self.first_wait,
            patience: self.patience.min((budget / 2).max(LEAST_PATIENCE)),
            repeats: self.repeats,
            look_every: self.look_every,
        }
    }
}
