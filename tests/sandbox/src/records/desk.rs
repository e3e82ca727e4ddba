//! What a call works with: one organisation, on behalf of one user, at one moment.

use jiff::Timestamp;

use crate::fault::Fault;
use crate::faults::Spoilt;
use crate::limits::Operation;
use crate::metadata::{Field, ModuleName};
use crate::names::Names;
use crate::organisation::{Organisation, User};
use crate::settings::Settings;
use crate::store::Stamp;
use crate::store::{Event, Happening};

/// What a call works with.
pub(crate) struct Desk<'a> {
    pub(crate) organisation: &'a mut Organisation,
    pub(crate) names: &'a mut Names,
    pub(crate) settings: &'a Settings,
    pub(crate) now: Timestamp,
    pub(crate) user: u64,
    /// Whether the writer asked that no automation runs.
    pub(crate) quiet: bool,
    /// What a fault rule does to this call's records and status.
    pub(crate) spoilt: &'a mut Spoilt,
}

impl Desk<'_> {
    pub(crate) fn stamp(&self) -> Stamp {
        Stamp {
            at: self.now,
            by: self.user,
        }
    }

    /// Notes what happened to a record.
    pub(crate) fn note(&mut self, module: ModuleName, id: u64, happening: Happening) {
        let event = Event {
            module,
            id,
            happening,
            by: self.user,
            at: self.now,
            quiet: self.quiet,
        };
        self.organisation.journal.add(event);
    }

    /// The user on whose behalf the call is made.
    pub(crate) fn caller(&self) -> Option<&User> {
        self.organisation.user(self.user)
    }

    /// Whether the account allows it to do this to a record of a module, one that is new without an id.
    pub(crate) fn allow(&self, module: ModuleName, operation: Operation, id: Option<u64>) -> Result<(), Fault> {
        let stored = self.organisation.stored();
        let refused = self.organisation.limits.refuses_record(module, operation, id, stored);
        refused.map_or(Ok(()), Err)
    }

    pub(crate) fn fields(&self, module: ModuleName) -> &[Field] {
        &self.organisation.schema(module).fields
    }
}
