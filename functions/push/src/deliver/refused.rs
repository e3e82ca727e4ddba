//! What becomes of records that Bigin refuses without naming a field or another record.

use bigin::{ModuleName, Operation};
use jiff::Timestamp;
use shared::pause_watch::PauseCheck;
use shared::state::Refusals;
use shared::stop::Stop;
use shared::tokens::Tokens;

use super::delivery::Delivery;
use super::record_sums::RecordSums;
use super::unclear_refusals::{Accepted, Meaning, meaning, operation, refused};
use crate::record::{After, Outcome, Parcel, Reject, Settled};

impl<T: Tokens, B: PauseCheck> Delivery<T, B> {
    /// What was known of a module's refusals before, and by which sums of the records.
    pub fn load_refusals(&mut self, module: &ModuleName, refusals: Refusals, sums: RecordSums) {
        self.unclear.sums = sums;
        let refusals = refusals.as_of(Timestamp::now());
        self.evidence.noise = self.evidence.noise.louder_of(refusals.noise);
        if refusals.gave_one_up {
            self.evidence.given_up.insert(module.clone());
        }
        self.unclear.load(module.clone(), refusals);
    }

    /// What has been learnt of them: what was known before, and what is now.
    pub fn learnt(&mut self) -> Vec<(ModuleName, Refusals, Refusals)> {
        for module in self.evidence.given_up.clone() {
            self.unclear.known.entry(module).or_default().gave_one_up = true;
        }
        for (module, known) in &mut self.unclear.known {
            known.gave_one_up &= self.evidence.given_up.contains(module);
            known.hear(self.evidence.noise, Timestamp::now());
        }
        self.unclear.learnt()
    }

    /// A call that had set out then brought acceptances: what was refused before is the records' own, and those that others
    /// went before are sent.
    pub(super) fn accepted(&mut self, first: &Parcel, set_out: Timestamp) -> Vec<Settled> {
        let (module, way) = (first.shape.module.clone(), first.shape.operation);
        self.evidence.took(first);
        if let Some(known) = self.unclear.known.get_mut(&module) {
            known.accept(operation(first), set_out);
        }
        let open = self.unclear.take_cleared(&module, way);
        self.set_free(&open);
        let settled = self.reject(open);
        let spared = self.unclear.take_spared();
        if !spared.is_empty() {
            for mut parcel in spared {
                parcel.most_in_call = parcel.call_kind.most();
                self.lanes.push(parcel);
            }
            let waiting = self.lanes.iter_mut().filter(|parcel| parcel.suspicion.is_none());
            waiting.for_each(|parcel| parcel.most_in_call = parcel.call_kind.most());
        }
        settled
    }

    /// Judges refusals that name no reason, of records of one call, by what was accepted beside each.
    pub(super) fn judge_refusals(&mut self, nameless: Vec<(Parcel, Reject, Accepted)>) -> Vec<Settled> {
        let Some((first, ..)) = nameless.first() else {
            return Vec::new();
        };
        let (module, way, now) = (first.shape.module.clone(), first.shape.operation, Timestamp::now());
        let sums = self.unclear.sums.clone();
        let known = self.unclear.known.entry(module.clone()).or_default();
        let mut own = Vec::new();
        let mut others = Vec::new();
        for (parcel, reject, accepted) in nameless {
            let refused = refused(&sums, &parcel, &reject);
            if meaning(known, &refused, way, accepted, now) == Meaning::Own {
                own.push((parcel, reject));
            } else {
                known.refuse(refused.clone());
                others.push((parcel, reject, refused, accepted));
            }
        }
        let of_account = others
            .iter()
            .find(|(_, _, refused, accepted)| meaning(known, refused, way, *accepted, now) == Meaning::OfAccount);
        let hold = of_account.map(|(_, reject, ..)| Stop::ModuleHeld {
            code: reject.code.clone(),
            message: format!(
                "Bigin refuses records of {module} for what names no field ({}): the account or the module is in a state in which it \
                 takes none",
                reject.code
            ),
        });
        let others = others
            .into_iter()
            .map(|(parcel, reject, ..)| (parcel, reject))
            .collect::<Vec<_>>();
        if let Some(stop) = hold {
            self.keep(others, &module, way, stop);
        } else {
            for (parcel, _) in &others {
                self.lanes.claim(std::slice::from_ref(parcel));
            }
            self.unclear.open.extend(others);
        }
        self.reject(own)
    }

    /// The account does not take them: they wait, and those in doubt with them.
    fn keep(&mut self, refused: Vec<(Parcel, Reject)>, module: &ModuleName, way: Operation, stop: Stop) {
        let open = self.take_open(module, way);
        let parcels = open.into_iter().chain(refused).map(|(parcel, _)| parcel);
        self.put_back(parcels.collect(), None);
        self.hold(module, stop);
    }

    /// Nothing else is left to be sent. Those that others went before are sent now; a single refusal is the record's own.
    /// `None` where there is neither.
    pub fn decide_unclear(&mut self) -> Option<Vec<Settled>> {
        let spared = self.unclear.take_spared();
        if !spared.is_empty() {
            for parcel in spared {
                self.lanes.push(parcel);
            }
            return Some(Vec::new());
        }
        let open = std::mem::take(&mut self.unclear.open);
        self.set_free(&open);
        (!open.is_empty()).then(|| self.reject(open))
    }

    /// Takes those out that were in doubt, of that module and for that operation.
    fn take_open(&mut self, module: &ModuleName, way: Operation) -> Vec<(Parcel, Reject)> {
        let open = self.unclear.take_open(module, way);
        self.set_free(&open);
        open
    }

    /// What these laid claim to is free again.
    fn set_free(&mut self, open: &[(Parcel, Reject)]) {
        for (parcel, _) in open {
            self.lanes.landed(std::slice::from_ref(parcel));
        }
    }

    fn reject(&mut self, refused: Vec<(Parcel, Reject)>) -> Vec<Settled> {
        let (mut settled, mut further) = (Vec::with_capacity(refused.len()), Vec::new());
        for (parcel, reject) in refused {
            match parcel.after(Outcome::Rejected(reject)) {
                After::Ended(ended) => settled.push(ended),
                After::GoesOn(parcel) => further.push(parcel),
            }
        }
        self.put_back(further, None);
        settled
    }
}
