//! A record on its way to Bigin, and what became of it.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use bigin::{Action, CallShape, MOST_RECORDS_A_CALL, MOST_RECORDS_A_TAGGING, ModuleName, Record};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::invisible::is_invisible;
use super::{FollowUp, Suspicion, Tag, Written};

/// What the call does that carries a record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum CallKind {
    /// Writes it, as its shape says.
    #[default]
    Write,
    /// Adds it as a note to another record.
    AddNote {
        /// That record's module.
        to: ModuleName,
        /// Its id; `None` while it is in the note's own `Parent_Id`.
        id: Option<String>,
    },
    /// Adds these tags to it.
    AddTags(Arc<[Tag]>),
}

impl CallKind {
    /// The most records that one call may have.
    pub fn most(&self) -> usize {
        match self {
            Self::Write | Self::AddNote { .. } => MOST_RECORDS_A_CALL,
            Self::AddTags(_) => MOST_RECORDS_A_TAGGING,
        }
    }

    /// What a call with that many records costs in API credits. Tagging costs one for each started ten like writing, but
    /// at most ten for the 500 records it may have (Bigin developer guide, "API Limits").
    pub fn credits(&self, shape: &CallShape, records: usize) -> u64 {
        match self {
            Self::Write | Self::AddNote { .. } => shape.credits(records),
            Self::AddTags(_) => (records.div_ceil(10) as u64).min(10),
        }
    }
}

/// A record on its way.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// Where it came from: the number of the row in the file, or of the record in the batch, counted from 0.
    pub place: u64,
    /// The record as Bigin is to get it.
    pub record: Record,
    /// Its values of the match fields. Records that share one never overtake each other.
    pub keys: Vec<MatchKey>,
    /// What the call that carries it must be like. Only records of one shape share a call.
    pub shape: Arc<CallShape>,
    /// What that call does.
    pub call_kind: CallKind,
    /// What is left to be done once Bigin has it.
    pub rest: Option<Box<FollowUp>>,
    /// Bigin has it: the call does something of its rest.
    pub taken: Option<Box<Written>>,
    /// The message group it came with. Records of one group never overtake each other, whatever their keys.
    pub group: Option<u32>,
    /// The most records that a call with it may have: halved each time such a call is refused as a whole.
    pub most_in_call: usize,
    /// How often Bigin has asked to try it again.
    pub attempts: u32,
    /// When the first call set out that carried it and may have been carried out without our learning of it.
    pub lost_at: Option<Timestamp>,
    /// What is held against it, where calls with it fail without a word about any record.
    pub suspicion: Option<Box<Suspicion>>,
}

impl Parcel {
    /// A record that was not sent yet, with its values of the match fields.
    pub fn new(place: u64, record: Record, keys: Vec<MatchKey>, shape: Arc<CallShape>) -> Self {
        Self {
            place,
            record,
            keys,
            shape,
            call_kind: CallKind::Write,
            rest: None,
            taken: None,
            group: None,
            most_in_call: MOST_RECORDS_A_CALL,
            attempts: 0,
            lost_at: None,
            suspicion: None,
        }
    }

    /// Puts it under suspicion, or clears it: records of one suspicion share a call with no others.
    pub fn suspect(&mut self, suspicion: Option<Suspicion>) {
        self.most_in_call = suspicion
            .as_ref()
            .map_or(self.call_kind.most(), |suspicion| suspicion.records);
        self.suspicion = suspicion.map(Box::new);
    }

    /// A note is sent to the record that it belongs to, so that one does not go into the note itself.
    pub fn address(&mut self) {
        let CallKind::AddNote { id: id @ None, .. } = &mut self.call_kind else {
            return;
        };
        let Ok(mut note) = serde_json::from_str::<Map<String, Value>>(self.record.json()) else {
            return;
        };
        let parent = note.remove("Parent_Id");
        *id = parent.and_then(|parent| Some(parent.get("id")?.as_str()?.to_owned()));
        self.record = Record::from_object(&note);
    }
}

/// Puts records into the order that they came in.
pub fn into_order(parcels: &mut [Parcel]) {
    parcels.sort_by_key(|parcel| parcel.place);
}

/// A record's value of a match field. Two are equal when Bigin takes them for the same: its unique fields ignore letter
/// case (`"unique": {"casesensitive": "0"}` in the fields metadata).
#[derive(Clone)]
pub struct MatchKey {
    field: Arc<str>,
    value: String,
    /// The value as Bigin compares it, where that is another text.
    folded: Option<String>,
}

impl MatchKey {
    /// `None` for a value that cannot be matched on: one with nothing but blanks in it.
    pub fn of(field: &Arc<str>, value: &str) -> Option<Self> {
        let value = trim(value);
        (!value.is_empty()).then(|| Self {
            field: Arc::clone(field),
            folded: (!is_folded(value)).then(|| fold(value)),
            value: value.to_owned(),
        })
    }

    /// The match field's API name.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The value as it was written. Record content: not for logs.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The value as Bigin compares it. Record content: not for logs.
    pub fn folded(&self) -> &str {
        self.folded.as_deref().unwrap_or(&self.value)
    }
}

/// A value as it is compared. Letter case does not count, as for Bigin. Neither do blanks around the value,
/// the number and kind of blanks within it, characters that nobody sees, and the way in which Unicode writes
/// its letters.
pub fn fold(value: &str) -> String {
    if value.is_ascii() && !has_two_blanks(value) {
        return trim(value).to_ascii_lowercase();
    }
    let visible: String = composed(value).chars().filter(|c| !is_invisible(*c)).collect();
    let words: Vec<&str> = visible.split_whitespace().collect();
    composed(&words.join(" ").to_lowercase()).into_owned()
}

/// [`fold`], without a copy where the value is its own.
pub fn folded(value: &str) -> Cow<'_, str> {
    if is_folded(value) {
        Cow::Borrowed(value)
    } else {
        Cow::Owned(fold(value))
    }
}

/// Whether a value is surely as it is compared, which most e-mail addresses are.
fn is_folded(value: &str) -> bool {
    let mut before = b' ';
    for byte in value.bytes() {
        let is_second_blank = byte == b' ' && before == b' ';
        if !matches!(byte, b' '..=b'@' | b'['..=b'~') || is_second_blank {
            return false;
        }
        before = byte;
    }
    before != b' '
}

/// Whether there are two plain blanks one behind the other.
pub fn has_two_blanks(text: &str) -> bool {
    text.as_bytes().array_windows().any(|two| *two == *b"  ")
}

/// A text without blanks around it. Most have none, which their first and last byte tell.
pub fn trim(text: &str) -> &str {
    match text.as_bytes() {
        [only] if only.is_ascii_graphic() => text,
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

/// A text in Unicode's composed form (NFC): an umlaut is one character however a program has put it together.
pub fn composed(text: &str) -> Cow<'_, str> {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        _ => Cow::Owned(text.nfc().collect()),
    }
}

impl PartialEq for MatchKey {
    fn eq(&self, other: &Self) -> bool {
        self.field == other.field && self.folded() == other.folded()
    }
}

impl Eq for MatchKey {}

impl Hash for MatchKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.field.hash(state);
        self.folded().hash(state);
    }
}

/// Record content never reaches a log, so not through `Debug` either.
impl fmt::Debug for MatchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MatchKey({}=***)", self.field)
    }
}

/// Who refused a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Bigin did; the code is Zoho's own.
    Zoho,
    /// It was refused here, before a credit was spent.
    Relay,
}

/// Why a record was rejected for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// A stable word: Zoho's code, or one of ours.
    pub code: String,
    /// The field's API name, where it is about one.
    pub field: Option<String>,
    /// What is wrong and what to do, without the record's content.
    pub message: String,
    /// The id of the record it clashes with.
    pub record_id: Option<String>,
    /// Who refused it.
    pub origin: Origin,
}

impl Reject {
    /// A record refused here.
    pub fn relay(code: impl Into<String>, field: Option<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            field,
            message: message.into(),
            record_id: None,
            origin: Origin::Relay,
        }
    }
}

/// How a record ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Bigin has it.
    Accepted {
        /// What was done.
        action: Action,
        /// Its id.
        id: String,
        /// Whether an earlier call may have inserted it already.
        possibly_duplicated: bool,
        /// What was to go with it and Bigin would not do, such as adding its tags.
        lacks: Option<Box<Reject>>,
    },
    /// There was nothing to do.
    Unchanged,
    /// Rejected for good.
    Rejected(Reject),
}

/// A record that has ended, with what it took along.
#[derive(Debug, Clone)]
pub struct Settled {
    /// Where it came from.
    pub place: u64,
    /// Its values of the match fields.
    pub keys: Vec<MatchKey>,
    /// How it ended.
    pub outcome: Outcome,
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn what_needs_no_folding_is_as_it_is_compared(value in "[ a-c@.A\\x01\\tä]{0,6}") {
            proptest::prop_assert_eq!(folded(&value), fold(&value), "{:?}", value);
        }
    }

    #[test]
    fn keys_ignore_letter_case_and_blanks_around() {
        let (email, other) = (Arc::from("Email"), Arc::from("Other"));
        assert_eq!(
            MatchKey::of(&email, " ANN@Example.com "),
            MatchKey::of(&email, "ann@example.com")
        );
        assert_ne!(MatchKey::of(&email, "a"), MatchKey::of(&other, "a"));
    }

    #[test]
    fn nothing_is_no_key_and_debug_shows_no_content() {
        let email = Arc::from("Email");
        assert_eq!(MatchKey::of(&email, "  "), None);
        assert_eq!(
            format!("{:?}", MatchKey::of(&email, "ann@example.com")),
            "Some(MatchKey(Email=***))"
        );
    }
}
