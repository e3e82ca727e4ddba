//! Claim: which version of which object it is, whether it was done before, and whose turn it is. Imports of a stack go
//! one at a time, oldest first.

use jiff::{SignedDuration, Timestamp};

use super::asked::{Asked, is_newer};
use super::steps::{Import, ImportError, Importer, Next, Step};
use crate::bucket::BucketError;
use crate::inbox_key::{Area, InboxKey};
use crate::ledger::{Entry, EntryName, Standing, Waiting};
use crate::report::{Reason, Status};

/// How much later than it said an import may look again before it is taken for dead.
const GRACE: SignedDuration = SignedDuration::from_mins(3);

impl Importer<'_> {
    pub(super) async fn claim(&self, mut import: Import) -> Result<Next, ImportError> {
        let asked = Asked::read(&import.event)?;
        if asked.bucket != self.relay.bucket.name() {
            let own = self.relay.bucket.name().to_owned();
            return Err(ImportError::OtherBucket { asked: asked.bucket, own });
        }
        if import.object.is_none() {
            if let Some(refusal) = self.first_look(&mut import, &asked).await? {
                return Ok(refusal);
            }
        }
        if import.dry_run {
            return Ok(Next::step(Step::Plan, import));
        }
        self.wait_for_turn(import).await
    }

    /// Looks the object up and claims its version. Answers with an end where there is nothing to import.
    async fn first_look(&self, import: &mut Import, asked: &Asked) -> Result<Option<Next>, ImportError> {
        let report = self.new_report(import, &asked.key);
        let end = |import: &Import, report, status, reason| {
            let import = import.clone();
            async move { self.end_early(import, report, status, reason).await.map(Some) }
        };
        let area = match InboxKey::parse(&asked.key) {
            Ok(key) => key.area,
            Err(misplaced) => {
                let reason = Reason::new("MISPLACED", misplaced.to_string(), "put the file where it belongs");
                return end(import, report, Status::Refused, reason).await;
            }
        };
        import.dry_run = asked.dry_run || area == Area::Check;
        let object = match self.relay.bucket.look_up(&asked.key, asked.version_id.as_deref()).await {
            Ok(object) => object,
            Err(gone @ BucketError::Gone { .. }) => {
                let reason = Reason::new("OBJECT_GONE", gone.to_string(), "put the object again if it is still wanted");
                return end(import, report, Status::Refused, reason).await;
            }
            Err(error) => return Err(error.into()),
        };
        let has_changed = asked.etag.as_deref().is_some_and(|etag| etag != object.etag.trim_matches('"'));
        import.object = Some(object.clone());
        let report = self.new_report(import, &asked.key);
        if has_changed {
            return end(import, report, Status::Refused, superseded()).await;
        }
        if import.dry_run {
            return Ok(None);
        }
        let earlier = self.relay.ledger.versions(&asked.key).await?;
        let others = || earlier.iter().filter(|entry| entry.execution != import.execution);
        let is_this = |entry: &&Entry| match (&object.version_id, &asked.sequencer) {
            (Some(version), _) => entry.version_id.as_ref() == Some(version),
            (None, Some(sequencer)) => entry.sequencer.as_ref() == Some(sequencer),
            (None, None) => entry.etag == object.etag,
        };
        let is_done = |entry: &Entry| entry.standing != Standing::Broken;
        if let Some(before) = others().filter(is_this).find(|entry| is_done(entry))
            && !asked.force
        {
            let reason = Reason::new(
                "DUPLICATE",
                format!("this version of the object was imported before, by run {}", before.run_id),
                "nothing; to repeat it, invoke push with \"force\": true",
            );
            return self.end_as_duplicate(import.clone(), report, reason).await.map(Some);
        }
        let newer = |entry: &&Entry| match (&entry.sequencer, &asked.sequencer) {
            (Some(theirs), Some(ours)) => is_newer(theirs, ours),
            _ => false,
        };
        if others().any(|entry| newer(&entry)) {
            return end(import, report, Status::Refused, superseded()).await;
        }
        let name = EntryName {
            key: asked.key.clone(),
            version: match (&asked.sequencer, asked.force) {
                (Some(sequencer), false) => sequencer.clone(),
                _ => import.execution.clone(),
            },
        };
        let entry = Entry {
            standing: Standing::Claimed,
            execution: import.execution.clone(),
            run_id: import.run_id(),
            sequencer: asked.sequencer.clone(),
            version_id: object.version_id.clone(),
            etag: object.etag.clone(),
        };
        if !self.relay.ledger.claim(&name, &entry, self.relay.now()).await? {
            let reason = Reason::new("DUPLICATE", "another execution is importing this version", "nothing");
            return self.end_as_duplicate(import.clone(), report, reason).await.map(Some);
        }
        let put_at = asked.put_at.or(object.put_at).unwrap_or(import.started_at);
        let order = asked.sequencer.as_deref().unwrap_or_default();
        import.place = Some(format!("{}#{order}#{}", sortable(put_at), import.run_id()));
        import.entry = Some(name);
        Ok(None)
    }

    /// A duplicate leaves the first import's claim alone.
    async fn end_as_duplicate(
        &self,
        import: Import,
        report: crate::report::Report,
        reason: Reason,
    ) -> Result<Next, ImportError> {
        let import = Import { entry: None, place: None, ..import };
        self.end_early(import, report, Status::Duplicate, reason).await
    }

    async fn wait_for_turn(&self, import: Import) -> Result<Next, ImportError> {
        let Some(place) = import.place.clone() else { return Err(ImportError::OutOfOrder("claim")) };
        let now = self.relay.now();
        if let Some(stop) = self.relay.look_for_pause().await? {
            let wait = stop.look_again_after(import.waited);
            self.stand_in_line(&place, now, wait, false).await?;
            self.report_waiting(&import, &stop).await?;
            return Ok(Next::after(wait, Step::Claim, import));
        }
        let poll = self.relay.settings.turn_poll_s;
        self.stand_in_line(&place, now, poll, false).await?;
        let line = self.relay.ledger.line().await?;
        let first = line.iter().find(|waiting| waiting.looks_by >= now && !waiting.aside);
        let is_first = first.is_none_or(|first| first.place >= place);
        if is_first && self.relay.take_turn(&import.execution).await? {
            let step = if import.planned { Step::Slice } else { Step::Plan };
            return Ok(Next::step(step, import));
        }
        let wait = poll.max((import.waited / 10).min(60));
        self.stand_in_line(&place, now, wait, false).await?;
        Ok(Next::after(wait, Step::Claim, import))
    }

    /// Says in the line when this import will look again.
    pub(super) async fn stand_in_line(
        &self,
        place: &str,
        now: Timestamp,
        wait: u64,
        aside: bool,
    ) -> Result<(), ImportError> {
        let wait = SignedDuration::from_secs(i64::try_from(wait).unwrap_or(3600));
        let waiting = Waiting { place: place.to_owned(), looks_by: now + wait + GRACE, aside };
        Ok(self.relay.ledger.stand_in_line(&waiting).await?)
    }
}

/// Text that sorts as the instants do.
fn sortable(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

fn superseded() -> Reason {
    Reason::new("SUPERSEDED", "a newer version of this key was put; it is imported instead of this one", "nothing")
}
