//! Faults on order: which calls go wrong, how, and how often, the same way every time (`PUT /console/faults`).

mod kind;
mod plan;
mod rule;
mod spoilt;

pub(crate) use kind::FaultKind;
pub(crate) use plan::{Happening, Plan};
pub(crate) use rule::Rule;
pub(crate) use spoilt::Spoilt;

use axum::http::Method;

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<Rule>,
}

impl Faults {
    pub(crate) fn new(mut rules: Vec<Rule>, seed: u64) -> Self {
        for (place, rule) in rules.iter_mut().enumerate() {
            // Each rule draws from its own numbers, so that one more rule does not change what the others do.
            rule.seed(seed.wrapping_add(place as u64));
        }
        Self { rules }
    }

    /// Decides what happens to a call.
    pub(crate) fn plan(&mut self, method: &Method, path: &str) -> Plan {
        let mut plan = Plan {
            to_accounts: path.starts_with("/oauth/"),
            ..Plan::default()
        };
        for rule in &mut self.rules {
            if rule.strikes(method, path) {
                plan.add(rule);
            }
        }
        plan
    }

    /// The rules with what they have seen and done.
    pub(crate) fn rules(&self) -> &[Rule] {
        &self.rules
    }
}
