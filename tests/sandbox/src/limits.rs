//! What the account does not allow: more records than the licence stores, and whatever an administrator or Zoho forbids
//! to users, modules or single records (contract, sections 13 and 16).

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::answer::Refusal;
use crate::fault::Fault;
use crate::json::{Json, Object, object};
use crate::metadata::ModuleName;

/// What the account does not allow.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limits {
    /// The most records of all modules together; no limit without it. Beyond it nothing is inserted.
    record_limit: Option<usize>,
    /// How an insert beyond it is answered.
    over_limit: Answers,
    /// The status of a call that is refused for it as a whole.
    over_limit_status: u16,
    restrictions: Vec<Restriction>,
    /// Records that no read shows.
    #[serde(skip)]
    hidden: HashSet<u64>,
}

/// Something that is forbidden.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Restriction {
    /// Zoho's code, such as `LICENSE_LIMIT_EXCEEDED`.
    code: String,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    details: Option<Value>,
    /// Whether each record is refused or the whole call.
    #[serde(default)]
    answers: Answers,
    /// The status of a call that is refused as a whole.
    #[serde(default = "forbidden")]
    status: u16,
    /// All modules without it.
    #[serde(default)]
    modules: Vec<String>,
    /// All operations without it, calls that are about no records among them.
    #[serde(default)]
    operations: Vec<Operation>,
    /// Only these records. With `read` among the operations they are not shown.
    #[serde(default)]
    ids: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answers {
    #[default]
    Records,
    Call,
}

/// What is done to records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Operation {
    Insert,
    Update,
    Delete,
    Read,
}

fn forbidden() -> u16 {
    403
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            record_limit: None,
            over_limit: Answers::Records,
            over_limit_status: forbidden(),
            restrictions: Vec::new(),
            hidden: HashSet::new(),
        }
    }
}

impl Limits {
    /// Prepares what was set.
    pub(crate) fn set(mut self) -> Self {
        let hiding = self.restrictions.iter().filter(|one| one.concerns(Operation::Read));
        let ids = hiding.flat_map(|one| &one.ids);
        self.hidden = ids.filter_map(|id| id.parse().ok()).collect();
        self
    }

    /// Whether a record is not shown.
    pub(crate) fn hides(&self, id: u64) -> bool {
        self.hidden.contains(&id)
    }

    /// Why one record is refused; `stored` is how many records there are.
    pub(crate) fn refuses_record(
        &self,
        module: ModuleName,
        operation: Operation,
        id: Option<u64>,
        stored: usize,
    ) -> Option<Fault> {
        let restricted = self.restrictions.iter().find(|one| {
            let is_its_record = match id {
                Some(id) if !one.ids.is_empty() => one.ids.contains(&id.to_string()),
                Some(_) => one.answers == Answers::Records,
                None => one.answers == Answers::Records && one.ids.is_empty(),
            };
            is_its_record && one.covers(Some(module.api_name())) && one.concerns(operation)
        });
        if let Some(restriction) = restricted {
            let details = restriction.details(module.api_name(), operation);
            return Some(Fault::new(&restriction.code, details, restriction.message()));
        }
        (operation == Operation::Insert && self.is_full(stored)).then(|| Fault::new(FULL, Object::new(), FULL_MESSAGE))
    }

    /// Why a whole call is refused. `operations` are those it may do to records, none for a call that is about none.
    pub(crate) fn refuses_call(
        &self,
        module: Option<&str>,
        operations: &[Operation],
        stored: usize,
    ) -> Option<Refusal> {
        let restricted = self.restrictions.iter().find(|one| {
            // A read has no results record by record that could be refused.
            let is_whole = one.answers == Answers::Call || operations == [Operation::Read];
            let concerned = one.operations.is_empty() || operations.iter().any(|operation| one.concerns(*operation));
            one.ids.is_empty() && is_whole && one.covers(module) && concerned
        });
        if let Some(one) = restricted {
            let operation = operations.first().copied().unwrap_or(Operation::Read);
            let details = one.details(module.unwrap_or_default(), operation);
            return Some(Refusal::new(
                one.status,
                one.code.clone(),
                details,
                one.message().to_owned(),
            ));
        }
        let inserts = operations.contains(&Operation::Insert);
        (inserts && self.over_limit == Answers::Call && self.is_full(stored))
            .then(|| Refusal::new(self.over_limit_status, FULL, Object::new(), FULL_MESSAGE))
    }

    fn is_full(&self, stored: usize) -> bool {
        self.record_limit.is_some_and(|limit| stored >= limit)
    }
}

const FULL: &str = "MAX_RECORDS_LIMIT_REACHED";
const FULL_MESSAGE: &str = "maximum records limit reached";

impl Restriction {
    fn covers(&self, module: Option<&str>) -> bool {
        self.modules.is_empty() || module.is_some_and(|module| self.modules.iter().any(|own| own == module))
    }

    fn concerns(&self, operation: Operation) -> bool {
        self.operations.is_empty() || self.operations.contains(&operation)
    }

    fn message(&self) -> &str {
        self.message.as_deref().unwrap_or(match self.code.as_str() {
            "NO_PERMISSION" => "permission denied",
            "LICENSE_LIMIT_EXCEEDED" => "Request exceeds your license limit. Need to upgrade in order to add",
            "FEATURE_NOT_SUPPORTED" => "This feature is not available for your account",
            _ => "the account does not allow it",
        })
    }

    fn details(&self, module: &str, operation: Operation) -> Object {
        match self.details.clone().map(Json::from) {
            Some(Json::Object(details)) => details,
            None if self.code == "NO_PERMISSION" => {
                let word = match operation {
                    Operation::Insert => "Create",
                    Operation::Update => "Edit",
                    Operation::Delete => "Delete",
                    Operation::Read => "View",
                };
                object! {"permissions" => vec![format!("Crm_Implied_{word}_{module}")]}
            }
            _ => Object::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn limits(json: Value) -> Limits {
        serde_json::from_value::<Limits>(json).unwrap().set()
    }

    fn code(fault: Option<Fault>) -> Option<String> {
        fault.map(|fault| fault.code)
    }

    #[test]
    fn a_full_account_refuses_inserts_and_nothing_else() {
        let by_record = limits(json!({"record_limit": 10}));
        let refused = |operation, stored| code(by_record.refuses_record(ModuleName::Contacts, operation, None, stored));
        assert_eq!(refused(Operation::Insert, 9), None);
        assert_eq!(refused(Operation::Insert, 10).as_deref(), Some(FULL));
        assert_eq!(refused(Operation::Update, 10), None);
        assert!(
            by_record
                .refuses_call(Some("Contacts"), &[Operation::Insert], 10)
                .is_none()
        );
        let by_call = limits(json!({"record_limit": 10, "over_limit": "call", "over_limit_status": 400}));
        let refusal = by_call.refuses_call(Some("Contacts"), &[Operation::Insert, Operation::Update], 10);
        assert_eq!(refusal.map(|refusal| refusal.status), Some(400));
        assert!(
            by_call
                .refuses_call(Some("Contacts"), &[Operation::Update], 10)
                .is_none()
        );
    }

    #[test]
    fn a_restriction_concerns_its_modules_operations_and_records_alone() {
        let one = limits(json!({"restrictions": [
            {"code": "NO_PERMISSION", "modules": ["Contacts"], "operations": ["update"], "ids": ["7"]},
        ]}));
        let refused = |module, operation, id| code(one.refuses_record(module, operation, id, 0));
        assert_eq!(
            refused(ModuleName::Contacts, Operation::Update, Some(7)).as_deref(),
            Some("NO_PERMISSION")
        );
        assert_eq!(refused(ModuleName::Contacts, Operation::Update, Some(8)), None);
        assert_eq!(refused(ModuleName::Contacts, Operation::Delete, Some(7)), None);
        assert_eq!(refused(ModuleName::Accounts, Operation::Update, Some(7)), None);
        assert_eq!(refused(ModuleName::Contacts, Operation::Insert, None), None);
        assert!(!one.hides(7), "it may still be read");
    }

    #[test]
    fn a_read_is_refused_as_a_whole_or_leaves_records_out() {
        let module = limits(json!({"restrictions": [{"code": "NO_PERMISSION", "modules": ["Tasks"]}]}));
        let refusal = module.refuses_call(Some("Tasks"), &[Operation::Read], 0).unwrap();
        assert_eq!((refusal.status, refusal.code.as_ref()), (403, "NO_PERMISSION"));
        assert!(module.refuses_call(Some("Notes"), &[Operation::Read], 0).is_none());
        assert!(
            module.refuses_call(Some("Tasks"), &[Operation::Insert], 0).is_none(),
            "by record"
        );
        let record = limits(json!({"restrictions": [{"code": "NO_PERMISSION", "ids": ["7"]}]}));
        assert!(record.hides(7) && record.refuses_call(Some("Tasks"), &[Operation::Read], 0).is_none());
    }

    #[test]
    fn a_restriction_without_operations_is_for_calls_about_no_records_too() {
        let unpaid = limits(json!({"restrictions": [{"code": "PAYMENT_DUE", "answers": "call", "status": 402}]}));
        let refusal = unpaid.refuses_call(None, &[], 0).unwrap();
        assert_eq!((refusal.status, refusal.code.as_ref()), (402, "PAYMENT_DUE"));
        let writes = limits(json!({"restrictions": [{"code": "X", "answers": "call", "operations": ["insert"]}]}));
        assert!(writes.refuses_call(None, &[], 0).is_none());
    }
}
