//! API credits: what was spent in the last 24 hours (contract, section 12).

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

/// The window that credits are counted in.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What an organisation spent, and when.
#[derive(Debug, Default)]
pub(crate) struct Credits {
    spent: VecDeque<(Timestamp, u64)>,
    in_window: u64,
    ever: u64,
}

impl Credits {
    /// Spends that many if the day's credits allow it. Tells whether they did.
    pub(crate) fn spend(&mut self, now: Timestamp, cost: u64, daily: u64) -> bool {
        if self.spent(now) + cost > daily {
            return false;
        }
        self.spent.push_back((now, cost));
        self.in_window += cost;
        self.ever += cost;
        true
    }

    /// What was spent in the last 24 hours.
    pub(crate) fn spent(&mut self, now: Timestamp) -> u64 {
        while let Some((at, cost)) = self.spent.front().copied() {
            if now.duration_since(at) < DAY {
                break;
            }
            self.spent.pop_front();
            self.in_window -= cost;
        }
        self.in_window
    }

    /// What was spent since the start or the last reset.
    pub(crate) fn ever(&self) -> u64 {
        self.ever
    }
}

/// One credit for each started ten records.
pub(crate) fn for_records(records: usize) -> u64 {
    records.div_ceil(10).max(1) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::later;

    #[test]
    fn credits_come_back_24_hours_after_they_were_spent() {
        let (mut credits, start) = (Credits::default(), Timestamp::UNIX_EPOCH);
        assert!(credits.spend(start, 8, 10));
        assert!(!credits.spend(later(start, 86_399), 3, 10));
        assert!(credits.spend(later(start, 86_400), 3, 10));
        assert_eq!(credits.spent(later(start, 86_400)), 3);
        assert_eq!(credits.ever(), 11);
    }

    #[test]
    fn a_started_ten_of_records_costs_one() {
        assert_eq!([0, 1, 10, 11, 100].map(for_records), [1, 1, 1, 2, 10]);
    }
}
