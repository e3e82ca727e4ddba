//! Resolves the records of one batch together. Pure: it says what to ask next, takes the answer, and in the end knows
//! what becomes of each record.

use std::collections::{BTreeMap, HashSet};

use bigin::{CallFailure, ModuleFields};

use super::ask::{Ask, Reply, hold};
use super::conclude::{Conclusion, conclude};
use super::finding::{Finding, Findings, Id};
use super::lookup_cache::LookupCache;
use super::making::{Making, Value};
use super::pending::{Pending, Resolution};
use super::place::Place;
use super::seek::{Seek, WantedValues};
use crate::map::fill_in;
use crate::record::{Outcome, Parcel, Settled, fold};
use shared::stop::{Service, Stop};

/// A batch being resolved.
#[derive(Debug)]
pub struct Round {
    batch: Vec<Pending>,
    /// What is wanted of each place, as long as it is not looked for.
    wanted: BTreeMap<Place, WantedValues>,
    /// What is remembered for the run once it is found: not what match keys stand for, since that is about to change.
    lasting: HashSet<(Place, String)>,
    seek: Seek,
    making: Option<Making>,
    findings: Findings,
}

impl Round {
    /// Opens a round; what is known already is not asked for again.
    pub fn open(batch: Vec<Pending>, cache: &LookupCache) -> Self {
        let mut round = Self {
            batch: Vec::new(),
            wanted: BTreeMap::new(),
            lasting: HashSet::new(),
            seek: Seek::default(),
            making: None,
            findings: Findings::default(),
        };
        for pending in batch.iter().filter(|pending| !pending.later) {
            for reference in &pending.references {
                let Some(place) = Place::of_rule(&reference.rule) else {
                    continue;
                };
                let folded = fold(&reference.value);
                if let Some(finding) = cache.known(&place, &folded) {
                    round.findings.insert(&place, folded, finding.clone());
                } else {
                    round.lasting.insert((place.clone(), folded.clone()));
                    round
                        .wanted
                        .entry(place)
                        .or_default()
                        .entry(folded)
                        .or_insert_with(|| reference.value.clone());
                }
            }
        }
        for pending in batch.iter().filter(|pending| pending.needs_key() && !pending.later) {
            for key in &pending.parcel.keys {
                if let Some(place) = Place::of_key(&pending.parcel.shape.module, key) {
                    let wanted = round.wanted.entry(place).or_default();
                    wanted
                        .entry(key.folded().to_owned())
                        .or_insert_with(|| key.value().to_owned());
                }
            }
        }
        Self { batch, ..round }
    }

    /// What is to be asked next; the same until its answer is taken. `None` once all is known.
    pub fn next(&mut self, cache: &mut LookupCache) -> Option<Ask> {
        loop {
            if let Some(Place::Records { module, .. }) = self.unchecked(cache) {
                return Some(Ask::Fields(module.clone()));
            }
            for (place, wanted) in std::mem::take(&mut self.wanted) {
                if !cache.is_unfit(&place) {
                    self.seek.add(&place, wanted, cache);
                }
            }
            if let Some((place, values)) = self.seek.query() {
                let place = place.clone();
                return Some(Ask::Query { place, values });
            }
            if let Some(place) = self.seek.walking() {
                if let Some(token) = cache.walk(place).and_then(|walk| walk.next()) {
                    let place = place.clone();
                    return Some(Ask::Page { place, token });
                }
                self.walked(cache);
                continue;
            }
            if self.making.is_none() {
                self.making = Some(self.plan_making(cache));
            }
            let (place, values) = self.making.as_ref()?.call()?;
            let place = place.clone();
            return Some(Ask::Make { place, values });
        }
    }

    /// Takes the answer to a question.
    pub fn take(&mut self, cache: &mut LookupCache, ask: &Ask, reply: Reply) {
        match (ask, reply) {
            (Ask::Fields(_), Reply::Fields(fields)) => self.check(cache, ask, fields.as_deref()),
            (Ask::Query { .. }, Reply::Found(found)) => {
                let settled = self.seek.found(&found, cache);
                self.settle(cache, settled);
            }
            (Ask::Page { place, .. }, Reply::Page { hits, next }) => {
                if let Some(walk) = cache.walk(place) {
                    walk.take(&hits, next);
                }
            }
            (Ask::Make { .. }, Reply::Made(outcomes)) => {
                let settled = self.making.as_mut().and_then(|making| making.made(outcomes));
                self.settle(cache, settled);
            }
            (_, Reply::Refused(failure)) => self.refused(cache, ask, &failure),
            // An answer to something else settles nothing: its places stay closed.
            (ask, _) => self.close_all(
                ask,
                &Stop::unavailable(Service::Relay, "an answer did not fit its question"),
            ),
        }
    }

    /// A question fails again and again without a word, and others are answered: it is for the values in it.
    pub fn fails(&mut self, cache: &mut LookupCache, ask: &Ask) {
        match ask {
            Ask::Query { .. } => self.seek.query_fails(cache),
            Ask::Make { .. } => {
                let settled = self.making.as_mut().and_then(Making::fails);
                self.settle(cache, settled);
            }
            Ask::Fields(_) | Ask::Page { .. } => {}
        }
    }

    /// What became of each record, in order. Called before all is known, it leaves records waiting.
    pub fn close(self, cache: &LookupCache) -> Vec<Resolution> {
        let Self { batch, findings, .. } = self;
        batch
            .into_iter()
            .map(|pending| verdict(pending, &findings, cache))
            .collect()
    }

    /// The records as they came.
    pub fn give_up(self) -> Vec<Pending> {
        self.batch
    }

    /// The records.
    pub fn batch(&self) -> &[Pending] {
        &self.batch
    }

    /// A field that values are looked for in, of which nobody knows whether there is one. Match fields were looked up
    /// when the columns were.
    fn unchecked(&self, cache: &LookupCache) -> Option<&Place> {
        let is_referred_to = |place: &Place| self.lasting.iter().any(|(lasting, _)| lasting == place);
        self.wanted
            .keys()
            .find(|place| cache.is_unchecked(place) && is_referred_to(place))
    }

    fn check(&mut self, cache: &mut LookupCache, ask: &Ask, fields: Option<&ModuleFields>) {
        for place in self.places(ask) {
            cache.check(&place, fields);
        }
    }

    /// The places that a question is about.
    fn places(&self, ask: &Ask) -> Vec<Place> {
        match ask {
            Ask::Query { place, .. } | Ask::Page { place, .. } | Ask::Make { place, .. } => vec![place.clone()],
            Ask::Fields(asked) => {
                let of_module = |place: &&Place| matches!(place, Place::Records { module, .. } if module == asked);
                self.wanted.keys().filter(of_module).cloned().collect()
            }
        }
    }

    fn settle(&mut self, cache: &mut LookupCache, settled: Option<(Place, Vec<(String, Finding)>)>) {
        let Some((place, settled)) = settled else { return };
        for (folded, finding) in settled {
            if self.lasting.contains(&(place.clone(), folded.clone())) {
                cache.learn(&place, folded.clone(), finding.clone());
            }
            self.findings.insert(&place, folded, finding);
        }
    }

    fn walked(&mut self, cache: &mut LookupCache) {
        let Some((place, values)) = self.seek.walked() else {
            return;
        };
        let Some(walk) = cache.walk(&place) else { return };
        for folded in values {
            // The walk itself remembers.
            self.findings.insert(&place, folded.clone(), walk.find(&folded));
        }
    }

    fn refused(&mut self, cache: &mut LookupCache, ask: &Ask, failure: &CallFailure) {
        match (ask, failure) {
            (Ask::Query { .. }, CallFailure::ScopeMissing { .. } | CallFailure::NotPermitted { .. }) => {
                cache.query_nothing();
                cache.warn(format!(
                    "lookups go through whole lists, which costs more API credits than queries: {failure}"
                ));
                self.seek.query_refused(cache);
            }
            (Ask::Query { place, .. }, CallFailure::Refused { code, .. }) => {
                cache.do_not_query(place);
                cache.warn(format!(
                    "lookups by {} go through the whole list, since Bigin refuses to be queried for it ({code})",
                    place.field()
                ));
                self.seek.query_refused(cache);
            }
            (Ask::Page { place, .. }, CallFailure::Refused { code, .. })
                if cache.walk(place).is_some_and(|walk| walk.refused(code)) => {}
            (Ask::Make { .. }, CallFailure::Refused { .. }) => {
                let settled = self.making.as_mut().and_then(|making| making.refused(failure));
                self.settle(cache, settled);
            }
            _ => self.close_all(ask, &hold(failure)),
        }
    }

    fn close_all(&mut self, ask: &Ask, stop: &Stop) {
        for place in self.places(ask) {
            self.wanted.remove(&place);
            self.seek.close(&place);
            if let Some(making) = &mut self.making {
                making.close(&place);
            }
            self.findings.close(&place, stop.clone());
        }
    }

    /// What is to be made: the parents of records that can be sent then. What cannot be made is known at once.
    fn plan_making(&mut self, cache: &mut LookupCache) -> Making {
        let mut values: BTreeMap<Place, Vec<Value>> = BTreeMap::new();
        let mut seen: HashSet<(Place, String)> = HashSet::new();
        for pending in self.batch.iter().filter(|pending| !pending.later) {
            let Conclusion::Make(references) = conclude(pending, &self.findings, &|place| cache.is_unfit(place)) else {
                continue;
            };
            for reference in references {
                let Some(place) = Place::of_rule(&reference.rule) else {
                    continue;
                };
                let folded = fold(&reference.value);
                if seen.insert((place.clone(), folded.clone())) {
                    let written = reference.value.trim().to_owned();
                    values.entry(place).or_default().push(Value {
                        folded,
                        written,
                        tries: 0,
                    });
                }
            }
        }
        let mut making = Making::default();
        for (place, values) in values {
            // What is made, or cannot be, is as good to know as what was found.
            self.lasting
                .extend(values.iter().map(|value| (place.clone(), value.folded.clone())));
            let Some(why) = why_not_made(&place, cache) else {
                making.add(&place, &values);
                continue;
            };
            let settled = values
                .into_iter()
                .map(|value| (value.folded, Finding::NotMade(why.to_owned())))
                .collect();
            self.settle(cache, Some((place, settled)));
        }
        making
    }
}

fn why_not_made(place: &Place, cache: &LookupCache) -> Option<&'static str> {
    match place {
        Place::UserEmails | Place::UserNames => Some("users are invited in Bigin"),
        Place::TeamPipelines => Some("team pipelines are set up in Bigin"),
        Place::Records { .. } if cache.is_shared(place) => {
            Some("its field is not unique in Bigin, so that records would double; set `by` to a unique field")
        }
        Place::Records { .. } => None,
    }
}

fn verdict(pending: Pending, findings: &Findings, cache: &LookupCache) -> Resolution {
    if pending.later {
        return Resolution::Later(pending);
    }
    let conclusion = conclude(&pending, findings, &|place| cache.is_unfit(place));
    match conclusion {
        Conclusion::Send { key, ids } => Resolution::Ready(filled(pending, key, &ids)),
        Conclusion::End(outcome) => Resolution::Ended(ended(pending.parcel, outcome)),
        Conclusion::Missing(reject) => Resolution::Missing(pending, reject),
        Conclusion::Wait(stop) => Resolution::Held(pending, stop),
        Conclusion::Make(_) => Resolution::Held(
            pending,
            Stop::unavailable(Service::Relay, "a record that others refer to was not made in time"),
        ),
    }
}

/// A record that has ended here.
pub(super) fn ended(parcel: Parcel, outcome: Outcome) -> Settled {
    Settled {
        place: parcel.place,
        keys: parcel.keys,
        outcome,
    }
}

/// The record with all that was found.
fn filled(pending: Pending, key: Option<Id>, ids: &[Option<Id>]) -> Parcel {
    let Pending {
        mut parcel, references, ..
    } = pending;
    let mut record = fill_in(parcel.record, &references, ids.iter().map(Option::as_deref));
    if let Some(id) = key {
        let mut writer = record.reopen();
        writer.field("id", &*id);
        record = writer.finish();
    }
    parcel.record = record;
    parcel
}
