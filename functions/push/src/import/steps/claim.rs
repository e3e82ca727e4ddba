//! Claim: which version of which object it is, whether it was done before, and whose turn it is. Imports of a stack go
//! one at a time, oldest first.

use crate::context::Services;
use crate::decode::{FileRules, depends_on_rules};
use crate::import::asked::Asked;
use crate::import::ledger::{Entry, Standing};
use crate::import::line;
use crate::import::steps::{Import, ImportError, Importer, Next, Step};
use crate::import::version::{self, Verdict};
use crate::report::{Reason, Status};
use shared::bucket::{Area, InboxKey};
use shared::bucket::{BucketError, ObjectVersion, Objects};
use shared::module_names::by_own_name;
use shared::state::waits::ITS_TURN;
use shared::stop::Stop;

/// How an execution ends that has nothing to import.
enum NothingToDo {
    /// It says so in a report.
    Say(Status, Reason),
    /// A folder that the console made: an empty object whose key ends in a slash. It is no file.
    Folder,
}

impl NothingToDo {
    fn refused(code: &str, message: impl Into<String>, action: &str) -> Self {
        Self::Say(Status::Refused, Reason::new(code, message, action))
    }

    fn duplicate(message: impl Into<String>) -> Self {
        let action = "nothing; to repeat it, invoke push with \"force\": true";
        Self::Say(Status::Duplicate, Reason::new("DUPLICATE", message, action))
    }

    fn superseded() -> Self {
        let message = "a newer version of this key was put; it is imported instead of this one";
        Self::refused("SUPERSEDED", message, "nothing")
    }
}

impl<S: Services> Importer<'_, S> {
    pub(in crate::import) async fn claim(&self, mut import: Import) -> Result<Next, ImportError> {
        if import.place.is_none() {
            match self.first_look(&mut import).await? {
                None => {}
                Some(NothingToDo::Folder) => return Ok(Next::step(Step::Done, import)),
                Some(NothingToDo::Say(status, reason)) => {
                    let report = Self::new_report(&import);
                    return self.end_early(import, report, status, reason).await;
                }
            }
        }
        self.wait_in_line(import).await
    }

    /// Looks the object up and claims its version.
    async fn first_look(&self, import: &mut Import) -> Result<Option<NothingToDo>, ImportError> {
        let asked = match Asked::read(&import.event) {
            Ok(asked) => asked,
            Err(nothing) => {
                let action = "start executions with an S3 event, or with {\"bucket\", \"key\"}";
                return Ok(Some(NothingToDo::refused("NOTHING_ASKED", nothing.to_string(), action)));
            }
        };
        if asked.bucket != self.context.bucket.name() {
            let message = format!(
                "the bucket {} is not this stack's, which is {}",
                asked.bucket,
                self.context.bucket.name()
            );
            let action = "put the file into the bucket that the output DataBucket names";
            return Ok(Some(NothingToDo::refused("OTHER_BUCKET", message, action)));
        }
        let parsed = InboxKey::parse(&asked.key);
        if let Ok(key) = &parsed {
            import.module = by_own_name(&key.module)
                .map_or_else(|| key.module.trim().to_lowercase(), |module| module.as_str().to_owned());
        }
        let object = match self
            .context
            .bucket
            .look_up(&asked.key, asked.version_id.as_deref())
            .await
        {
            Ok(object) => object,
            Err(gone @ BucketError::Gone { .. }) => {
                let action = "put the object again if it is still wanted";
                return Ok(Some(NothingToDo::refused("OBJECT_GONE", gone.to_string(), action)));
            }
            Err(error) => return Err(error.into()),
        };
        import.object = Some(object.clone());
        if asked.key.ends_with('/') && object.size == 0 {
            return Ok(Some(NothingToDo::Folder));
        }
        let key = match parsed {
            Ok(key) => key,
            Err(misplaced) => {
                let action = "move the file to inbox/<Module>/<name>.<ending>";
                return Ok(Some(NothingToDo::refused("MISPLACED", misplaced.to_string(), action)));
            }
        };
        if let Some(etag) = asked.etag.clone().filter(|etag| etag != object.etag.trim_matches('"')) {
            // The report is about the version that was meant, not about the one that is there.
            import.object = Some(ObjectVersion {
                version_id: asked.version_id,
                etag,
                ..object
            });
            return Ok(Some(NothingToDo::superseded()));
        }
        import.dry_run = asked.dry_run || key.area == Area::Check;
        // What is asked for by hand comes behind what was put before it was asked for.
        let put_at = asked.put_at.unwrap_or(import.started_at);
        let order = asked.sequencer.as_deref().unwrap_or_default();
        import.place = Some(line::place(import.dry_run, put_at, order, &import.run_id()));
        // In the line first: an import that is not there is taken for dead.
        self.stand_in_line(import, self.context.settings.turn_poll_s, false)
            .await?;
        if !import.dry_run
            && let Some(nothing) = self.claim_version(import, &asked, &object).await?
        {
            return Ok(Some(nothing));
        }
        // What cannot be read need not wait for its turn to hear of it, unless the mapping may say how it is read.
        Ok(match self.form(&object, &FileRules::default()).await? {
            Ok(_) => None,
            Err(reason) if depends_on_rules(&reason.code) => None,
            Err(reason) => Some(NothingToDo::Say(Status::Refused, reason)),
        })
    }

    async fn claim_version(
        &self,
        import: &mut Import,
        asked: &Asked,
        object: &ObjectVersion,
    ) -> Result<Option<NothingToDo>, ImportError> {
        let ledger = &self.context.ledger();
        let entries = ledger.versions(&asked.key).await?;
        let (line, now) = (ledger.line().await?, self.context.now());
        let is_alive = |entry: &Entry| line::is_alive(&line, &entry.execution, now);
        let (name, over) = match version::judge(asked, object, &import.execution, &entries, is_alive) {
            Verdict::Claim { name, over } => (name, over),
            Verdict::Duplicate(message) => return Ok(Some(NothingToDo::duplicate(message))),
            Verdict::Superseded => return Ok(Some(NothingToDo::superseded())),
        };
        let sequencer = over.as_ref().and_then(|over| over.sequencer.clone());
        let entry = Entry {
            standing: Standing::Claimed,
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
            return Ok(Some(NothingToDo::duplicate(message)));
        }
        import.entry = Some(name);
        if over.is_some() {
            import.resumes = Some(entry.run_id);
            let progress = ledger.progress(&import.run_id()).await?;
            import.planned = progress.is_some_and(|progress| progress.counted.is_done);
        }
        Ok(None)
    }

    /// Goes on when nothing pauses and all older imports have gone; else waits and says why.
    async fn wait_in_line(&self, import: Import) -> Result<Next, ImportError> {
        // Whether this module is held concerns those alone that send.
        let module = by_own_name(&import.module).filter(|_| !import.dry_run);
        if let Some(stop) = self.context.pause_watch(module).reason().await? {
            return self.step_aside(import, &stop).await;
        }
        let poll = self.context.settings.turn_poll_s;
        self.stand_in_line(&import, poll, false).await?;
        if self.may_go(&import).await? {
            return Ok(Next::step(
                if import.planned { Step::Slice } else { Step::Plan },
                import,
            ));
        }
        let wait = poll.max((import.waited / 10).min(1_800));
        let import = import.waiting_for(ITS_TURN);
        self.stand_in_line(&import, wait, false).await?;
        let reason = Reason::new(ITS_TURN, "an older import of this stack is under way", "nothing");
        let import = self.report_waiting(import, reason).await?;
        Ok(Next::after(wait, import))
    }

    /// Somebody else has the turn for the moment, such as a message that push was invoked with.
    pub(in crate::import) async fn wait_for_turn(&self, import: Import) -> Result<Next, ImportError> {
        let wait = self.context.settings.turn_poll_s.min(5);
        let import = import.waiting_for(ITS_TURN);
        self.stand_in_line(&import, wait, false).await?;
        Ok(Next::after(wait, import))
    }

    /// Waits because nothing can be sent: the report says why.
    pub(in crate::import) async fn step_aside(&self, import: Import, stop: &Stop) -> Result<Next, ImportError> {
        let wait = stop.look_again_after(import.waited);
        // A check must not keep others waiting, and a held module none but its own.
        let aside = import.dry_run || matches!(stop, Stop::ModuleHeld { .. });
        let import = import.waiting_for(stop.code());
        self.stand_in_line(&import, wait, aside).await?;
        let import = self.report_waiting(import, Reason::from(stop)).await?;
        Ok(Next::after(wait, import))
    }

    /// Says in the report what the import waits for, once.
    async fn report_waiting(&self, import: Import, reason: Reason) -> Result<Import, ImportError> {
        if import.reported.as_ref() == Some(&reason.code) {
            return Ok(import);
        }
        let mut report = match self.context.ledger().progress(&import.run_id()).await? {
            Some(progress) => progress.report,
            None => Self::new_report(&import),
        };
        let reported = Some(reason.code.clone());
        // Until a label is known to be a module's, the report's place is not known.
        if report.module.is_some() {
            report.status = Status::Paused;
            report.reason = Some(reason);
            self.context.reports().write(&mut report).await?;
        }
        Ok(Import { reported, ..import })
    }
}
