//! Calls in flight: how many there are now, how many there ever were at once.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whose calls are counted together: an organisation and a client.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Admission {
    pub(crate) organisation: usize,
    pub(crate) client_id: String,
}

/// Counts calls in flight, from their arrival until their answer is ready. (A call still counted while its answer is on
/// the way would be counted together with the one that the client sends next.)
#[derive(Debug, Default)]
pub(crate) struct Flights(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    now: usize,
    most: usize,
    by_client: HashMap<Admission, usize>,
}

/// A call in flight; it has landed when this is dropped, also when its client went away.
#[derive(Debug)]
pub(crate) struct Flight<'a> {
    flights: &'a Flights,
    admission: Option<Admission>,
}

impl Flights {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call arrives.
    pub(crate) fn begin(&self) -> Flight<'_> {
        let mut counts = self.counts();
        counts.now += 1;
        counts.most = counts.most.max(counts.now);
        Flight {
            flights: self,
            admission: None,
        }
    }

    /// Calls in flight now, and the most there ever were.
    pub(crate) fn now_and_most(&self) -> (usize, usize) {
        let counts = self.counts();
        (counts.now, counts.most)
    }

    /// Begins to count the most anew.
    pub(crate) fn forget_most(&self) {
        let mut counts = self.counts();
        counts.most = counts.now;
    }
}

impl Flight<'_> {
    /// Counts the call with those of its client; tells whether there is room for it.
    pub(crate) fn admit(&mut self, admission: Admission, most: usize) -> bool {
        let mut counts = self.flights.counts();
        let own = counts.by_client.entry(admission.clone()).or_default();
        if *own >= most {
            return false;
        }
        *own += 1;
        self.admission = Some(admission);
        true
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        let mut counts = self.flights.counts();
        counts.now -= 1;
        if let Some(admission) = &self.admission
            && let Some(own) = counts.by_client.get_mut(admission)
        {
            *own -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_is_kept_and_room_comes_back() {
        let flights = Flights::default();
        let own = Admission {
            organisation: 0,
            client_id: "a".to_owned(),
        };
        let (mut one, mut two) = (flights.begin(), flights.begin());
        assert!(one.admit(own.clone(), 1));
        assert!(!two.admit(own.clone(), 1));
        drop(one);
        assert!(two.admit(own, 1));
        assert_eq!(flights.now_and_most(), (1, 2));
        drop(two);
        assert_eq!(flights.now_and_most(), (0, 2));
    }
}
