//! What the participants share, and what is known of each of them. It can be cloned, compared by its fingerprint, and
//! holds everything that the rules look at.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Deref;

use jiff::{SignedDuration, Timestamp};
use shared::state::Key;
use shared::tokens::{AccessDocument, SelfClient, VersionId};

use crate::state_machine::StateMachine;

/// JSON, told apart from other JSON but for names that are drawn anew in each run: whose they are is told by revisions.
#[derive(Clone)]
pub struct Document(pub String);

impl Deref for Document {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Hash for Document {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let is_drawn = |word: &&str| word.len() == 36 && word.matches('-').count() == 4;
        for word in self.0.split(['"', '/']).filter(|word| !is_drawn(word)) {
            word.hash(state);
        }
    }
}

/// An item of the state table.
#[derive(Clone, Hash)]
pub struct Item {
    pub document: Document,
    pub revision: u64,
    pub keep_until: Option<Timestamp>,
}

/// A version of a secret.
#[derive(Clone, Hash)]
pub struct Version {
    pub text: String,
    /// The label of its own, while it has it.
    pub label: Option<String>,
    /// Who stored it.
    pub by: usize,
    /// Somebody has listed the versions since it was stored.
    pub was_listed: bool,
}

/// A secret: its versions, and what AWSCURRENT and AWSPREVIOUS point at.
#[derive(Clone, Default, Hash)]
pub struct Vault {
    pub versions: BTreeMap<VersionId, Version>,
    pub current: Option<VersionId>,
    pub previous: Option<VersionId>,
}

impl Vault {
    pub fn version(&self) -> Option<&VersionId> {
        self.current.as_ref()
    }

    pub fn text_of(&self, version: &VersionId) -> Option<&str> {
        self.versions.get(version).map(|version| version.text.as_str())
    }

    /// What the secret holds.
    pub fn text(&self) -> Option<&str> {
        self.text_of(self.current.as_ref()?)
    }

    pub fn promote(&mut self, version: VersionId) {
        let forgotten = self.previous.take();
        self.previous = self.current.replace(version);
        if let Some(version) = forgotten {
            self.forget(&version);
        }
    }

    /// Takes a version's own label off. Whoever stored it does so last, and has no more use for it.
    pub fn take_label_off(&mut self, label: &str, version: &VersionId, who: usize) {
        let Some(labelled) = self.versions.get_mut(version) else {
            return;
        };
        labelled.label.take_if(|own| own == label);
        if labelled.by == who {
            self.forget(version);
        }
    }

    /// What has no label is deleted by and by (AWS Secrets Manager user guide, "Secret versions").
    fn forget(&mut self, version: &VersionId) {
        let is_labelled = [&self.current, &self.previous].contains(&&Some(version.clone()))
            || self
                .versions
                .get(version)
                .is_some_and(|version| version.label.is_some());
        if !is_labelled {
            self.versions.remove(version);
        }
    }

    /// The texts that AWSCURRENT and AWSPREVIOUS point at.
    pub fn published(&self) -> impl Iterator<Item = &str> {
        [&self.current, &self.previous]
            .into_iter()
            .flatten()
            .filter_map(|version| self.text_of(version))
    }

    /// Versions within reach of a label of their own alone: on their way to be published, or left behind there.
    pub fn on_the_way(&self) -> impl Iterator<Item = &Version> {
        let is_published = |id: &VersionId| [&self.current, &self.previous].contains(&&Some(id.clone()));
        let unpublished = self.versions.iter().filter(move |(id, _)| !is_published(id));
        unpublished
            .map(|(_, version)| version)
            .filter(|version| version.label.is_some())
    }
}

/// Zoho's side.
#[derive(Clone, Default, Hash)]
pub struct ZohoSide {
    /// Refresh tokens that are good.
    pub good: BTreeSet<String>,
    /// Access tokens, each with the refresh token that it dies with.
    pub access: BTreeMap<String, String>,
    /// When access tokens were asked for with a refresh token, in minutes.
    pub mints: Vec<i64>,
    /// Codes that are spent.
    pub spent: BTreeSet<String>,
}

/// A mint on its way: who asked, and what the access token's secret had then.
#[derive(Clone, Hash)]
pub struct UnderWay {
    pub over: Option<VersionId>,
    pub is_answered: bool,
}

/// How a participant ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// It died on the way.
    Died,
    /// refresh, by the word of its answer or its error.
    Refresh(String),
    /// push: whether it has a pass.
    Push(bool),
    /// revoke, by its status, or the kind of its error.
    Revoke(String),
    /// An import's execution, by its last state.
    Import(String),
    /// Who only stood by: a waiting task's invocations, the rule on ends.
    StoodBy,
    /// push: the refusal of that record is told of.
    Refused(u64),
    /// push: that a record was taken is told of.
    Taken,
    /// The operator's decision is written down.
    Decided,
    /// Nothing could be told.
    NotTold,
    /// authorize: what it says, and whether it tells of a refresh token that may be left at Zoho.
    Authorize { said: String, owns_up: bool },
}

/// What somebody sleeps for.
#[derive(Clone, Hash)]
pub enum Sleep {
    /// A token's answer, or that minute.
    Token { token: String, due: i64 },
    /// That minute.
    Until(i64),
    /// Something to do for an import's waiting task, or that import's end.
    Asked(usize),
    /// An import's end.
    Ended(usize),
}

impl Sleep {
    /// When it is over by itself.
    pub fn due(&self) -> Option<i64> {
        match self {
            Self::Token { due, .. } | Self::Until(due) => Some(*due),
            Self::Asked(_) | Self::Ended(_) => None,
        }
    }
}

/// Where a participant stands.
#[derive(Clone, Default, Hash)]
pub struct Person {
    pub name: &'static str,
    /// Everything it has seen, as a number.
    pub seen: u64,
    /// What it is about to do.
    pub next: &'static str,
    /// What may go wrong with that.
    pub may: May,
    /// It sleeps until the access token's version is another than it saw last.
    pub sleeps: bool,
    /// What it sleeps for, where that is something else.
    pub sleep: Option<Sleep>,
    /// The access token's version that it saw last.
    pub version_seen: Option<VersionId>,
    pub under_way: Option<UnderWay>,
    pub end: Option<End>,
}

/// What may go wrong with a deed.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum May {
    /// Nothing: it is no deed on anything shared.
    #[default]
    Nothing,
    /// It may fail.
    Fail,
    /// It may fail, or be done and its answer be lost.
    FailOrLoseAnswer,
    /// That, or be done and be reported as not done: what DynamoDB's client makes of a lost answer by asking again.
    FailLoseOrMislead,
}

/// How a deed ends.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Debug)]
pub enum Fate {
    #[default]
    Done,
    Fails,
    AnswerLost,
    Misled,
}

/// Everything.
#[derive(Clone, Default)]
pub struct World {
    pub(crate) minute: i64,
    pub(crate) items: BTreeMap<Key, Item>,
    pub(crate) self_client: Vault,
    pub(crate) access: Vault,
    pub(crate) zoho: ZohoSide,
    pub(crate) is_intake_open: bool,
    /// The imports of the scene, if it is about those.
    pub(crate) machine: StateMachine,
    pub(crate) people: Vec<Person>,
    /// How the deed of whoever acts now ends.
    pub(crate) fate: Fate,
    /// How many things went wrong so far.
    pub(crate) faults: u32,
    /// Where that is counted: whose step came last, and how often it was another's before that one was at its end.
    pub(crate) switches: Option<(Option<usize>, u32)>,
    /// How often two minutes passed so far.
    pub(crate) jumps: u32,
    /// Refresh tokens that the self client's secret has held.
    pub(crate) ever_stored: BTreeSet<String>,
    /// The first rule that was broken.
    pub(crate) broken: Option<String>,
}

impl World {
    /// The present.
    pub fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(500_000) + SignedDuration::from_mins(self.minute)
    }

    /// Whether what somebody sleeps for is there.
    pub(crate) fn has_come(&self, sleep: &Sleep) -> bool {
        let has_ended = |number: &usize| self.people[*number].end.is_some();
        match sleep {
            Sleep::Token { token, due } => {
                let task = &self.machine.tasks.get(token);
                *due <= self.minute || task.is_none_or(|task| task.is_answered || task.has_failed)
            }
            Sleep::Until(due) => *due <= self.minute,
            Sleep::Asked(number) => self.machine.requests.contains_key(number) || has_ended(number),
            Sleep::Ended(number) => has_ended(number),
        }
    }

    pub(crate) fn break_rule(&mut self, what: impl Into<String>) {
        self.broken.get_or_insert(what.into());
    }

    /// What the access token's secret holds.
    pub(crate) fn access_document(&self) -> Option<AccessDocument> {
        serde_json::from_str(self.access.text()?).ok()
    }

    /// What the self client's secret holds.
    pub(crate) fn client(&self) -> Option<SelfClient> {
        serde_json::from_str(self.self_client.text()?).ok()
    }

    /// A number that only this state has: the world, and what each participant has seen, from which it knows all that it
    /// will do. 64 bits: among a million states, two that share a number are a matter of one in tens of millions.
    pub(crate) fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let world = (
            self.minute,
            &self.self_client,
            &self.access,
            &self.zoho,
            self.is_intake_open,
            &self.machine,
        );
        (
            world,
            &self.people,
            self.faults,
            self.jumps,
            &self.ever_stored,
            self.switches,
        )
            .hash(&mut hasher);
        for (key, item) in &self.items {
            (&key.pk, &key.sk, item).hash(&mut hasher);
        }
        hasher.finish()
    }
}

/// The hash of several things.
pub fn hash(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
