//! Withdraw: a file that was deleted is not wanted any more. Nothing more of it is sent.

use jiff::SignedDuration;

use crate::context::Services;
use crate::import::key_versions::KeyVersions;
use crate::import::state_machine::Imports;
use crate::import::step::{Import, Next, Step};
use crate::import::steps::{ImportError, Importer};
use crate::report::{Reason, RunStatus};

/// How often it is looked whether the file is there still, while its import goes on without a wait.
const LOOKS_EVERY: SignedDuration = SignedDuration::from_secs(10);

impl<S: Services, I: Imports> Importer<'_, S, I> {
    /// Why nothing more of the file may be sent, if somebody or the bucket's lifecycle rule has deleted it. A check sends
    /// nothing, and what was not claimed looks for itself.
    pub(in crate::import) async fn look_for_deletion(
        &self,
        import: &mut Import,
    ) -> Result<Option<Reason>, ImportError> {
        let Some(object) = import.object.as_ref().filter(|_| import.entry.is_some()) else {
            return Ok(None);
        };
        let now = self.context.now();
        if import
            .looked_at
            .is_some_and(|looked_at| now.duration_since(looked_at) < LOOKS_EVERY)
        {
            return Ok(None);
        }
        let versions = KeyVersions::down_to(&self.context.bucket, &object.key, |other| other.is_same(object)).await?;
        let reason = versions.deletion_of(object, self.context.settings.inbox_days);
        import.looked_at = Some(now);
        Ok(reason)
    }

    /// Gives the rest of the file up.
    pub(in crate::import) async fn withdraw(&self, import: Import, reason: Reason) -> Result<Next, ImportError> {
        self.leave_off(import, RunStatus::Stopped, reason, Step::Done).await
    }
}
