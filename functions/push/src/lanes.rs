//! Groups records into calls of up to 100 so that records which share a match key never overtake each other, neither
//! within a call nor between calls in flight.

use std::collections::{HashMap, HashSet, VecDeque};

use shared::bigin::MOST_RECORDS_A_CALL;

use crate::parcel::{MatchKey, Parcel};

/// How far ahead a call looks for records whose keys are free.
const WINDOW: usize = 20 * MOST_RECORDS_A_CALL;

/// Records that wait, in order, and the keys of those in flight.
#[derive(Debug, Default)]
pub struct Lanes {
    waiting: VecDeque<Parcel>,
    /// Calls put together already: halves of a call that was refused as a whole.
    ready: VecDeque<Vec<Parcel>>,
    in_flight: HashMap<MatchKey, usize>,
}

impl Lanes {
    /// Adds a record behind all others.
    pub fn push(&mut self, parcel: Parcel) {
        self.waiting.push_back(parcel);
    }

    /// How many records wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len() + self.ready.iter().map(Vec::len).sum::<usize>()
    }

    /// The next call, or `None` when nothing can be sent now. Until `last`, only full calls are made, so that no
    /// credits are wasted on half-empty ones.
    pub fn next_call(&mut self, last: bool) -> Option<Vec<Parcel>> {
        if let Some(place) = self.ready.iter().position(|call| call.iter().all(|parcel| self.is_free(parcel))) {
            let call = self.ready.remove(place)?;
            self.take_off(&call);
            return Some(call);
        }
        let mut chosen = Vec::new();
        // Keys that are taken, or that belong to a record left behind: whoever shares one stays behind it.
        let mut closed: HashSet<&MatchKey> = self.ready.iter().flatten().flat_map(|parcel| &parcel.keys).collect();
        for (place, parcel) in self.waiting.iter().enumerate().take(WINDOW) {
            if self.is_free(parcel) && parcel.keys.iter().all(|key| !closed.contains(key)) {
                chosen.push(place);
                if chosen.len() == MOST_RECORDS_A_CALL {
                    break;
                }
            }
            closed.extend(&parcel.keys);
        }
        let looked_at_all = self.waiting.len() <= WINDOW;
        if chosen.is_empty() || (chosen.len() < MOST_RECORDS_A_CALL && !last && looked_at_all) {
            return None;
        }
        let call = self.take(&chosen);
        self.take_off(&call);
        Some(call)
    }

    /// A call has come back: its keys are free again.
    pub fn landed(&mut self, call: &[Parcel]) {
        for key in call.iter().flat_map(|parcel| &parcel.keys) {
            if let Some(count) = self.in_flight.get_mut(key) {
                *count -= 1;
                if *count == 0 {
                    self.in_flight.remove(key);
                }
            }
        }
    }

    /// Puts records back in front of all others, in their order. Call [`Lanes::landed`] first.
    pub fn put_back(&mut self, parcels: Vec<Parcel>) {
        for parcel in parcels.into_iter().rev() {
            self.waiting.push_front(parcel);
        }
    }

    /// Puts records back as a call of their own.
    pub fn put_back_as_call(&mut self, parcels: Vec<Parcel>) {
        self.ready.push_back(parcels);
    }

    /// Gives up on what waits and hands it back.
    pub fn abandon(&mut self) -> Vec<Parcel> {
        self.ready.drain(..).flatten().chain(self.waiting.drain(..)).collect()
    }

    fn is_free(&self, parcel: &Parcel) -> bool {
        parcel.keys.iter().all(|key| !self.in_flight.contains_key(key))
    }

    fn take_off(&mut self, call: &[Parcel]) {
        for key in call.iter().flat_map(|parcel| &parcel.keys) {
            *self.in_flight.entry(key.clone()).or_default() += 1;
        }
    }

    /// Takes the records at those places (ascending) out of the queue.
    fn take(&mut self, places: &[usize]) -> Vec<Parcel> {
        let contiguous = places.last().is_some_and(|last| last + 1 == places.len());
        if contiguous {
            return self.waiting.drain(..places.len()).collect();
        }
        let reach = places.last().map_or(0, |last| last + 1);
        let chosen: HashSet<usize> = places.iter().copied().collect();
        let (mut call, mut left) = (Vec::with_capacity(places.len()), Vec::with_capacity(reach - places.len()));
        for (place, parcel) in self.waiting.drain(..reach).enumerate() {
            if chosen.contains(&place) { call.push(parcel) } else { left.push(parcel) }
        }
        self.put_back(left);
        call
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn parcel(place: u64, email: &str) -> Parcel {
        let record = json!({"Email": email}).as_object().unwrap().clone();
        Parcel::new(place, record, &["Email".to_owned()])
    }

    fn places(call: &[Parcel]) -> Vec<u64> {
        call.iter().map(|parcel| parcel.place).collect()
    }

    #[test]
    fn a_call_takes_a_hundred_records_in_order() {
        let mut lanes = Lanes::default();
        (0..250).for_each(|place| lanes.push(parcel(place, &format!("{place}@example.com"))));
        assert_eq!(places(&lanes.next_call(false).unwrap()), (0..100).collect::<Vec<_>>());
        assert_eq!(places(&lanes.next_call(false).unwrap()), (100..200).collect::<Vec<_>>());
        assert!(lanes.next_call(false).is_none());
        assert_eq!(places(&lanes.next_call(true).unwrap()), (200..250).collect::<Vec<_>>());
    }

    #[test]
    fn a_key_in_flight_holds_its_followers_back() {
        let mut lanes = Lanes::default();
        [(0, "ann@example.com"), (1, "bob@example.com"), (2, "ANN@example.com")]
            .into_iter()
            .for_each(|(place, email)| lanes.push(parcel(place, email)));
        let first = lanes.next_call(true).unwrap();
        assert_eq!(places(&first), [0, 1]);
        assert!(lanes.next_call(true).is_none());
        lanes.landed(&first);
        assert_eq!(places(&lanes.next_call(true).unwrap()), [2]);
    }

    #[test]
    fn halves_of_a_split_call_stay_in_front_of_later_versions() {
        let mut lanes = Lanes::default();
        lanes.push(parcel(0, "ann@example.com"));
        let call = lanes.next_call(true).unwrap();
        lanes.push(parcel(1, "ann@example.com"));
        lanes.landed(&call);
        lanes.put_back_as_call(call);
        let again = lanes.next_call(true).unwrap();
        assert_eq!(places(&again), [0]);
        assert!(lanes.next_call(true).is_none());
    }

    proptest! {
        /// Whatever order calls come back in, and whichever come back with records to repeat, the records of one key
        /// take off in the order they came, one at a time, and none is lost.
        #[test]
        fn records_of_one_key_never_overtake_each_other(
            keys in prop::collection::vec(0u8..12, 1..400),
            picks in prop::collection::vec((0usize..5, any::<bool>()), 1..60),
        ) {
            let mut lanes = Lanes::default();
            for (place, key) in keys.iter().enumerate() {
                lanes.push(parcel(place as u64, &format!("{key}@example.com")));
            }
            let mut picks = picks.into_iter().cycle();
            let mut flying: Vec<Vec<Parcel>> = Vec::new();
            let mut settled: HashMap<MatchKey, u64> = HashMap::new();
            let mut count = 0;
            let mut repeats = 30;
            loop {
                while flying.len() < 5 {
                    let Some(call) = lanes.next_call(true) else { break };
                    let mut seen = HashSet::new();
                    for parcel in flying.iter().flatten().chain(&call) {
                        prop_assert!(seen.insert(parcel.keys[0].clone()), "a key flies twice");
                    }
                    flying.push(call);
                }
                if flying.is_empty() { break }
                let (pick, repeat) = picks.next().unwrap();
                let call = flying.swap_remove(pick % flying.len());
                lanes.landed(&call);
                if repeat && repeats > 0 {
                    repeats -= 1;
                    if repeats % 2 == 0 { lanes.put_back(call) } else { lanes.put_back_as_call(call) }
                    continue;
                }
                for parcel in call {
                    let before = settled.insert(parcel.keys[0].clone(), parcel.place);
                    prop_assert!(before.is_none_or(|before| before < parcel.place), "overtaken");
                    count += 1;
                }
            }
            prop_assert_eq!(count, keys.len());
        }
    }
}
