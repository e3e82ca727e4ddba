//! Looks at everything that has to be right for the relay to work, and says what to type where something is not.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};

use crate::error::OperatorError;
use crate::exit_status::ExitStatus;
use crate::screen::Screen;
use crate::stack::{Deployed, Stack};

const FUNCTIONS: [&str; 5] = ["authorize", "refresh", "push", "pull", "revoke"];
/// Settings that all functions that have them are given by one template, so that they agree.
const SHARED_SETTINGS: [&str; 8] = [
    "ACCESS_TOKEN_SECRET",
    "ACCOUNTS_URL",
    "DATA_BUCKET",
    "DATA_CENTER",
    "PULL_MODULES",
    "SELF_CLIENT_SECRET",
    "STACK_NAME",
    "STATE_TABLE",
];

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    /// It works, and somebody should look.
    Warning,
    /// It does not work.
    Wrong,
    /// It could not be looked at, which says nothing.
    Unknown,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    name: String,
    verdict: Verdict,
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_do: Option<String>,
}

impl Finding {
    fn ok(name: &str, what: impl Into<String>) -> Self {
        Self::of(name, Verdict::Ok, what, None)
    }

    fn of(name: &str, verdict: Verdict, what: impl Into<String>, to_do: Option<&str>) -> Self {
        Self {
            name: name.to_owned(),
            verdict,
            what: what.into(),
            to_do: to_do.map(str::to_owned),
        }
    }

    /// Of what could not be looked at.
    fn unseen(name: &str, error: &OperatorError) -> Self {
        Self::of(name, Verdict::Unknown, error.to_string().replace('\n', "; "), None)
    }
}

/// Looks at all of it. Ends with 4 where something does not work.
pub(super) async fn run(stack: &Stack, screen: &mut Screen) -> Result<ExitStatus, OperatorError> {
    let findings = look(stack).await?;
    let is_wrong = findings.iter().any(|finding| finding.verdict == Verdict::Wrong);
    if !screen.json(&json!({"findings": findings, "wrong": is_wrong}))? {
        for finding in &findings {
            let verdict = match finding.verdict {
                Verdict::Ok => "ok",
                Verdict::Warning => "warning",
                Verdict::Wrong => "WRONG",
                Verdict::Unknown => "unknown",
            };
            screen.entry(verdict, format_args!("{}: {}", finding.name, finding.what))?;
            if let Some(to_do) = &finding.to_do {
                screen.entry("", format_args!("to do: {to_do}"))?;
            }
        }
    }
    Ok(if is_wrong {
        ExitStatus::Failed
    } else {
        ExitStatus::Complete
    })
}

async fn look(stack: &Stack) -> Result<Vec<Finding>, OperatorError> {
    let mut deployed = BTreeMap::new();
    let mut findings = Vec::new();
    for function in FUNCTIONS {
        match stack.deployed(function).await {
            Ok(found) => {
                findings.push(of_function(function, &found));
                deployed.insert(function, found);
            }
            // Without the first one there is no stack of that name here at all.
            Err(error @ OperatorError::NoStack { .. }) if deployed.is_empty() => return Err(error),
            Err(error @ OperatorError::NoStack { .. }) => findings.push(Finding::of(
                function,
                Verdict::Wrong,
                error.to_string().replace('\n', "; "),
                Some("deploy the stack again"),
            )),
            Err(error) => findings.push(Finding::unseen(function, &error)),
        }
    }
    findings.extend(of_settings(&deployed));
    findings.push(match stack.list("inbox/").await {
        Ok(found) => Finding::ok("bucket", format!("{} files in the inbox", found.len())),
        Err(error) => Finding::unseen("bucket", &error),
    });
    match stack.invoke("revoke", &json!({"action": "status"})).await {
        Ok(status) => {
            findings.extend(of_status(&status));
            if status["authorization"]["state"] == "active" && status["paused"].is_null() {
                findings.push(match stack.invoke("authorize", &json!({"verify": true})).await {
                    Ok(answer) => of_scopes(&answer),
                    Err(error) => of_asking("Bigin", &error),
                });
            }
        }
        Err(error) => findings.push(of_asking("status", &error)),
    }
    findings.push(Finding::of(
        "alarms",
        Verdict::Unknown,
        "this tool does not look at alarms, nor at who is told of them",
        Some("aws cloudwatch describe-alarms --state-value ALARM; see who subscribes to the stack's topic in SNS"),
    ));
    Ok(findings)
}

fn of_function(name: &str, found: &Deployed) -> Finding {
    if found.is_active {
        Finding::ok(name, format!("active, {}", found.architecture))
    } else if found.is_changing {
        let what = format!("a change of it is under way ({})", found.state);
        Finding::of(
            name,
            Verdict::Warning,
            what,
            Some("wait a minute, then bigin-relay doctor"),
        )
    } else {
        let what = format!("its state is {}", found.state);
        Finding::of(
            name,
            Verdict::Wrong,
            what,
            Some("look at the function in Lambda, then deploy the stack again"),
        )
    }
}

/// What one deployment gives to several functions is the same in all of them.
fn of_settings(deployed: &BTreeMap<&str, Deployed>) -> Vec<Finding> {
    let differ = |values: BTreeSet<&str>| values.len() > 1;
    let mut wrong: Vec<String> = SHARED_SETTINGS
        .iter()
        .filter(|name| differ(deployed.values().filter_map(|found| found.setting(name)).collect()))
        .map(|name| (*name).to_owned())
        .collect();
    if differ(deployed.values().map(|found| found.architecture.as_str()).collect()) {
        wrong.push("the architecture".to_owned());
    }
    if wrong.is_empty() {
        return vec![Finding::ok("settings", "the functions agree")];
    }
    let what = format!("the functions do not agree on {}", wrong.join(", "));
    let to_do = "somebody has changed a function by hand: deploy the stack again";
    vec![Finding::of("settings", Verdict::Wrong, what, Some(to_do))]
}

fn of_status(status: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    let authorization = &status["authorization"];
    let state = authorization["state"].as_str().unwrap_or("unknown");
    findings.push(if state == "active" {
        Finding::ok(
            "authorization",
            format!("active, data centre {}", text(&authorization["data_center"])),
        )
    } else {
        let what = authorization["message"]
            .as_str()
            .map_or_else(|| state.to_owned(), |message| format!("{state}: {message}"));
        Finding::of(
            "authorization",
            Verdict::Wrong,
            what,
            Some("bigin-relay authorize self_client.json"),
        )
    });
    if state == "active" {
        findings.push(if status["token"]["is_good"] == true {
            Finding::ok(
                "access token",
                format!("good until {}", text(&status["token"]["expires_at"])),
            )
        } else {
            Finding::of(
                "access token",
                Verdict::Warning,
                "none that is good",
                Some("bigin-relay refresh"),
            )
        });
    }
    if let Some(until) = status["mints"]["circuit_open_until"].as_str() {
        let what = format!("no token is asked for before {until}, since Zoho refused several");
        findings.push(Finding::of(
            "token requests",
            Verdict::Warning,
            what,
            Some("wait until then, then bigin-relay status"),
        ));
    }
    findings.push(match status["paused"]["code"].as_str() {
        None => Finding::ok("delivery", "runs"),
        Some(code) => {
            let (message, action) = (text(&status["paused"]["message"]), status["paused"]["action"].as_str());
            Finding::of(
                "delivery",
                Verdict::Warning,
                format!("paused, {code}: {message}"),
                action,
            )
        }
    });
    for held in status["held_modules"].as_array().into_iter().flatten() {
        let what = format!("held, {}: {}", text(&held["code"]), text(&held["message"]));
        findings.push(Finding::of(
            text(&held["module"]),
            Verdict::Warning,
            what,
            held["action"].as_str(),
        ));
    }
    for (name, queue) in status["queues"].as_object().into_iter().flatten() {
        let waiting = queue["waiting"].as_u64().unwrap_or(0);
        if name.contains("dead") && waiting > 0 {
            let to_do = "see the runbook's entry on that queue; bigin-relay queue";
            findings.push(Finding::of(
                name,
                Verdict::Warning,
                format!("{waiting} messages"),
                Some(to_do),
            ));
        }
    }
    for problem in status["problems"].as_array().into_iter().flatten() {
        findings.push(Finding::of("status", Verdict::Unknown, text(problem), None));
    }
    findings
}

fn of_scopes(answer: &Value) -> Finding {
    let missing: Vec<&str> = answer["scopes"]["missing"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|missing| text(&missing["scope"]))
        .collect();
    if missing.is_empty() {
        return Finding::ok(
            "Bigin",
            format!("answers for {}, with every scope", text(&answer["org_name"])),
        );
    }
    let to_do = "make a new code with these scopes too, then bigin-relay authorize self_client.json";
    Finding::of(
        "Bigin",
        Verdict::Warning,
        format!("scopes are missing: {}", missing.join(", ")),
        Some(to_do),
    )
}

/// A function that fails is a finding; what kept it from being asked is none.
fn of_asking(name: &str, error: &OperatorError) -> Finding {
    match error {
        OperatorError::Function { .. } => Finding::of(name, Verdict::Wrong, error.to_string(), None),
        error => Finding::unseen(name, error),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn found(architecture: &str, settings: &[(&str, &str)]) -> Deployed {
        Deployed {
            is_active: true,
            is_changing: false,
            state: "Active".to_owned(),
            architecture: architecture.to_owned(),
            settings: settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect::<HashMap<_, _>>(),
        }
    }

    #[test]
    fn a_setting_that_was_changed_in_one_function_is_named() {
        let same = [("STATE_TABLE", "t"), ("DATA_CENTER", "eu")];
        let agree = [("push", found("arm64", &same)), ("refresh", found("arm64", &same[..1]))].into();
        assert_eq!(of_settings(&agree)[0].verdict, Verdict::Ok);
        let other = [
            ("push", found("arm64", &same)),
            ("refresh", found("x86_64", &[("STATE_TABLE", "u")])),
        ]
        .into();
        let finding = &of_settings(&other)[0];
        assert_eq!(finding.verdict, Verdict::Wrong);
        assert!(
            finding.what.contains("STATE_TABLE, the architecture"),
            "{}",
            finding.what
        );
    }

    #[test]
    fn what_is_wrong_says_what_to_type() {
        let status = json!({"authorization": {"state": "needs_authorization", "message": "the refresh token is dead"},
            "paused": {"code": "authorization", "message": "m", "action": "authorize again"}, "held_modules": [],
            "queues": {"records": {"waiting": 5}, "records_dead_letter": {"waiting": 2}}, "problems": ["the credits"]});
        let findings = of_status(&status);
        let of = |name: &str| findings.iter().find(|finding| finding.name == name).unwrap();
        assert_eq!(of("authorization").verdict, Verdict::Wrong);
        assert!(of("authorization").to_do.as_deref().unwrap().contains("authorize"));
        assert_eq!(of("delivery").to_do.as_deref(), Some("authorize again"));
        assert!(of("records_dead_letter").what.starts_with('2'));
        assert_eq!(of("status").verdict, Verdict::Unknown);
        assert!(
            !findings.iter().any(|finding| finding.name == "records"),
            "a queue that works is nothing to tell"
        );
    }

    #[test]
    fn a_function_that_is_being_changed_is_not_taken_for_broken() {
        let mut function = found("arm64", &[]);
        assert_eq!(of_function("push", &function).verdict, Verdict::Ok);
        (function.is_active, function.is_changing) = (false, true);
        assert_eq!(of_function("push", &function).verdict, Verdict::Warning);
        function.is_changing = false;
        assert_eq!(of_function("push", &function).verdict, Verdict::Wrong);
    }

    #[test]
    fn a_function_that_fails_is_wrong_and_one_that_may_not_be_asked_is_unknown() {
        let fails = OperatorError::Function {
            function: "bigin-relay-revoke".to_owned(),
            kind: "StateTable".to_owned(),
            message: "the table cannot be read".to_owned(),
        };
        let finding = of_asking("status", &fails);
        assert_eq!(finding.verdict, Verdict::Wrong);
        assert!(finding.what.contains("the table cannot be read"));
        let denied = OperatorError::NotAllowed {
            what: "invoking bigin-relay-revoke".to_owned(),
            problem: "AccessDeniedException".to_owned(),
        };
        assert_eq!(of_asking("status", &denied).verdict, Verdict::Unknown);
    }

    #[test]
    fn a_missing_scope_is_named() {
        let answer = json!({"org_name": "Acme", "scopes": {"missing": [{"scope": "ZohoBigin.coql.READ"}]}});
        assert!(of_scopes(&answer).what.contains("ZohoBigin.coql.READ"));
        assert_eq!(
            of_scopes(&json!({"org_name": "Acme", "scopes": {"missing": []}})).verdict,
            Verdict::Ok
        );
    }
}
