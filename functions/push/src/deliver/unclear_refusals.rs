//! Refusals that name no field and no other record: they may be the record's own, or tell of the account. One is kept until
//! a second record says the same, or another is accepted. Pure, but for the records that wait in it.

use std::collections::HashMap;

use bigin::{Action, ModuleName, Operation, RecordOutcome};
use jiff::Timestamp;
use shared::state::refusals::{Refusals, Refused, is_of_account};

use super::lanes::Claims;
use super::record_sums::RecordSums;
use crate::record::{CallKind, Parcel, Reject};

/// A call to a module that refused records has no more of them than cost one credit (Bigin developer guide, "API Limits").
const PROBE: usize = 10;

/// Whether a refusal may tell of the account: it does not say which field, or which other record, it is about. What tags and
/// notes are refused for is the business of the record that gets them.
pub(super) fn may_tell_of_account(parcel: &Parcel, reject: &Reject) -> bool {
    parcel.call_kind == CallKind::Write && reject.field.is_none() && reject.record_id.is_none()
}

/// What of a call was accepted, as seen from one of its records: Bigin takes them one after the other, and the account may
/// come into another state in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    before: bool,
    behind: bool,
    /// An update tells nothing of whether the account takes new records.
    new_behind: bool,
}

impl Accepted {
    /// Nothing was.
    pub const NOTHING: Self = Self {
        before: false,
        behind: false,
        new_behind: false,
    };

    /// What was, of a call with these outcomes, seen from each.
    pub fn beside_each(outcomes: &[RecordOutcome]) -> Vec<Self> {
        let mut seen = vec![Self::NOTHING; outcomes.len()];
        let (mut any, mut new) = (false, false);
        for (outcome, seen) in outcomes.iter().zip(&mut seen).rev() {
            (seen.behind, seen.new_behind) = (any, new);
            if let RecordOutcome::Accepted { action, .. } = outcome {
                any = true;
                new |= *action == Action::Inserted;
            }
        }
        let mut before = false;
        for (outcome, seen) in outcomes.iter().zip(&mut seen) {
            seen.before = before;
            before |= matches!(outcome, RecordOutcome::Accepted { .. });
        }
        seen
    }

    fn disproves(self, operation: Operation, code: &str) -> bool {
        if is_of_account(code) && operation == Operation::Upsert {
            self.new_behind
        } else {
            self.behind
        }
    }
}

/// What a refusal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The record is rejected.
    Own,
    /// Nobody knows yet.
    Doubt,
    /// The account, or the module, is in a state in which it takes none.
    OfAccount,
}

/// Judges a refusal that names no reason, by what is known of the module, this refusal included.
pub fn meaning(
    known: &Refusals,
    refused: &Refused,
    operation: Operation,
    accepted: Accepted,
    now: Timestamp,
) -> Meaning {
    let say_the_same = || known.say_the_same(&refused.operation, &refused.code) > 1;
    if accepted.disproves(operation, &refused.code) || known.is_the_records_own(refused, now) {
        Meaning::Own
    // Where records before it were accepted, the next call tells whether the account has come into that state since.
    } else if is_of_account(&refused.code) || (!accepted.before && say_the_same()) {
        Meaning::OfAccount
    } else {
        Meaning::Doubt
    }
}

/// The records that are in doubt, and what is known of their modules.
#[derive(Default)]
pub(super) struct UnclearRefusals {
    loaded: HashMap<ModuleName, Refusals>,
    pub known: HashMap<ModuleName, Refusals>,
    /// Records that were refused, and nobody knows yet what for.
    pub open: Vec<(Parcel, Reject)>,
    /// Records that were refused in earlier invocations: others go first.
    spared: Vec<Parcel>,
    claims: Claims,
    /// By which records are told from others.
    pub sums: RecordSums,
}

impl UnclearRefusals {
    /// What was known of a module before.
    pub fn load(&mut self, module: ModuleName, refusals: Refusals) {
        self.loaded.insert(module.clone(), refusals.clone());
        self.known.insert(module, refusals);
    }

    /// What has been learnt of modules since: what was known before, and what is now.
    pub fn learnt(&self) -> Vec<(ModuleName, Refusals, Refusals)> {
        let with_before = self.known.iter().map(|(module, known)| {
            let before = self.loaded.get(module).cloned().unwrap_or_default();
            (module.clone(), before, known.clone())
        });
        with_before.filter(|(_, before, known)| before != known).collect()
    }

    /// Takes a record that others go before: one that was refused already, or must not overtake such a one.
    pub fn spare(&mut self, mut parcel: Parcel) -> Option<Parcel> {
        let Some(known) = self.known.get(&parcel.shape.module) else {
            return Some(parcel);
        };
        let way = operation(&parcel);
        if !known.refused.iter().any(|refused| refused.operation == way) || parcel.suspicion.is_some() {
            return Some(parcel);
        }
        parcel.most_in_call = parcel.most_in_call.min(PROBE);
        // Records of one group keep their order.
        let is_refused = parcel.group.is_none() && known.has(way, self.sums.of(&parcel));
        if is_refused || !(self.spared.is_empty() || self.claims.admits(&parcel)) {
            self.claims.take_off(std::slice::from_ref(&parcel));
            self.spared.push(parcel);
            return None;
        }
        Some(parcel)
    }

    /// The records that others went before.
    pub fn take_spared(&mut self) -> Vec<Parcel> {
        self.claims = Claims::default();
        std::mem::take(&mut self.spared)
    }

    /// Takes those out that were in doubt and are like this one.
    pub fn take_open(&mut self, module: &ModuleName, operation: Operation) -> Vec<(Parcel, Reject)> {
        let is_like =
            |(parcel, _): &mut (Parcel, Reject)| parcel.shape.module == *module && parcel.shape.operation == operation;
        self.open.extract_if(.., is_like).collect()
    }

    /// Takes those of them out that are in doubt no more: what they were refused for was cleared.
    pub fn take_cleared(&mut self, module: &ModuleName, way: Operation) -> Vec<(Parcel, Reject)> {
        let open = self.take_open(module, way);
        let known = self.known.get(module);
        let is_open = |(parcel, _): &(Parcel, Reject)| {
            known.is_some_and(|known| known.has(operation(parcel), self.sums.of(parcel)))
        };
        let (still_open, cleared) = open.into_iter().partition(is_open);
        self.open.extend::<Vec<_>>(still_open);
        cleared
    }
}

/// What was to be done with a record, as it is remembered.
pub(super) fn operation(parcel: &Parcel) -> &'static str {
    match parcel.shape.operation {
        Operation::Upsert => "upsert",
        Operation::Insert => "insert",
        Operation::Update => "update",
        Operation::Delete => "delete",
    }
}

/// A record's refusal, as it is remembered.
pub(super) fn refused(sums: &RecordSums, parcel: &Parcel, reject: &Reject) -> Refused {
    Refused {
        operation: operation(parcel).to_owned(),
        code: reject.code.clone(),
        content: sums.of(parcel),
        at: Timestamp::now(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bigin::{CallShape, MOST_RECORDS_A_CALL, Record};
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;
    /// What lies beside a refusal in its call.
    fn beside(before: &[Action], behind: &[Action]) -> Accepted {
        let accepted = |action: &Action| RecordOutcome::Accepted {
            id: "1".into(),
            action: *action,
            modified_at: None,
        };
        let refused = RecordOutcome::Refused(vec![]);
        let outcomes: Vec<_> = before
            .iter()
            .map(accepted)
            .chain([refused])
            .chain(behind.iter().map(accepted))
            .collect();
        Accepted::beside_each(&outcomes)[before.len()]
    }

    fn of(code: &str, content: u64) -> Refused {
        Refused {
            operation: "upsert".into(),
            code: code.into(),
            content,
            at: NOW,
        }
    }

    fn judged(before: &[Refused], now: &Refused, accepted: Accepted) -> Meaning {
        let mut known = Refusals::default();
        before
            .iter()
            .chain([now])
            .for_each(|refused| known.refuse(refused.clone()));
        meaning(&known, now, Operation::Upsert, accepted, NOW)
    }

    /// How many records a call may have with an upsert in it, after a refusal of that operation.
    fn most_after(operation: &str) -> usize {
        let module = ModuleName::parse("Contacts").unwrap();
        let shape = CallShape {
            module: module.clone(),
            operation: Operation::Upsert,
            match_on: vec!["Email".into()],
            trigger: vec![],
        };
        let record = Record::from_object(json!({"Email": "ann@example.com"}).as_object().unwrap());
        let mut refusals = Refusals::default();
        refusals.refuse(Refused {
            operation: operation.into(),
            ..of("NOT_APPROVED", 1)
        });
        let mut unclear = UnclearRefusals::default();
        unclear.load(module, refusals);
        let parcel = Parcel::new(0, record, vec![], Arc::new(shape));
        unclear.spare(parcel).unwrap().most_in_call
    }

    #[test]
    fn a_refused_delete_makes_no_small_calls_of_upserts() {
        assert_eq!(most_after("upsert"), PROBE);
        assert_eq!(most_after("delete"), MOST_RECORDS_A_CALL);
    }

    #[test]
    fn one_refusal_is_in_doubt_until_another_record_says_the_same() {
        let (one, other) = (of("NO_PERMISSION", 1), of("NO_PERMISSION", 2));
        assert_eq!(judged(&[], &one, Accepted::NOTHING), Meaning::Doubt);
        assert_eq!(
            judged(std::slice::from_ref(&one), &one, Accepted::NOTHING),
            Meaning::Doubt,
            "the same record"
        );
        assert_eq!(
            judged(&[of("OTHER", 2)], &one, Accepted::NOTHING),
            Meaning::Doubt,
            "another code"
        );
        assert_eq!(judged(&[one], &other, Accepted::NOTHING), Meaning::OfAccount);
    }

    #[test]
    fn beside_records_that_are_accepted_it_is_the_records_own() {
        let refused = of("NOT_APPROVED", 1);
        let before = [of("NOT_APPROVED", 2)];
        assert_eq!(judged(&before, &refused, beside(&[], &[Action::Updated])), Meaning::Own);
    }

    #[test]
    fn what_was_accepted_before_it_tells_of_no_refusal_and_the_next_call_does() {
        let accepted = beside(&[Action::Inserted], &[]);
        let refused = of("NOT_APPROVED", 1);
        assert_eq!(judged(&[of("NOT_APPROVED", 2)], &refused, accepted), Meaning::Doubt);
        assert_eq!(
            judged(&[of("NOT_APPROVED", 2)], &refused, Accepted::NOTHING),
            Meaning::OfAccount
        );
    }

    #[test]
    fn a_full_storage_is_known_by_its_name_and_an_update_does_not_disprove_it() {
        let full = of("MAX_RECORDS_LIMIT_REACHED", 1);
        assert_eq!(judged(&[], &full, Accepted::NOTHING), Meaning::OfAccount);
        let updated = beside(&[Action::Updated], &[Action::Updated]);
        assert_eq!(judged(&[], &full, updated), Meaning::OfAccount);
        let inserted_behind = beside(&[], &[Action::Inserted]);
        assert_eq!(judged(&[], &full, inserted_behind), Meaning::Own);
    }

    #[test]
    fn a_storage_may_get_full_in_the_middle_of_a_call() {
        let full = of("MAX_RECORDS_LIMIT_REACHED", 1);
        assert_eq!(judged(&[], &full, beside(&[Action::Inserted], &[])), Meaning::OfAccount);
    }

    #[test]
    fn what_was_refused_before_an_acceptance_is_rejected_when_it_is_refused_again() {
        let mut known = Refusals::default();
        known.refuse(of("X", 1));
        known.refuse(of("X", 2));
        known.accept("upsert", NOW);
        for content in [1, 2] {
            known.refuse(of("X", content));
            assert_eq!(
                meaning(&known, &of("X", content), Operation::Upsert, Accepted::NOTHING, NOW),
                Meaning::Own
            );
        }
    }
}
