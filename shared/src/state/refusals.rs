//! What was refused of a module since a record of it was last accepted: one refusal is the record's own, and a second one of
//! another record that says the same tells of the account. No record content is in it, but short sums of it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::MOST_SWAPS;
use super::table::{Key, StateError, Swap, Table};

const REFUSALS: &str = "refusals";
/// The most records that are remembered: probes take others.
const MOST: usize = 500;
/// For so long nobody's decision by hand outlives the hold that it was about.
const DECIDED_FOR: SignedDuration = SignedDuration::from_hours(24);
/// For so long what failed and got through tells of the present.
const RECENT: SignedDuration = SignedDuration::from_mins(15);
/// How long it is remembered that nobody looks at any more.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 14);

/// One record's refusal; the same is the same whenever it was met.
#[derive(Debug, Clone, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// What was to be done with the record.
    pub operation: String,
    /// Zoho's code.
    pub code: String,
    /// A sum of what was in the record, by which it is told from others.
    pub content: u64,
    /// When it was met, the last time.
    #[serde(default)]
    pub at: Timestamp,
}

impl PartialEq for Refused {
    fn eq(&self, other: &Self) -> bool {
        (&self.operation, &self.code, self.content) == (&other.operation, &other.code, other.content)
    }
}

/// How often calls have failed of late that got through in the end, and how many have got through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noise {
    /// Failures of such calls.
    pub failures: u32,
    /// Calls that got through.
    pub passes: u32,
}

impl Noise {
    /// So many tries tell of the present: of more, half are forgotten.
    const MOST: u32 = 32;

    /// A call has got through that had failed so often.
    pub fn passed(&mut self, failures: u32) {
        self.failures += failures;
        self.passes += 1;
        self.forget();
    }

    /// A call has failed in another way than before: what is wrong with a record shows in one way.
    pub fn failed(&mut self) {
        self.failures += 1;
        self.forget();
    }

    /// Whether no call has failed that got through in the end.
    pub fn is_silent(self) -> bool {
        self.failures == 0
    }

    /// That of the two of which more failed.
    #[must_use]
    pub fn louder_of(self, other: Self) -> Self {
        if other.failures > self.failures { other } else { self }
    }

    fn forget(&mut self) {
        if self.failures + self.passes > Self::MOST {
            (self.failures, self.passes) = (self.failures / 2, self.passes / 2);
        }
    }
}

/// What is known of a module.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusals {
    /// What was refused since a record was last accepted.
    #[serde(default)]
    pub refused: Vec<Refused>,
    /// What was refused before another record was accepted: should these be refused again, it is for themselves.
    #[serde(default)]
    pub cleared: Vec<Refused>,
    /// Whether a record was given up, whose calls failed, since a call got through.
    #[serde(default)]
    pub gave_one_up: bool,
    /// How often calls have failed of late that got through in the end.
    #[serde(default)]
    pub noise: Noise,
    /// When that was last found out.
    #[serde(default)]
    pub heard_at: Option<Timestamp>,
    /// Since when an operator has such refusals taken for the records' own.
    #[serde(default)]
    pub rejected_by_hand: Option<Timestamp>,
}

impl Refusals {
    /// Forgets what is too long ago to tell of the present.
    #[must_use]
    pub fn as_of(mut self, now: Timestamp) -> Self {
        if self.heard_at.is_none_or(|at| now.duration_since(at) >= RECENT) {
            (self.noise, self.heard_at) = (Noise::default(), None);
        }
        self
    }

    /// Notes how often calls fail that get through in the end, where any do.
    pub fn hear(&mut self, noise: Noise, now: Timestamp) {
        if noise != self.noise && !(noise.is_silent() && self.noise.is_silent()) {
            (self.noise, self.heard_at) = (noise, Some(now));
        }
    }

    /// Notes a refusal, none twice.
    pub fn refuse(&mut self, refused: Refused) {
        if let Some(known) = self.refused.iter_mut().find(|known| **known == refused) {
            known.at = known.at.max(refused.at);
        } else {
            if self.refused.len() >= MOST {
                self.refused.remove(0);
            }
            self.refused.push(refused);
        }
    }

    /// How many different records were refused so, this one included.
    pub fn say_the_same(&self, operation: &str, code: &str) -> usize {
        let same = |refused: &&Refused| refused.operation == operation && refused.code == code;
        self.refused.iter().filter(same).count()
    }

    /// Whether that record was refused already.
    pub fn has(&self, operation: &str, content: u64) -> bool {
        let is_it = |refused: &Refused| refused.operation == operation && refused.content == content;
        self.refused.iter().any(is_it)
    }

    /// A record was accepted by a call that had set out then: what was refused before that is the records' own, but for
    /// what only an account is refused for. Of what was refused while the call was under way it tells nothing: the account
    /// may have come into that state in between.
    pub fn accept(&mut self, operation: &str, set_out: Timestamp) {
        let (gone, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.refused)
            .into_iter()
            .partition(|refused| refused.operation == operation && refused.at <= set_out);
        self.refused = kept;
        self.gave_one_up = false;
        self.rejected_by_hand = None;
        self.cleared
            .extend(gone.into_iter().filter(|refused| !is_of_account(&refused.code)));
        self.forget_old();
    }

    fn forget_old(&mut self) {
        let too_many = self.cleared.len().saturating_sub(MOST);
        self.cleared.drain(..too_many);
    }

    /// What is known when somebody has told what it learnt since `before`. What others have learnt meanwhile stands, and so
    /// does what an operator has decided: what was refused before a decision is told no more.
    #[must_use]
    fn told(self, before: &Self, learnt: &Self) -> Self {
        fn of<T: PartialEq>(present: T, before: &T, learnt: T) -> T {
            if learnt == *before { present } else { learnt }
        }
        let is_decided = self.rejected_by_hand != before.rejected_by_hand;
        let is_new = |refused: &&Refused| !before.refused.contains(refused);
        let is_gone = |refused: &Refused| before.refused.contains(refused) && !learnt.refused.contains(refused);
        let mut told = Self {
            gave_one_up: of(self.gave_one_up, &before.gave_one_up, learnt.gave_one_up),
            noise: of(self.noise, &before.noise, learnt.noise),
            heard_at: of(self.heard_at, &before.heard_at, learnt.heard_at),
            ..self
        };
        if !is_decided {
            told.rejected_by_hand = learnt.rejected_by_hand;
            told.refused.retain(|refused| !is_gone(refused));
            let new = learnt.refused.iter().filter(is_new).cloned();
            new.for_each(|refused| told.refuse(refused));
        }
        let cleared = learnt
            .cleared
            .iter()
            .filter(|refused| !before.cleared.contains(refused));
        told.cleared.extend(cleared.cloned());
        told.forget_old();
        told
    }

    /// Whether that refusal is the record's own: it was refused before others were accepted, or an operator has said so.
    pub fn is_the_records_own(&self, refused: &Refused, now: Timestamp) -> bool {
        let by_hand = self
            .rejected_by_hand
            .is_some_and(|at| now.duration_since(at) < DECIDED_FOR);
        by_hand || self.cleared.contains(refused)
    }
}

/// Whether a code by its name speaks of the account and never of a record: its storage, its licences, its edition, its day.
pub fn is_of_account(code: &str) -> bool {
    let tells_of_a_limit = [
        "RECORDS_LIMIT",
        "LICENSE_LIMIT",
        "DAILY_LIMIT",
        "STORAGE_LIMIT",
        "STORAGE_FULL",
        "PLAN_LIMIT",
    ];
    code == "FEATURE_NOT_SUPPORTED" || tells_of_a_limit.iter().any(|part| code.contains(part))
}

/// What is known of a module.
///
/// # Errors
/// The table failed.
pub async fn of_module(table: &impl Table, module: &str) -> Result<Refusals, StateError> {
    let stored = table.get::<Refusals>(&key(module)).await?;
    Ok(stored.map(|stored| stored.value).unwrap_or_default())
}

/// Changes what is known of a module.
async fn change(
    table: &impl Table,
    module: &str,
    now: Timestamp,
    change: impl Fn(Refusals) -> Refusals,
) -> Result<(), StateError> {
    let key = key(module);
    for _ in 0..MOST_SWAPS {
        let stored = table.get::<Refusals>(&key).await?;
        let revision = stored.as_ref().map(|stored| stored.revision);
        let known = change(stored.map(|stored| stored.value).unwrap_or_default());
        let is_done = match revision {
            None if known == Refusals::default() => true,
            Some(_) if known == Refusals::default() => table.remove(&key, revision).await?,
            _ => matches!(
                table.swap(&key, revision, &known, Some(now + REMEMBERED)).await?,
                Swap::Done(_)
            ),
        };
        if is_done {
            return Ok(());
        }
    }
    Err(StateError::Contended { what: key.to_string() })
}

/// Remembers what was learnt of a module since it was read. What others have learnt meanwhile, or an operator has decided,
/// stands.
///
/// # Errors
/// The table failed.
pub async fn learn(
    table: &impl Table,
    module: &str,
    (before, learnt): (&Refusals, &Refusals),
    now: Timestamp,
) -> Result<(), StateError> {
    change(table, module, now, |present| present.told(before, learnt)).await
}

/// An operator's decision about a held module: its refusals are the records' own, or, taken back, they are judged again.
///
/// # Errors
/// The table failed.
pub async fn decide(table: &impl Table, module: &str, reject: bool, now: Timestamp) -> Result<(), StateError> {
    let decided = |known| Refusals {
        rejected_by_hand: reject.then_some(now),
        refused: Vec::new(),
        ..known
    };
    change(table, module, now, decided).await
}

fn key(module: &str) -> Key {
    Key::new(REFUSALS, module)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::MemoryTable;

    fn refused(code: &str, content: u64) -> Refused {
        Refused {
            operation: "upsert".into(),
            code: code.into(),
            content,
            at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn the_same_record_twice_is_one_and_an_acceptance_makes_refusals_the_records_own() {
        let now = Timestamp::UNIX_EPOCH;
        let mut refusals = Refusals::default();
        for content in [1, 1, 2] {
            refusals.refuse(refused("STORAGE", content));
        }
        assert_eq!(refusals.say_the_same("upsert", "STORAGE"), 2);
        assert!(!refusals.is_the_records_own(&refused("STORAGE", 1), now));
        refusals.accept("delete", now);
        assert_eq!(
            refusals.say_the_same("upsert", "STORAGE"),
            2,
            "another operation tells nothing"
        );
        refusals.accept("upsert", now);
        assert!(refusals.is_the_records_own(&refused("STORAGE", 1), now));
        assert!(
            !refusals.is_the_records_own(&refused("STORAGE", 3), now),
            "another record is judged anew"
        );
    }

    #[test]
    fn what_was_refused_while_a_call_was_under_way_is_not_disproved_by_its_acceptance() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut refusals = Refusals::default();
        for (content, second) in [(1, 10), (2, 30), (1, 20)] {
            let met = refused("STRANGE", content);
            refusals.refuse(Refused { at: at(second), ..met });
        }
        refusals.accept("upsert", at(15));
        assert_eq!((refusals.refused.len(), refusals.cleared.len()), (2, 0));
        refusals.accept("upsert", at(25));
        assert_eq!(refusals.cleared, [refused("STRANGE", 1)]);
        assert_eq!(refusals.refused, [refused("STRANGE", 2)]);
    }

    #[test]
    fn what_only_an_account_is_refused_for_is_no_records_own() {
        for code in [
            "MAX_RECORDS_LIMIT_REACHED",
            "LICENSE_LIMIT_EXCEEDED",
            "FEATURE_NOT_SUPPORTED",
            "DAILY_LIMIT_EXCEEDED",
        ] {
            assert!(is_of_account(code), "{code}");
        }
        assert!(!is_of_account("LIMIT_EXCEEDED") && !is_of_account("NO_PERMISSION"));
        let mut refusals = Refusals::default();
        refusals.refuse(refused("MAX_RECORDS_LIMIT_REACHED", 1));
        refusals.accept("upsert", Timestamp::UNIX_EPOCH);
        assert!(!refusals.is_the_records_own(&refused("MAX_RECORDS_LIMIT_REACHED", 1), Timestamp::UNIX_EPOCH));
    }

    #[test]
    fn failures_that_pass_are_told_on_for_a_quarter_of_an_hour() {
        let now = Timestamp::UNIX_EPOCH;
        let (mut refusals, mut noise) = (Refusals::default(), Noise::default());
        noise.passed(0);
        refusals.hear(noise, now);
        assert_eq!(
            refusals,
            Refusals::default(),
            "where nothing fails, nothing is remembered"
        );
        noise.passed(3);
        refusals.hear(noise, now);
        let later = now + SignedDuration::from_mins(14);
        assert_eq!(refusals.clone().as_of(later).noise, Noise { failures: 3, passes: 2 });
        assert_eq!(refusals.as_of(now + RECENT), Refusals::default());
    }

    #[test]
    fn what_has_passed_for_long_is_forgotten() {
        let mut noise = Noise::default();
        noise.passed(10);
        assert!(!noise.is_silent());
        (0..200).for_each(|_| noise.passed(0));
        assert!(noise.is_silent());
    }

    #[tokio::test]
    async fn an_operators_decision_stands_until_it_is_taken_back() {
        let (table, now) = (MemoryTable::default(), Timestamp::now());
        decide(&table, "Contacts", true, now).await.unwrap();
        let own = |refusals: &Refusals| refusals.is_the_records_own(&refused("ANY", 1), now);
        assert!(own(&of_module(&table, "Contacts").await.unwrap()));
        decide(&table, "Contacts", false, now).await.unwrap();
        assert!(!own(&of_module(&table, "Contacts").await.unwrap()));
    }

    #[tokio::test]
    async fn two_who_learn_at_once_do_not_undo_each_other() {
        let (table, now) = (MemoryTable::default(), Timestamp::now());
        let mut before = Refusals::default();
        before.refuse(refused("ANY", 1));
        learn(&table, "Contacts", (&Refusals::default(), &before), now)
            .await
            .unwrap();
        let (mut one, mut other) = (before.clone(), before.clone());
        one.refuse(refused("ANY", 2));
        other.accept("upsert", now);
        other.noise.failed();
        learn(&table, "Contacts", (&before, &other), now).await.unwrap();
        learn(&table, "Contacts", (&before, &one), now).await.unwrap();
        let known = of_module(&table, "Contacts").await.unwrap();
        assert_eq!(known.refused, [refused("ANY", 2)]);
        assert_eq!(known.cleared, [refused("ANY", 1)]);
        assert_eq!(known.noise, other.noise);
    }

    #[tokio::test]
    async fn what_is_learnt_does_not_undo_what_an_operator_has_decided_meanwhile() {
        let (table, now) = (MemoryTable::default(), Timestamp::now());
        let before = Refusals::default();
        let mut learnt = before.clone();
        learnt.refuse(refused("ANY", 1));
        decide(&table, "Contacts", true, now).await.unwrap();
        learn(&table, "Contacts", (&before, &learnt), now).await.unwrap();
        let known = of_module(&table, "Contacts").await.unwrap();
        assert!(known.is_the_records_own(&refused("OTHER", 2), now));
    }
}
