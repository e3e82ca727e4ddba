//! What an operator asks for.

use serde::Deserialize;
use serde_json::Value;

/// The most characters in a reason: it is kept in the state table, told in every status and sent with alerts.
pub const LONGEST_REASON: usize = 1_000;

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Cut the access off.
    Revoke {
        /// The organisation's id, typed to confirm.
        confirm: Option<String>,
        /// Only say what would be done.
        dry_run: bool,
        /// Why.
        reason: Option<String>,
    },
    /// Send nothing for now.
    Pause {
        /// Why.
        reason: Option<String>,
    },
    /// Send again.
    Resume,
    /// Take what a held module is refused for as the fault of its records: they are rejected.
    RejectHeld {
        /// The module, by any of its own names.
        module: String,
    },
    /// Take that back: the module is tried at once, and its refusals are judged anew.
    RetryHeld {
        /// The module, by any of its own names.
        module: String,
    },
    /// Tell how things stand.
    Status,
}

/// A request that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0}. Known are {{\"action\": \"status\"}}, {{\"action\": \"pause\", \"reason\": \"...\"}}, {{\"action\": \"resume\"}}, {{\"action\": \"reject_held\", \"module\": \"...\"}}, {{\"action\": \"retry_held\", \"module\": \"...\"}} and {{\"action\": \"revoke\", \"confirm\": \"<org_id>\", \"reason\": \"...\", \"dry_run\": false}}"
)]
pub struct WrongRequest(String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(default)]
    action: Option<String>,
    #[serde(default)]
    confirm: Option<IdInput>,
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    module: Option<String>,
}

/// An id; typed without quotes it is a number.
#[derive(Deserialize)]
#[serde(untagged)]
enum IdInput {
    Text(String),
    Number(u64),
}

impl Request {
    /// Reads a payload. Revoke is the default, but it needs its `confirm`.
    ///
    /// # Errors
    /// The payload makes no sense.
    pub fn read(payload: &Value) -> Result<Self, WrongRequest> {
        // Serde would take a list for an object whose keys were left out.
        if !payload.is_object() {
            return Err(WrongRequest("the request is no JSON object".to_owned()));
        }
        let wire =
            Wire::deserialize(payload).map_err(|error| WrongRequest(format!("the request is wrong: {error}")))?;
        let action = wire.action.as_deref().unwrap_or("revoke");
        if action != "revoke" && (wire.confirm.is_some() || wire.dry_run) {
            return Err(WrongRequest(format!("confirm and dry_run do not belong to {action:?}")));
        }
        let module = wire
            .module
            .map(|module| module.trim().to_owned())
            .filter(|module| !module.is_empty());
        let needs_module = matches!(action, "reject_held" | "retry_held");
        if module.is_some() != needs_module {
            let problem = if needs_module {
                "needs a module"
            } else {
                "is not about one module"
            };
            return Err(WrongRequest(format!("{:?} {problem}", shown(action))));
        }
        let reason = wire
            .reason
            .map(|reason| reason.trim().to_owned())
            .filter(|reason| !reason.is_empty());
        let length = reason.as_ref().map_or(0, |reason| reason.chars().count());
        if length > LONGEST_REASON {
            let problem = format!("the reason has {length} characters, more than {LONGEST_REASON}: shorten it");
            return Err(WrongRequest(problem));
        }
        match action {
            "revoke" => {
                let confirm = wire.confirm.map(|id| match id {
                    IdInput::Text(text) => text.trim().to_owned(),
                    IdInput::Number(number) => number.to_string(),
                });
                Ok(Self::Revoke {
                    confirm,
                    dry_run: wire.dry_run,
                    reason,
                })
            }
            "pause" => Ok(Self::Pause { reason }),
            "resume" => Ok(Self::Resume),
            "status" => Ok(Self::Status),
            "reject_held" => Ok(Self::RejectHeld {
                module: module.unwrap_or_default(),
            }),
            "retry_held" => Ok(Self::RetryHeld {
                module: module.unwrap_or_default(),
            }),
            other => Err(WrongRequest(format!("there is no action {:?}", shown(other)))),
        }
    }
}

/// As much of an operator's word as an answer repeats.
fn shown(word: &str) -> String {
    word.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn revoke_is_the_default_and_takes_an_id_with_or_without_quotes() {
        for confirm in [json!("60001234"), json!(60_001_234), json!(" 60001234 ")] {
            let request = Request::read(&json!({"confirm": confirm, "reason": "left"})).unwrap();
            let reason = Some("left".to_owned());
            assert_eq!(
                request,
                Request::Revoke {
                    confirm: Some("60001234".to_owned()),
                    dry_run: false,
                    reason
                }
            );
        }
    }

    #[test]
    fn a_hold_is_decided_for_one_module() {
        let request = |action: &str| Request::read(&json!({"action": action, "module": " Contacts "})).unwrap();
        let module = "Contacts".to_owned();
        assert_eq!(request("reject_held"), Request::RejectHeld { module: module.clone() });
        assert_eq!(request("retry_held"), Request::RetryHeld { module });
    }

    #[test]
    fn a_reason_has_a_length_that_a_status_can_show() {
        let pause = |length: usize| Request::read(&json!({"action": "pause", "reason": "ä".repeat(length)}));
        assert!(pause(LONGEST_REASON).is_ok());
        let wrong = pause(LONGEST_REASON + 1).unwrap_err().to_string();
        assert!(wrong.contains("1001 characters, more than 1000: shorten it"), "{wrong}");
    }

    #[test]
    fn a_request_that_makes_no_sense_is_answered_with_those_that_do() {
        for wrong in [
            json!({"action": "stop"}),
            json!({"actoin": "status"}),
            json!({"action": "pause", "confirm": "1"}),
            json!({"action": "reject_held"}),
            json!({"action": "pause", "module": "Contacts"}),
            json!("status"),
            json!([]),
        ] {
            let error = Request::read(&wrong).unwrap_err().to_string();
            assert!(error.contains("{\"action\": \"resume\"}"), "{error}");
        }
    }
}
