//! What was refused of a module since a record of it was last accepted: one refusal is the record's own, and a second one of
//! another record that says the same tells of the account. No record content is in it, but short sums of it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::table::{Key, StateError, Table};

const REFUSALS: &str = "refusals";
/// The most records that are remembered: probes take others.
const MOST: usize = 500;
/// For so long nobody's decision by hand outlives the hold that it was about.
const DECIDED_FOR: SignedDuration = SignedDuration::from_hours(24);
/// How long it is remembered that nobody looks at any more.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 14);

/// One record's refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// What was to be done with the record.
    pub operation: String,
    /// Zoho's code.
    pub code: String,
    /// A sum of what was in the record, by which it is told from others.
    pub content: u64,
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
    /// Since when an operator has such refusals taken for the records' own.
    #[serde(default)]
    pub rejected_by_hand: Option<Timestamp>,
}

impl Refusals {
    /// Notes a refusal, none twice.
    pub fn refuse(&mut self, refused: Refused) {
        if !self.refused.contains(&refused) {
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

    /// A record was accepted: what was refused before is the records' own, but for what only an account is refused for.
    pub fn accept(&mut self, operation: &str) {
        let (gone, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.refused)
            .into_iter()
            .partition(|refused| refused.operation == operation);
        self.refused = kept;
        self.gave_one_up = false;
        self.rejected_by_hand = None;
        self.cleared
            .extend(gone.into_iter().filter(|refused| !is_of_account(&refused.code)));
        let too_many = self.cleared.len().saturating_sub(MOST);
        self.cleared.drain(..too_many);
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

/// Remembers what is known of a module.
///
/// # Errors
/// The table failed.
pub async fn remember(table: &impl Table, module: &str, refusals: &Refusals, now: Timestamp) -> Result<(), StateError> {
    if *refusals == Refusals::default() {
        return table.remove(&key(module), None).await.map(|_| ());
    }
    table.put(&key(module), refusals, Some(now + REMEMBERED)).await
}

/// An operator's decision about a held module: its refusals are the records' own, or, taken back, they are judged again.
///
/// # Errors
/// The table failed.
pub async fn decide(table: &impl Table, module: &str, reject: bool, now: Timestamp) -> Result<(), StateError> {
    let known = of_module(table, module).await?;
    let decided = Refusals {
        rejected_by_hand: reject.then_some(now),
        refused: Vec::new(),
        ..known
    };
    remember(table, module, &decided, now).await
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
        refusals.accept("delete");
        assert_eq!(
            refusals.say_the_same("upsert", "STORAGE"),
            2,
            "another operation tells nothing"
        );
        refusals.accept("upsert");
        assert!(refusals.is_the_records_own(&refused("STORAGE", 1), now));
        assert!(
            !refusals.is_the_records_own(&refused("STORAGE", 3), now),
            "another record is judged anew"
        );
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
        refusals.accept("upsert");
        assert!(!refusals.is_the_records_own(&refused("MAX_RECORDS_LIMIT_REACHED", 1), Timestamp::UNIX_EPOCH));
    }

    #[tokio::test]
    async fn an_operators_decision_stands_until_it_is_taken_back() {
        let (table, now) = (MemoryTable::default(), Timestamp::UNIX_EPOCH);
        decide(&table, "Contacts", true, now).await.unwrap();
        let own = |refusals: &Refusals| refusals.is_the_records_own(&refused("ANY", 1), now);
        assert!(own(&of_module(&table, "Contacts").await.unwrap()));
        decide(&table, "Contacts", false, now).await.unwrap();
        assert!(!own(&of_module(&table, "Contacts").await.unwrap()));
    }
}
