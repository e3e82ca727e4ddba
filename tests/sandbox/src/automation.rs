//! Automations of an organisation: rules that edit a record some seconds after somebody wrote it, as workflows do.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::later;
use crate::metadata::ModuleName;
use crate::store::{Event, Happening};

/// A rule.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Automation {
    /// The API name of the module.
    module: String,
    /// What sets it off; both without it.
    #[serde(default = "both")]
    on: Vec<Trigger>,
    /// How long after the write it edits the record, by the sandbox's clock.
    #[serde(default)]
    after_s: u64,
    /// The fields that it sets.
    set: Map<String, Value>,
    /// In whose name; the writer's without it.
    #[serde(default)]
    user: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Trigger {
    Insert,
    Update,
}

fn both() -> Vec<Trigger> {
    vec![Trigger::Insert, Trigger::Update]
}

impl Automation {
    pub(crate) fn module(&self) -> &str {
        &self.module
    }
}

/// The rules of an organisation, and the edits that they are about to make.
#[derive(Debug, Default)]
pub(crate) struct Automations {
    rules: Vec<Automation>,
    pending: Vec<Edit>,
    /// How many edits were made.
    pub(crate) made: u64,
}

/// An edit that a rule makes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Edit {
    pub(crate) due: Timestamp,
    pub(crate) module: ModuleName,
    pub(crate) id: u64,
    pub(crate) set: Map<String, Value>,
    /// The writer, and the user that the rule names instead.
    pub(crate) writer: u64,
    pub(crate) user: Option<String>,
}

impl Automations {
    /// These rules and no others.
    pub(crate) fn set(&mut self, rules: Vec<Automation>) {
        *self = Self {
            rules,
            made: self.made,
            ..Self::default()
        };
    }

    pub(crate) fn rules(&self) -> &[Automation] {
        &self.rules
    }

    /// Hears of what happened to a record.
    pub(crate) fn hear(&mut self, event: &Event) {
        let trigger = match event.happening {
            Happening::Created => Trigger::Insert,
            Happening::Edited(_) => Trigger::Update,
            Happening::Deleted => return,
        };
        let set_off = self
            .rules
            .iter()
            .filter(|rule| !event.quiet && rule.module == event.module.api_name() && rule.on.contains(&trigger));
        let edits = set_off.map(|rule| Edit {
            due: later(event.at, rule.after_s),
            module: event.module,
            id: event.id,
            set: rule.set.clone(),
            writer: event.by,
            user: rule.user.clone(),
        });
        self.pending.extend(edits);
        self.pending.sort_by_key(|edit| edit.due);
    }

    /// Takes the edits that are due.
    pub(crate) fn due(&mut self, now: Timestamp) -> Vec<Edit> {
        let due = self.pending.partition_point(|edit| edit.due <= now);
        self.pending.drain(..due).collect()
    }

    /// When the next edit is due.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.pending.first().map(|edit| edit.due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(happening: Happening, quiet: bool) -> Event {
        Event {
            module: ModuleName::Contacts,
            id: 7,
            happening,
            by: 1,
            at: Timestamp::UNIX_EPOCH,
            quiet,
        }
    }

    #[test]
    fn a_rule_is_set_off_by_its_module_and_trigger_unless_the_writer_keeps_it_quiet() {
        let mut automations = Automations::default();
        let rules = json!([{"module": "Contacts", "on": ["update"], "after_s": 5, "set": {"Title": "x"}}]);
        automations.set(serde_json::from_value(rules).unwrap());
        automations.hear(&event(Happening::Created, false));
        automations.hear(&event(Happening::Edited(vec![]), true));
        automations.hear(&event(Happening::Deleted, false));
        assert_eq!(automations.next(), None);
        automations.hear(&event(Happening::Edited(vec![]), false));
        assert_eq!(automations.next(), Some(later(Timestamp::UNIX_EPOCH, 5)));
        assert_eq!(automations.due(later(Timestamp::UNIX_EPOCH, 4)), []);
        assert_eq!(automations.due(later(Timestamp::UNIX_EPOCH, 5)).len(), 1);
        assert_eq!(automations.next(), None);
    }
}
