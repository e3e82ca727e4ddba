//! Claim: which version of which object it is, whether it was done before, and whether it may go.

use crate::context::Services;
use crate::decode::{FileRules, depends_on_rules};
use crate::import::asked::Asked;
use crate::import::codes;
use crate::import::key_versions::KeyVersions;
use crate::import::ledger::{Entry, VersionState};
use crate::import::line;
use crate::import::slice::file_reader::gone_or_failed;
use crate::import::state_machine::Imports;
use crate::import::step::{Import, MINUTE, Next, Step};
use crate::import::steps::older::Older;
use crate::import::steps::{ImportError, Importer};
use crate::import::version::{self, VersionDecision};
use crate::report::{Reason, RunStatus};
use shared::bucket::{Area, InboxKey};
use shared::bucket::{BucketError, ObjectVersion, Objects};
use shared::module_names::by_own_name;

/// Why an older version is not imported any more.
const TOO_LATE: &str =
    "a newer version of this key was imported before this one was heard of, and must not be overwritten";

/// How an execution ends that has nothing to import.
enum NothingToDo {
    /// It says so in a report.
    Say(RunStatus, Reason),
    /// The file was deleted: it is withdrawn.
    Withdrawn(Reason),
    /// The version before this one goes first, and no import has it yet.
    NotYet(ObjectVersion),
    /// It says nothing. A folder that the console made is no file: it is an empty object whose key ends in a
    /// slash. An event may come twice, or meet a sweep; then the import that has the version reports it.
    Nothing,
}

impl NothingToDo {
    fn refused(code: &str, message: impl Into<String>, action: &str) -> Self {
        Self::Say(RunStatus::Refused, Reason::new(code, message, action))
    }

    fn duplicate(message: impl Into<String>) -> Self {
        let action = "nothing; to repeat it, invoke push with \"force\": true";
        Self::Say(RunStatus::Duplicate, Reason::new(codes::DUPLICATE, message, action))
    }

    fn superseded(why: &str) -> Self {
        Self::refused(codes::SUPERSEDED, why, "nothing")
    }
}

impl<S: Services, I: Imports> Importer<'_, S, I> {
    pub(in crate::import) async fn claim(&self, mut import: Import) -> Result<Next, ImportError> {
        if import.place.is_none() {
            match self.first_look(&mut import).await? {
                None => {}
                Some(NothingToDo::Nothing) => {
                    self.make_room(&import, VersionState::Ended).await?;
                    return Ok(Next::step(Step::Done, import));
                }
                Some(NothingToDo::NotYet(older)) => return self.wait_for_older(import, &older).await,
                Some(NothingToDo::Withdrawn(reason)) => return self.withdraw(import, reason).await,
                Some(NothingToDo::Say(status, reason)) => {
                    let report = Self::new_report(&import);
                    return self.end_early(import, report, status, reason).await;
                }
            }
        }
        self.see_whether_it_may_go(import).await
    }

    /// Looks the object up and claims its version.
    async fn first_look(&self, import: &mut Import) -> Result<Option<NothingToDo>, ImportError> {
        let asked = match Asked::read(&import.event) {
            Ok(asked) => asked,
            Err(nothing) => {
                let action = "start executions with an S3 event, or with {\"bucket\", \"key\"}";
                return Ok(Some(NothingToDo::refused(
                    codes::NOTHING_ASKED,
                    nothing.to_string(),
                    action,
                )));
            }
        };
        if asked.bucket != self.context.bucket.name() {
            let message = format!(
                "the bucket {} is not this stack's, which is {}",
                asked.bucket,
                self.context.bucket.name()
            );
            let action = "put the file into the bucket that the output DataBucket names";
            return Ok(Some(NothingToDo::refused(codes::OTHER_BUCKET, message, action)));
        }
        let parsed = InboxKey::parse(&asked.key);
        if let Ok(key) = &parsed {
            import.module = by_own_name(&key.module)
                .map_or_else(|| key.module.trim().to_lowercase(), |module| module.as_str().to_owned());
        }
        let object = match self.find(&asked).await? {
            Ok(object) => object,
            Err(reason) => return Ok(Some(NothingToDo::Say(RunStatus::Refused, reason))),
        };
        import.object = Some(object.clone());
        if asked.key.ends_with('/') && object.size == 0 {
            return Ok(Some(NothingToDo::Nothing));
        }
        let key = match parsed {
            Ok(key) => key,
            Err(misplaced) => {
                let action = "move the file to inbox/<Module>/<name>.<ending>";
                return Ok(Some(NothingToDo::refused(
                    codes::MISPLACED,
                    misplaced.to_string(),
                    action,
                )));
            }
        };
        if let Some(etag) = asked.etag.clone().filter(|etag| etag != object.tag()) {
            // The report is about the version that was meant, not about the one that is there.
            import.object = Some(ObjectVersion {
                version_id: asked.version_id,
                etag,
                ..object
            });
            let why = "a newer version of this key was put, and the bucket does not have this one any more";
            return Ok(Some(NothingToDo::superseded(why)));
        }
        import.dry_run = asked.dry_run || key.area == Area::Check;
        let mut versions = KeyVersions::default();
        if !import.dry_run {
            versions = KeyVersions::down_to(&self.context.bucket, &object.key, |other| other.is_same(&object)).await?;
        }
        let deletion = versions.deletion_of(&object, self.context.settings.inbox_days);
        let mut behind = None;
        // What is deleted sends nothing, and what is forced was imported before.
        if let Some(older) = versions.before(&object).filter(|_| deletion.is_none() && !asked.force) {
            match self.look_for_older(older).await? {
                Older::Unclaimed if !Self::has_waited_for_older(import) => {
                    return Ok(Some(NothingToDo::NotYet(older.clone())));
                }
                Older::Unclaimed | Older::Gone => {}
                Older::At(place) => behind = Some(place),
            }
        }
        import.waited = 0;
        // What is asked for by hand comes behind what was put before it was asked for.
        let put_at = asked.put_at.unwrap_or(import.started_at);
        let order = asked.sequencer.as_deref().unwrap_or_default();
        import.place = Some(self.place_behind(import, behind.as_deref(), put_at, order).await?);
        // In the line first: an import that is not there is taken for dead.
        self.stand_in_line(import, MINUTE).await?;
        if !import.dry_run
            && let Some(nothing) = self.claim_version(import, &asked, &object, &versions).await?
        {
            return Ok(Some(nothing));
        }
        import.looked_at = Some(self.context.now());
        if let Some(reason) = deletion {
            return Ok(Some(NothingToDo::Withdrawn(reason)));
        }
        // What cannot be read need not wait for its turn to hear of it, unless the mapping may say how it is read.
        Ok(match self.form(&object, &FileRules::default()).await? {
            Ok(_) => None,
            Err(reason) if depends_on_rules(&reason.code) => None,
            Err(reason) => Some(NothingToDo::Say(RunStatus::Refused, reason)),
        })
    }

    /// The version that is meant. Where the event does not name it, its entity tag does.
    async fn find(&self, asked: &Asked) -> Result<Result<ObjectVersion, Reason>, ImportError> {
        let (bucket, version_id) = (&self.context.bucket, asked.version_id.as_deref());
        let found = bucket.look_up(&asked.key, version_id).await;
        let has_tag = |object: &ObjectVersion| asked.etag.as_deref() == Some(object.tag());
        let is_other = match &found {
            Ok(object) => !has_tag(object),
            Err(error) => matches!(error, BucketError::Gone { .. }),
        };
        // What may not be read is listed all the same, and can be claimed.
        let is_unread = matches!(found, Err(BucketError::Unreadable { .. }));
        let is_meant = |object: &ObjectVersion| match (version_id, &asked.etag) {
            (Some(version), _) => object.version_id.as_deref() == Some(version),
            (None, Some(etag)) => etag == object.tag(),
            (None, None) => true,
        };
        let is_kept = InboxKey::parse(&asked.key).is_ok_and(|key| key.area == Area::Inbox) && !asked.dry_run;
        if is_kept && (is_unread || is_other && version_id.is_none() && asked.etag.is_some()) {
            let versions = KeyVersions::down_to(bucket, &asked.key, is_meant).await?;
            if let Some(object) = versions.find(is_meant) {
                return Ok(Ok(object.clone()));
            }
        }
        match found {
            Ok(object) => Ok(Ok(object)),
            Err(error) => gone_or_failed(error).map(Err),
        }
    }

    async fn claim_version(
        &self,
        import: &mut Import,
        asked: &Asked,
        object: &ObjectVersion,
        versions: &KeyVersions,
    ) -> Result<Option<NothingToDo>, ImportError> {
        let ledger = &self.context.ledger();
        let entries = ledger.versions(&asked.key).await?;
        let (line, now) = (ledger.line().await?, self.context.now());
        let is_alive = |entry: &Entry| line::is_alive(&line, &entry.execution, now);
        let (name, over) = match version::judge(asked, object, &import.execution, &entries, is_alive) {
            VersionDecision::Claim { name, over } => (name, over),
            VersionDecision::Duplicate(message) if asked.by_hand => return Ok(Some(NothingToDo::duplicate(message))),
            VersionDecision::Duplicate(_) => return Ok(Some(NothingToDo::Nothing)),
            VersionDecision::Superseded => return Ok(Some(NothingToDo::superseded(TOO_LATE))),
        };
        let has_import = |newer: &ObjectVersion| {
            let mut others = entries.iter().filter(|(_, entry)| entry.execution != import.execution);
            others.any(|(_, entry)| entry.is_of(newer))
        };
        if !asked.force && versions.after(object).any(has_import) {
            return Ok(Some(NothingToDo::superseded(TOO_LATE)));
        }
        let sequencer = over.as_ref().and_then(|over| over.sequencer.clone());
        let entry = Entry {
            standing: VersionState::Claimed,
            execution: import.execution.clone(),
            run_id: over
                .as_ref()
                .map_or_else(|| import.run_id(), |over| over.run_id.clone()),
            sequencer: asked.sequencer.clone().or(sequencer),
            version_id: object.version_id.clone(),
            etag: object.etag.clone(),
        };
        if !ledger.claim(&name, &entry, over.as_ref(), now).await? {
            let message = "another run is importing this version of the object";
            return Ok(Some(if asked.by_hand {
                NothingToDo::duplicate(message)
            } else {
                NothingToDo::Nothing
            }));
        }
        import.entry = Some(name);
        if over.is_some() {
            import.resumes = Some(entry.run_id);
            let progress = ledger.progress(&import.run_id()).await?;
            import.planned = progress.is_some_and(|progress| progress.counted.is_done);
        }
        Ok(None)
    }
}
