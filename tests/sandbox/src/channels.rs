//! Channels: who hears of which modules, until when.

use jiff::Timestamp;

use crate::clock::written;
use crate::json::{Json, Object, object};
use crate::metadata::ModuleName;
use crate::store::Happening;

/// Modules that can be watched: all but notes.
pub(crate) const WATCHED: [ModuleName; 7] = [
    ModuleName::Contacts,
    ModuleName::Pipelines,
    ModuleName::Accounts,
    ModuleName::Products,
    ModuleName::Tasks,
    ModuleName::Events,
    ModuleName::Calls,
];

/// What a channel hears of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Create,
    Edit,
    Delete,
    All,
}

/// A module and an action, such as `Contacts.edit`.
pub(crate) type Watched = (ModuleName, Action);

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Channel {
    pub(crate) id: u64,
    pub(crate) events: Vec<Watched>,
    pub(crate) notify_url: String,
    pub(crate) token: Option<String>,
    pub(crate) expires: Timestamp,
    /// Whether the edit of a record also tells of the company that it belongs to.
    pub(crate) related: bool,
    /// Whether the new values come along.
    pub(crate) values: bool,
}

/// The channels of an organisation, in the order of their making.
#[derive(Debug, Default)]
pub(crate) struct Channels(pub(crate) Vec<Channel>);

impl Action {
    pub(crate) fn covers(self, happening: &Happening) -> bool {
        match self {
            Self::All => true,
            Self::Create => *happening == Happening::Created,
            Self::Edit => matches!(happening, Happening::Edited(_)),
            Self::Delete => *happening == Happening::Deleted,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Edit => "edit",
            Self::Delete => "delete",
            Self::All => "all",
        }
    }
}

/// Reads `Contacts.edit`.
pub(crate) fn watched(event: &str) -> Option<Watched> {
    let (module, action) = event.split_once('.')?;
    let module = ModuleName::parse(module).filter(|module| WATCHED.contains(module))?;
    let actions = [Action::Create, Action::Edit, Action::Delete, Action::All];
    let action = actions.into_iter().find(|known| known.word() == action)?;
    Some((module, action))
}

impl Channels {
    /// The channels that have not expired.
    pub(crate) fn alive(&self, now: Timestamp) -> impl Iterator<Item = &Channel> {
        self.0.iter().filter(move |channel| channel.expires > now)
    }

    pub(crate) fn find(&mut self, id: u64, now: Timestamp) -> Option<&mut Channel> {
        self.0
            .iter_mut()
            .find(|channel| channel.id == id && channel.expires > now)
    }

    /// Adds a channel, in the place of the one with its id.
    pub(crate) fn put(&mut self, channel: Channel) {
        match self.0.iter_mut().find(|known| known.id == channel.id) {
            Some(known) => *known = channel,
            None => self.0.push(channel),
        }
    }

    pub(crate) fn remove(&mut self, id: u64, now: Timestamp) -> Option<Channel> {
        let at = self
            .0
            .iter()
            .position(|channel| channel.id == id && channel.expires > now)?;
        Some(self.0.remove(at))
    }

    /// How many channels have not expired, for the console.
    pub(crate) fn count(&self, now: Timestamp) -> usize {
        self.alive(now).count()
    }
}

impl Channel {
    /// The modules that it hears of, each once.
    pub(crate) fn modules(&self) -> Vec<ModuleName> {
        let mut modules = Vec::new();
        for (module, _) in &self.events {
            if !modules.contains(module) {
                modules.push(*module);
            }
        }
        modules
    }

    pub(crate) fn hears(&self, module: ModuleName, happening: &Happening) -> bool {
        self.events
            .iter()
            .any(|(own, action)| *own == module && action.covers(happening))
    }

    /// As an answer to a subscription names it, one module of it.
    pub(crate) fn subscribed(&self, host: &str, module: ModuleName) -> Object {
        object! {
            "channel_expiry" => written(self.expires),
            "resource_uri" => resource_uri(host, "v1", module),
            "resource_id" => module.id().to_string(),
            "resource_name" => module.api_name(),
            "channel_id" => self.id.to_string(),
        }
    }

    /// As the answer to its end names it, one module of it.
    pub(crate) fn unsubscribed(&self, host: &str, module: ModuleName) -> Object {
        object! {
            "resource_uri" => resource_uri(host, "v1", module),
            "resource_id" => module.id().to_string(),
            "channel_id" => self.id.to_string(),
        }
    }

    /// As the list shows it, one module of it.
    pub(crate) fn described(&self, host: &str, module: ModuleName) -> Object {
        let own = self.events.iter().filter(|(own, _)| *own == module);
        let events: Vec<_> = own
            .map(|(module, action)| format!("{}.{}", module.api_name(), action.word()))
            .collect();
        object! {
            "notify_on_related_action" => self.related,
            "channel_expiry" => written(self.expires),
            "return_affected_field_values" => self.values,
            "resource_uri" => resource_uri(host, "v1", module),
            "resource_id" => module.id().to_string(),
            "notify_url" => self.notify_url.clone(),
            "resource_name" => module.api_name(),
            "fields" => Json::Null,
            "channel_id" => self.id.to_string(),
            "events" => events,
            "token" => self.token.clone(),
        }
    }
}

/// The address of a module at Zoho. Answers were recorded with v1 although v2 was called; notifications say v2.
pub(crate) fn resource_uri(host: &str, version: &str, module: ModuleName) -> String {
    format!("https://{host}/bigin/{version}/{}", module.api_name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_a_module_that_can_be_watched_and_an_action() {
        assert_eq!(watched("Contacts.edit"), Some((ModuleName::Contacts, Action::Edit)));
        for wrong in [
            "Contacts",
            "Contacts.update",
            "Notes.create",
            "contacts.edit",
            "Contacts.edit.x",
        ] {
            assert_eq!(watched(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn all_covers_everything_and_an_action_its_own() {
        let happenings = [Happening::Created, Happening::Edited(vec![]), Happening::Deleted];
        for (action, covered) in [
            (Action::All, [true, true, true]),
            (Action::Create, [true, false, false]),
            (Action::Edit, [false, true, false]),
            (Action::Delete, [false, false, true]),
        ] {
            assert_eq!(
                happenings.each_ref().map(|one| action.covers(one)),
                covered,
                "{action:?}"
            );
        }
    }
}
