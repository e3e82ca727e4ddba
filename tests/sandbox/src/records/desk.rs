//! What a call works with: one organisation, on behalf of one user, at one moment.

use jiff::Timestamp;

use super::cell::Stamp;
use crate::faults::Spoilt;
use crate::metadata::{Field, ModuleName};
use crate::names::Names;
use crate::organisation::{Organisation, User};
use crate::settings::Settings;

/// What a call works with.
pub(crate) struct Desk<'a> {
    pub(crate) organisation: &'a mut Organisation,
    pub(crate) names: &'a mut Names,
    pub(crate) settings: &'a Settings,
    pub(crate) now: Timestamp,
    pub(crate) user: u64,
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

    /// The user on whose behalf the call is made.
    pub(crate) fn caller(&self) -> Option<&User> {
        self.organisation.user(self.user)
    }

    pub(crate) fn fields(&self, module: ModuleName) -> &[Field] {
        &self.organisation.schema(module).fields
    }
}
