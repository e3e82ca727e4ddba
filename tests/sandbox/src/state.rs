//! Everything the sandbox knows, behind one lock, and what is counted beside it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::accounts::Accounts;
use crate::clock::Clock;
use crate::counters::Counters;
use crate::faults::{Faults, Spoilt};
use crate::flight::Flights;
use crate::metadata::{FieldChange, ModuleName};
use crate::names::Names;
use crate::organisation::Organisation;
use crate::records::Desk;
use crate::settings::Settings;
use crate::watch::Outbox;

/// The organisation that codes belong to unless they name another.
pub(crate) const FIRST_ORGANISATION: &str = "Sandbox Company";

/// Everything the sandbox knows.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) names: Names,
    pub(crate) accounts: Accounts,
    pub(crate) organisations: Vec<Organisation>,
    pub(crate) faults: Faults,
    pub(crate) counters: Counters,
    /// Notifications on their way.
    pub(crate) outbox: Outbox,
}

impl State {
    pub(crate) fn new(settings: Settings, seed: u64) -> Self {
        Self::anew(settings, Names::new(seed))
    }

    /// Nothing in it yet. The names go on, so that no id or token of the time before comes again.
    pub(crate) fn anew(settings: Settings, mut names: Names) -> Self {
        let first = Organisation::found(&mut names, FIRST_ORGANISATION);
        let outbox = Outbox::new(names.seed());
        Self {
            settings,
            clock: Clock::default(),
            names,
            accounts: Accounts::default(),
            organisations: vec![first],
            faults: Faults::default(),
            counters: Counters::default(),
            outbox,
        }
    }

    /// What a user of an organisation works with at some moment.
    pub(crate) fn desk<'a>(
        &'a mut self,
        organisation: usize,
        user: u64,
        now: Timestamp,
        spoilt: &'a mut Spoilt,
    ) -> Option<Desk<'a>> {
        Some(Desk {
            organisation: self.organisations.get_mut(organisation)?,
            names: &mut self.names,
            settings: &self.settings,
            now,
            user,
            quiet: false,
            spoilt,
        })
    }

    /// An administrator of the first organisation changes a field, if there is one of that name.
    pub(crate) fn change_field(&mut self, module: &str, api_name: &str, change: FieldChange) {
        if let (Some(first), Some(module)) = (self.organisations.first_mut(), ModuleName::parse(module)) {
            first.change_field(module, api_name, change);
        }
    }

    /// The place of the organisation of that name or id; one of that name is founded where there is none.
    pub(crate) fn organisation(&mut self, name: &str) -> usize {
        let known = self
            .organisations
            .iter()
            .position(|org| org.name == name || org.id.to_string() == name);
        known.unwrap_or_else(|| {
            let new = Organisation::found(&mut self.names, name);
            self.organisations.push(new);
            self.organisations.len() - 1
        })
    }
}

/// The state and what lives beside it.
#[derive(Debug)]
pub(crate) struct World {
    state: Mutex<State>,
    pub(crate) flights: Flights,
    /// What the sandbox began with, for a reset.
    pub(crate) settings: Settings,
    /// Where it listens.
    pub(crate) base_url: String,
    /// Wakes the courier.
    pub(crate) woken: Notify,
}

impl World {
    pub(crate) fn new(settings: Settings, seed: u64, base_url: String) -> Self {
        let state = Mutex::new(State::new(settings.clone(), seed));
        Self {
            state,
            flights: Flights::default(),
            settings,
            base_url,
            woken: Notify::new(),
        }
    }

    /// The state. No call holds it while it waits.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
