//! Rounds against a Bigin of a few lines.

mod backlog;
mod properties;
mod rounds;

use std::sync::Arc;

use bigin::{
    Action, CallFailure, CallShape, Field, FieldKind, FieldName, Found, Hit, ModuleFields, ModuleName, Operation,
    Record, RecordError, RecordOutcome,
};
use serde_json::Value;

use super::*;
use crate::map::{OnAmbiguous, OnMissing, Reference, ReferenceRule};
use crate::record::{MatchKey, Parcel, fold};

/// A Bigin of a few lines: records of Accounts by name, of Contacts by e-mail address, users, team pipelines.
#[derive(Debug, Clone, Default)]
pub(super) struct Book {
    pub accounts: Vec<(u64, String)>,
    pub contacts: Vec<(u64, String)>,
    pub users: Vec<(u64, String)>,
    pub pipelines: Vec<(u64, String)>,
    /// How many rows a query, and records a page, may have.
    pub page: usize,
    /// Codes that questions of a kind are refused with.
    pub query_code: Option<&'static str>,
    pub page_code: Option<(&'static str, usize)>,
    pub fields: Option<bool>,
    pub make_errors: Vec<(String, &'static str)>,
    pub asked: Vec<Ask>,
}

pub(super) fn module(name: &str) -> ModuleName {
    ModuleName::parse(name).unwrap()
}

impl Book {
    pub fn new() -> Self {
        Self {
            page: 200,
            ..Self::default()
        }
    }

    pub fn with_accounts(names: &[&str]) -> Self {
        let accounts = (1..).zip(names).map(|(id, name)| (id, (*name).to_owned())).collect();
        Self {
            accounts,
            ..Self::new()
        }
    }

    fn list(&self, place: &Place) -> &[(u64, String)] {
        match place {
            Place::Records { module, .. } if module.as_str() == "Accounts" => &self.accounts,
            Place::Records { .. } => &self.contacts,
            Place::UserEmails | Place::UserNames => &self.users,
            Place::TeamPipelines => &self.pipelines,
        }
    }

    pub fn answer(&mut self, ask: &Ask) -> Reply {
        self.asked.push(ask.clone());
        let hit = |(id, value): &(u64, String)| Hit {
            id: id.to_string(),
            value: Some(value.clone()),
        };
        match ask {
            Ask::Fields(module) => Reply::Fields(self.fields.unwrap_or(true).then(|| Arc::new(fields(module)))),
            Ask::Query { .. } if self.query_code.is_some() => refused(self.query_code.unwrap()),
            Ask::Query { place, values } => {
                assert!(values.len() <= 50);
                let wanted: Vec<_> = values.iter().map(|value| fold(value.as_str())).collect();
                let mut hits: Vec<_> = self
                    .list(place)
                    .iter()
                    .filter(|(_, value)| wanted.contains(&fold(value)))
                    .collect();
                hits.sort();
                let more = hits.len() > self.page;
                Reply::Found(Found {
                    hits: hits.into_iter().take(self.page).map(hit).collect(),
                    more,
                })
            }
            Ask::Page { place, token } => {
                let from = token.as_deref().map_or(0, |token| token.parse().unwrap());
                if let Some((code, after)) = self.page_code
                    && from >= after
                {
                    return refused(code);
                }
                let list = self.list(place);
                let hits = list.iter().skip(from).take(self.page).map(hit).collect();
                let next = (from + self.page < list.len()).then(|| (from + self.page).to_string());
                Reply::Page { hits, next }
            }
            Ask::Make { place, values } => {
                assert!(values.len() <= 100 && matches!(place, Place::Records { .. }));
                Reply::Made(values.iter().map(|value| self.make(value)).collect())
            }
        }
    }

    /// Only companies are made in these tests.
    fn make(&mut self, value: &str) -> RecordOutcome {
        if let Some((_, code)) = self.make_errors.iter().find(|(name, _)| name == value) {
            let error = RecordError {
                code: (*code).to_owned(),
                message: value.to_owned(),
                field: Some("Account_Name".to_owned()),
                expectation: None,
                duplicate_id: None,
            };
            return RecordOutcome::Refused(vec![error]);
        }
        let known = self
            .accounts
            .iter()
            .find(|(_, name)| fold(name) == fold(value))
            .map(|(id, _)| *id);
        let id = known.unwrap_or_else(|| 1_000_000 + self.accounts.len() as u64);
        if known.is_none() {
            self.accounts.push((id, value.to_owned()));
        }
        RecordOutcome::Accepted {
            action: Action::Inserted,
            id: id.to_string(),
            modified_at: None,
        }
    }

    pub fn count(&self, is_it: impl Fn(&Ask) -> bool) -> usize {
        self.asked.iter().filter(|ask| is_it(ask)).count()
    }

    pub fn queries(&self) -> usize {
        self.count(|ask| matches!(ask, Ask::Query { .. }))
    }

    pub fn pages(&self) -> usize {
        self.count(|ask| matches!(ask, Ask::Page { .. }))
    }

    pub fn makes(&self) -> usize {
        self.count(|ask| matches!(ask, Ask::Make { .. }))
    }
}

pub(super) fn refused(code: &str) -> Reply {
    let call = "a question".to_owned();
    Reply::Refused(match code {
        "OAUTH_SCOPE_MISMATCH" => CallFailure::ScopeMissing { call },
        "NO_PERMISSION" => CallFailure::NotPermitted {
            call,
            code: code.to_owned(),
            message: "m".to_owned(),
        },
        code => CallFailure::Refused {
            call,
            status: 400,
            code: code.to_owned(),
            message: "m".to_owned(),
        },
    })
}

fn fields(module: &ModuleName) -> ModuleFields {
    let field = |name: &str, unique| Field {
        api_name: name.to_owned(),
        label: name.to_owned(),
        kind: FieldKind::Text,
        length: None,
        decimal_place: None,
        mandatory: false,
        writable: true,
        unique,
        custom: false,
        lookup_module: None,
        pick_list: Vec::new(),
    };
    let fields = vec![field("Account_Name", true), field("Email", true), field("Phone", false)];
    ModuleFields {
        module: module.clone(),
        fields,
    }
}

pub(super) fn rule(module: &str, by: &str, on_missing: OnMissing, on_ambiguous: OnAmbiguous) -> Arc<ReferenceRule> {
    let field = match module {
        "users" => "Owner",
        "layouts" => "Pipeline",
        _ => "Account_Name",
    };
    let (field, module, by) = (FieldName::new(field), module.to_owned(), by.to_owned());
    Arc::new(ReferenceRule {
        field,
        module,
        by,
        on_missing,
        on_ambiguous,
    })
}

pub(super) fn company(name: &str, on_missing: OnMissing, on_ambiguous: OnAmbiguous) -> Reference {
    Reference {
        rule: rule("Accounts", "Account_Name", on_missing, on_ambiguous),
        value: name.to_owned(),
    }
}

pub(super) fn shape(module_name: &str, operation: Operation, match_on: &[&str]) -> Arc<CallShape> {
    let match_on = match_on.iter().map(|name| (*name).to_owned()).collect();
    Arc::new(CallShape {
        module: module(module_name),
        operation,
        match_on,
        trigger: Vec::new(),
    })
}

/// A contact, upserted, that refers to others.
pub(super) fn contact(place: u64, email: &str, references: Vec<Reference>) -> Pending {
    let mut writer = Record::writer();
    writer.field("Last_Name", "Rao");
    let keys = MatchKey::of(&Arc::from("Email"), email).into_iter().collect();
    let parcel = Parcel::new(
        place,
        writer.finish(),
        keys,
        shape("Contacts", Operation::Upsert, &["Email"]),
    );
    Pending::new(parcel, references)
}

/// An update or a delete of the contacts that have those values of these fields.
pub(super) fn keyed(place: u64, operation: Operation, keys: &[(&str, &str)]) -> Pending {
    let mut writer = Record::writer();
    for (field, value) in keys {
        writer.field(field, value);
    }
    let fields: Vec<_> = keys.iter().map(|(field, _)| *field).collect();
    let keys = keys
        .iter()
        .filter_map(|(field, value)| MatchKey::of(&Arc::from(*field), value))
        .collect();
    let parcel = Parcel::new(place, writer.finish(), keys, shape("Contacts", operation, &fields));
    Pending::new(parcel, Vec::new())
}

/// Asks until all is known.
pub(super) fn run(cache: &mut LookupCache, batch: Vec<Pending>, book: &mut Book) -> Vec<Resolution> {
    let mut round = Round::open(batch, cache);
    for _ in 0..10_000 {
        let Some(ask) = round.next(cache) else {
            return round.close(cache);
        };
        assert_eq!(
            round.next(cache).as_ref(),
            Some(&ask),
            "a question stands until it is answered"
        );
        let reply = book.answer(&ask);
        round.take(cache, &ask, reply);
    }
    panic!("it never stops asking");
}

/// The id that a field of a record that is ready points to.
pub(super) fn points_to(verdict: &Resolution, field: &str) -> Option<String> {
    let Resolution::Ready(parcel) = verdict else {
        panic!("not ready: {verdict:?}")
    };
    let json: Value = serde_json::from_str(parcel.record.json()).unwrap();
    json.pointer(&format!("/{field}/id"))
        .map(|id| id.as_str().unwrap().to_owned())
}

/// The code that a record is rejected for, now or if nothing changes.
pub(super) fn code(verdict: &Resolution) -> &str {
    match verdict {
        Resolution::Missing(_, reject) => &reject.code,
        Resolution::Ended(settled) => match &settled.outcome {
            crate::record::Outcome::Rejected(reject) => &reject.code,
            crate::record::Outcome::Unchanged => "unchanged",
            other @ crate::record::Outcome::Accepted { .. } => panic!("{other:?}"),
        },
        other => panic!("not rejected: {other:?}"),
    }
}
