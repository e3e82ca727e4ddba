//! Faults on order: which calls go wrong, how, and how often, the same way every time (`PUT /console/faults`).

mod content;
mod kind;
mod plan;
mod rule;
mod spoilt;

pub(crate) use kind::FaultKind;
pub(crate) use plan::{Happening, Plan};
pub(crate) use rule::Rule;
pub(crate) use spoilt::Spoilt;

use crate::http::Call;

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<Rule>,
    /// How many rules there ever were since they were last replaced: a rule's place, which its numbers are drawn from.
    placed: u64,
    seed: u64,
}

impl Faults {
    pub(crate) fn new(rules: Vec<Rule>, seed: u64) -> Self {
        let mut faults = Self {
            seed,
            ..Self::default()
        };
        faults.add(rules);
        faults
    }

    /// More rules, behind those that are there.
    pub(crate) fn add(&mut self, rules: Vec<Rule>) {
        for mut rule in rules {
            // Each rule draws from its own numbers, so that one more rule does not change what the others do.
            rule.seed(self.seed.wrapping_add(self.placed));
            self.placed += 1;
            self.rules.push(rule);
        }
    }

    /// Lifts the rules of that name; tells how many there were.
    pub(crate) fn lift(&mut self, name: &str) -> usize {
        let before = self.rules.len();
        self.rules.retain(|rule| !rule.is_named(name));
        before - self.rules.len()
    }

    /// Decides what happens to a call.
    pub(crate) fn plan(&mut self, call: &Call) -> Plan {
        let mut plan = Plan {
            to_accounts: call.path.starts_with("/oauth/"),
            ..Plan::default()
        };
        for rule in &mut self.rules {
            if rule.strikes(call) {
                for fault in rule.faults() {
                    plan.add(fault, rule.random());
                }
            }
        }
        plan
    }

    /// The rules with what they have seen and done.
    pub(crate) fn rules(&self) -> &[Rule] {
        &self.rules
    }
}
