//! What belongs to a record but needs a call of its own: fields that Bigin takes only in a second call, and
//! tags that are added to the record's own. Each is a call of its own once Bigin has the record, and the
//! record has ended with the last of them. Pure.

use std::fmt;
use std::sync::Arc;

use bigin::{Action, CallShape, MOST_RECORDS_A_CALL, MOST_RECORDS_A_TAGGING, Operation, Record};
use serde::{Deserialize, Serialize};

use super::{CallKind, Outcome, Parcel, Reject, Settled};

/// A tag's name.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(pub String);

/// Record content never reaches a log, so not through `Debug` either.
impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tag(***)")
    }
}

/// What is left to be done for a record once Bigin has it.
#[derive(Debug, Clone)]
pub struct FollowUp {
    /// The fields of a second call.
    second: Option<Record>,
    /// The tags to be added. Sorted, so that records with the same ones share a call.
    tags: Arc<[Tag]>,
}

impl FollowUp {
    /// `None` where nothing is left to be done.
    pub fn of(second: Option<Record>, mut tags: Vec<Tag>) -> Option<Box<Self>> {
        if second.is_none() && tags.is_empty() {
            return None;
        }
        tags.sort_unstable();
        tags.dedup();
        Some(Box::new(Self {
            second,
            tags: tags.into(),
        }))
    }
}

/// A record that Bigin has while something is left to be done for it. No record content is in it. It is written short,
/// since thousands of them may lie in one item of the state table, which holds 400 KB.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// What was done.
    pub action: Action,
    /// Its id.
    pub id: String,
    /// Whether an earlier call may have inserted it already.
    #[serde(default, skip_serializing_if = "is_not_so")]
    pub possibly_duplicated: bool,
    /// Whether the second call is over.
    #[serde(default, skip_serializing_if = "is_not_so")]
    pub second_done: bool,
    /// What Bigin would not do for it so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lacks: Option<Box<Reject>>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_not_so(flag: &bool) -> bool {
    !*flag
}

impl Written {
    /// Bigin would not do something for it.
    fn miss(&mut self, what: &str, field: &str, reject: Reject) {
        let earlier = self.lacks.take().map(|lacks| format!("{}; ", lacks.message));
        self.lacks = Some(Box::new(Reject {
            message: format!(
                "{}the record is in Bigin ({}), but {what}: {}",
                earlier.unwrap_or_default(),
                self.action.as_str(),
                reject.message
            ),
            field: reject.field.or_else(|| Some(field.to_owned())),
            record_id: Some(self.id.clone()),
            ..reject
        }));
    }

    /// The record would not be sent any more as it is mapped now; what was left to be done for it is not done.
    pub fn ended_by(mut self, reject: Reject) -> Outcome {
        let field = reject.field.clone().unwrap_or_default();
        self.miss("what was left to be done for it is not done", &field, reject);
        self.outcome()
    }

    fn outcome(self) -> Outcome {
        Outcome::Accepted {
            action: self.action,
            id: self.id,
            possibly_duplicated: self.possibly_duplicated,
            lacks: self.lacks,
        }
    }
}

/// What becomes of a record whose call has ended.
#[derive(Debug)]
pub enum After {
    /// It has ended.
    Ended(Settled),
    /// There is another call to be made for it.
    GoesOn(Parcel),
}

impl Parcel {
    /// The call that carried it has ended so.
    pub fn after(mut self, outcome: Outcome) -> After {
        let Some(taken) = self.taken.take() else {
            return match outcome {
                Outcome::Accepted {
                    action,
                    id,
                    possibly_duplicated,
                    lacks,
                } if self.rest.is_some() => self.go_on(Written {
                    action,
                    id,
                    possibly_duplicated,
                    second_done: false,
                    lacks,
                }),
                outcome => self.end(outcome),
            };
        };
        let mut taken = *taken;
        let tagged = matches!(self.call_kind, CallKind::AddTags(_));
        if let Outcome::Rejected(reject) = outcome {
            if tagged {
                taken.miss("its tags were not added", "Tag", reject);
            } else {
                let field = reject.field.clone().unwrap_or_default();
                taken.miss("not all of its fields were written", &field, reject);
            }
        }
        if tagged {
            return self.end(taken.outcome());
        }
        taken.second_done = true;
        self.go_on(taken)
    }

    /// Goes on with what is left to be done for a record that Bigin has.
    pub fn go_on(mut self, taken: Written) -> After {
        let Some(rest) = &self.rest else {
            return self.end(taken.outcome());
        };
        let record = match &rest.second {
            Some(second) if !taken.second_done => {
                self.call_kind = CallKind::Write;
                self.most_in_call = MOST_RECORDS_A_CALL;
                second.clone()
            }
            _ if rest.tags.is_empty() => return self.end(taken.outcome()),
            _ => {
                self.call_kind = CallKind::AddTags(Arc::clone(&rest.tags));
                self.most_in_call = MOST_RECORDS_A_TAGGING;
                Record::writer().finish()
            }
        };
        let mut writer = record.reopen();
        writer.field("id", &taken.id);
        self.record = writer.finish();
        self.shape = Arc::new(CallShape {
            operation: Operation::Update,
            match_on: Vec::new(),
            ..(*self.shape).clone()
        });
        // Its group waits for the record alone: what is done for it from here on is no other record's business.
        self.group = None;
        self.attempts = 0;
        self.lost_at = None;
        self.suspicion = None;
        self.taken = Some(Box::new(taken));
        After::GoesOn(self)
    }

    /// It has ended so, whatever was left to be done for it.
    pub fn end(self, outcome: Outcome) -> After {
        After::Ended(Settled {
            place: self.place,
            keys: self.keys,
            outcome,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bigin::ModuleName;
    use serde_json::json;

    fn parcel(rest: Option<Box<FollowUp>>) -> Parcel {
        let shape = CallShape {
            module: ModuleName::parse("Pipelines").unwrap(),
            operation: Operation::Insert,
            match_on: vec!["Deal_Name".into()],
            trigger: vec!["workflow".into()],
        };
        let record = Record::from_object(json!({"Deal_Name": "Roof"}).as_object().unwrap());
        Parcel {
            rest,
            group: Some(3),
            attempts: 2,
            ..Parcel::new(7, record, Vec::new(), Arc::new(shape))
        }
    }

    fn rest() -> Option<Box<FollowUp>> {
        let second = Record::from_object(json!({"Secondary_Contacts": [{"id": "1"}]}).as_object().unwrap());
        let tags = ["b", "a", "b"].map(|name| Tag(name.into()));
        FollowUp::of(Some(second), tags.into())
    }

    fn accepted(action: Action, id: &str) -> Outcome {
        Outcome::Accepted {
            action,
            id: id.into(),
            possibly_duplicated: false,
            lacks: None,
        }
    }

    fn going_on(after: After) -> Parcel {
        match after {
            After::GoesOn(parcel) => parcel,
            After::Ended(settled) => panic!("it has ended: {settled:?}"),
        }
    }

    fn outcome(after: After) -> Outcome {
        match after {
            After::Ended(settled) => settled.outcome,
            After::GoesOn(parcel) => panic!("it goes on: {parcel:?}"),
        }
    }

    #[test]
    fn a_record_with_nothing_left_to_do_ends_with_its_call() {
        let ended = outcome(parcel(FollowUp::of(None, Vec::new())).after(accepted(Action::Inserted, "5")));
        assert_eq!(ended, accepted(Action::Inserted, "5"));
    }

    #[test]
    fn a_second_call_and_tags_follow_and_the_outcome_is_that_of_the_first() {
        let second = going_on(parcel(rest()).after(accepted(Action::Inserted, "5")));
        assert_eq!(second.record.json(), r#"{"Secondary_Contacts":[{"id":"1"}],"id":"5"}"#);
        assert_eq!(
            (second.shape.operation, second.group, second.attempts),
            (Operation::Update, None, 0)
        );
        assert_eq!(second.shape.trigger, ["workflow"]);
        let tags = going_on(second.after(accepted(Action::Updated, "5")));
        assert_eq!(
            tags.call_kind,
            CallKind::AddTags([Tag("a".into()), Tag("b".into())].into())
        );
        assert_eq!((tags.record.id(), tags.most_in_call), (Some("5"), 500));
        assert_eq!(
            outcome(tags.after(accepted(Action::Updated, "5"))),
            accepted(Action::Inserted, "5")
        );
    }

    #[test]
    fn what_bigin_will_not_do_for_a_record_is_said_of_one_that_stays_accepted() {
        let refused = |code: &str| Outcome::Rejected(Reject::relay(code, None, "no"));
        let second = going_on(parcel(rest()).after(accepted(Action::Inserted, "5")));
        let tags = going_on(second.after(refused("INVALID_DATA")));
        let Outcome::Accepted {
            action,
            lacks: Some(lacks),
            ..
        } = outcome(tags.after(refused("LIMIT_EXCEEDED")))
        else {
            panic!("it lacks something")
        };
        assert_eq!((action, lacks.code.as_str()), (Action::Inserted, "LIMIT_EXCEEDED"));
        assert_eq!(lacks.record_id.as_deref(), Some("5"));
        assert!(lacks.message.contains("fields") && lacks.message.contains("its tags were not added"));
    }

    #[test]
    fn a_record_that_is_refused_has_no_rest() {
        let refused = Outcome::Rejected(Reject::relay("X", None, "no"));
        assert_eq!(outcome(parcel(rest()).after(refused.clone())), refused);
    }

    #[test]
    fn what_was_taken_goes_on_where_it_was_after_any_interruption() {
        let second = going_on(parcel(rest()).after(accepted(Action::Updated, "5")));
        let tags = going_on(second.clone().after(accepted(Action::Updated, "5")));
        for interrupted in [second, tags] {
            let taken = *interrupted.taken.clone().unwrap();
            let text = serde_json::to_string(&taken).unwrap();
            assert!(text.len() < 60, "{text}");
            let again = going_on(parcel(rest()).go_on(serde_json::from_str(&text).unwrap()));
            assert_eq!(again.call_kind, interrupted.call_kind);
            assert_eq!(again.record, interrupted.record);
        }
        // The mapping has changed meanwhile, and nothing is left to be done.
        let taken = Written {
            action: Action::Updated,
            id: "5".into(),
            possibly_duplicated: false,
            second_done: false,
            lacks: None,
        };
        assert_eq!(outcome(parcel(None).go_on(taken)), accepted(Action::Updated, "5"));
    }

    #[test]
    fn debug_shows_no_content() {
        let text = format!("{:?}", parcel(FollowUp::of(None, vec![Tag("VIP".into())])));
        assert!(!text.contains("VIP") && !text.contains("Roof"), "{text}");
    }
}
