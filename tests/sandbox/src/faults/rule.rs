//! When something goes wrong.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::FaultKind;
use super::content::Content;
use crate::http::Call;

/// A rule: which calls, how often, what.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// A name for the test's own use.
    #[serde(default)]
    name: Option<String>,
    /// The method; any without it.
    #[serde(default)]
    method: Option<String>,
    /// The path, where `*` stands for any run of characters; any API or token call without it.
    #[serde(default)]
    path: Option<String>,
    /// What must be in the call; anything without it.
    #[serde(default)]
    when: Content,
    /// So many matching calls go through first.
    #[serde(default)]
    skip: u64,
    /// It strikes so often at most.
    #[serde(default)]
    count: Option<u64>,
    /// Only every nth of the matching calls (after `skip`).
    #[serde(default)]
    every: Option<u64>,
    /// Only with that probability.
    #[serde(default)]
    probability: Option<f64>,
    /// What happens: one thing, or several together.
    #[serde(deserialize_with = "one_or_several", serialize_with = "as_given")]
    fault: Vec<FaultKind>,
    /// How many calls matched.
    #[serde(skip_deserializing)]
    matched: u64,
    /// How many times it struck.
    #[serde(skip_deserializing)]
    struck: u64,
    #[serde(skip, default = "unseeded")]
    random: fastrand::Rng,
}

fn unseeded() -> fastrand::Rng {
    fastrand::Rng::with_seed(0)
}

/// By hand, since an untagged enum would not say what is wrong with a misspelt fault.
fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<FaultKind>, D::Error> {
    let several = match Value::deserialize(deserializer)? {
        Value::Array(several) => several,
        one => vec![one],
    };
    let read = |fault| FaultKind::deserialize(fault).map_err(serde::de::Error::custom);
    several.into_iter().map(read).collect()
}

/// One fault is shown as one, as it came.
fn as_given<S: Serializer>(faults: &[FaultKind], serializer: S) -> Result<S::Ok, S::Error> {
    match faults {
        [one] => one.serialize(serializer),
        several => several.serialize(serializer),
    }
}

impl Rule {
    pub(super) fn seed(&mut self, seed: u64) {
        self.random = fastrand::Rng::with_seed(seed);
    }

    /// The rule's own random numbers.
    pub(super) fn random(&mut self) -> &mut fastrand::Rng {
        &mut self.random
    }

    /// What happens to the calls that it strikes.
    pub(super) fn faults(&self) -> Vec<FaultKind> {
        self.fault.clone()
    }

    pub(super) fn is_named(&self, name: &str) -> bool {
        self.name.as_deref() == Some(name)
    }

    /// Whether it strikes this call; counts.
    pub(super) fn strikes(&mut self, call: &Call) -> bool {
        let concerned = self
            .method
            .as_deref()
            .is_none_or(|own| own.eq_ignore_ascii_case(call.method.as_str()))
            && self.path.as_deref().is_none_or(|pattern| matches(pattern, &call.path))
            && self.when.is_in(call);
        if !concerned {
            return false;
        }
        self.matched += 1;
        let Some(past_skip) = self.matched.checked_sub(self.skip).filter(|past| *past > 0) else {
            return false;
        };
        let due = self.every.is_none_or(|every| past_skip % every.max(1) == 0)
            // Drawn whether or not the rule is used up: what it drew does not depend on the others.
            && self.probability.is_none_or(|probability| self.random.f64() < probability);
        let strikes = due && self.count.is_none_or(|most| self.struck < most);
        self.struck += u64::from(strikes);
        strikes
    }
}

/// Whether a path fits a pattern in which `*` stands for any run of characters.
fn matches(pattern: &str, path: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == path;
    };
    let Some(rest) = path.strip_prefix(head) else {
        return false;
    };
    (0..=rest.len())
        .filter(|at| rest.is_char_boundary(*at))
        .any(|at| matches(tail, &rest[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    use axum::http::Method;

    fn rule(json: &str) -> Rule {
        serde_json::from_str(json).unwrap()
    }

    fn strikes(rule: &mut Rule, calls: usize) -> Vec<usize> {
        let call = Call::inner(Method::POST, "/bigin/v2/Contacts/upsert", &Value::Null);
        (1..=calls).filter(|_| rule.strikes(&call)).collect()
    }

    #[test]
    fn a_pattern_matches_whole_paths() {
        assert!(matches("/bigin/v2/*/upsert", "/bigin/v2/Contacts/upsert"));
        assert!(matches("*", "/x"));
        assert!(!matches("/bigin/v2/Contacts", "/bigin/v2/Contacts/upsert"));
        assert!(!matches("/bigin/v2/*/upsert", "/bigin/v2/Contacts"));
    }

    #[test]
    fn a_rule_strikes_as_often_as_it_says() {
        let html = r#""fault": {"kind": "html"}"#;
        assert_eq!(
            strikes(&mut rule(&format!(r#"{{"skip": 2, "count": 2, {html}}}"#)), 6),
            [3, 4]
        );
        assert_eq!(strikes(&mut rule(&format!(r#"{{"every": 3, {html}}}"#)), 7), [3, 6]);
        assert_eq!(
            strikes(&mut rule(&format!(r#"{{"method": "GET", {html}}}"#)), 3),
            [0; 0]
        );
        assert_eq!(
            strikes(&mut rule(&format!(r#"{{"path": "/oauth/*", {html}}}"#)), 3),
            [0; 0]
        );
    }

    #[test]
    fn the_same_seed_strikes_the_same_calls() {
        let drawn = |seed| {
            let mut rule = rule(r#"{"probability": 0.3, "fault": {"kind": "revoke_token"}}"#);
            rule.seed(seed);
            strikes(&mut rule, 200)
        };
        assert_eq!(drawn(7), drawn(7));
        assert_ne!(drawn(7), drawn(8));
        assert!((30..90).contains(&drawn(7).len()));
    }

    #[test]
    fn calls_without_the_content_are_not_counted() {
        let mut rule = rule(r#"{"skip": 1, "when": {"text": "poison"}, "fault": {"kind": "html"}}"#);
        let call = |name: &str| Call::inner(Method::POST, "/x", &serde_json::json!({"Last_Name": name}));
        assert!(!rule.strikes(&call("poison")), "skipped");
        assert!(!rule.strikes(&call("Doe")));
        assert!(rule.strikes(&call("poison")));
        assert_eq!((rule.matched, rule.struck), (2, 1));
    }

    #[test]
    fn a_rule_is_shown_as_it_came() {
        for fault in [
            r#"{"kind":"html","status":503,"after_commit":false}"#,
            r#"[{"kind":"gzip"},{"kind":"revoke_token"}]"#,
        ] {
            let shown = serde_json::to_value(rule(&format!(r#"{{"fault": {fault}}}"#))).unwrap();
            assert_eq!(shown["fault"], serde_json::from_str::<Value>(fault).unwrap());
        }
    }

    #[test]
    fn a_misspelt_rule_is_refused() {
        for text in [
            r#"{"fault": {"kind": "status", "status": 500, "codee": "X"}}"#,
            r#"{"often": 1, "fault": {"kind": "html"}}"#,
            r#"{"when": {"texts": "x"}, "fault": {"kind": "html"}}"#,
            r#"{"when": {"endpoint": "upserts"}, "fault": {"kind": "html"}}"#,
            r#"{"fault": [{"kind": "gzip"}, {"kind": "nothing"}]}"#,
        ] {
            assert!(serde_json::from_str::<Rule>(text).is_err(), "{text}");
        }
    }
}
