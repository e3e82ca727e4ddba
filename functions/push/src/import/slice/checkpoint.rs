//! A checkpoint: how far the delivery was at one moment, written while it goes on. First the parts of rejects and outcomes,
//! then the ledger, then the report.

use std::pin::Pin;

use shared::state::credits;
use tokio::time::Instant;

use crate::context::{Context, Services, Turn};
use crate::import::ledger::LedgerError;
use crate::import::line;
use crate::import::progress::{Lost, Progress, Rows};
use crate::import::progress_revision::ProgressRevision;
use crate::import::slice::Slice;
use crate::import::slice::file_reader::MOST_ROWS;
use crate::import::slice::parts::FilePart;
use crate::import::steps::ImportError;
use crate::import::suspects::Suspects;
use crate::resolve::Tallies;
use shared::stop::Stop;

/// Rows that may be sent beyond those after which a checkpoint is due: while it is written, delivery goes on.
const SENT_MEANWHILE: u64 = 20 * MOST_ROWS as u64;

/// What is written.
pub(in crate::import) struct CheckpointState {
    /// How far the import has come, the parts below included.
    pub progress: Progress,
    /// The parts that the ledger does not know of yet.
    pub parts: Vec<FilePart>,
    /// What calls cost since the last checkpoint.
    pub credits: u64,
    /// The credits left, where an answer said so.
    pub credits_left: Option<u64>,
    /// Whether the module has had its share of the round: then it is looked whether another one waits.
    pub share_is_over: bool,
}

/// A checkpoint that is written.
pub(in crate::import) struct Saved {
    hold: ProgressRevision,
    others_wait: bool,
}

/// A checkpoint that is being written.
pub(in crate::import) struct CheckpointWrite<'a> {
    work: Pin<Box<dyn Future<Output = Result<Saved, ImportError>> + Send + 'a>>,
    /// Rows below that number may be sent once it is written.
    pub allows: u64,
    /// When it was begun.
    pub began: Instant,
}

impl<'a> CheckpointWrite<'a> {
    /// Begins to write.
    pub fn begin<S: Services>(
        context: &'a Context<S>,
        turn: &'a Turn,
        hold: ProgressRevision,
        checkpoint: CheckpointState,
        allows: u64,
    ) -> Self {
        Self {
            work: Box::pin(write(context, turn, hold, checkpoint)),
            allows,
            began: Instant::now(),
        }
    }

    /// Waits until it is written. Safe to cancel.
    ///
    /// # Errors
    /// It could not be written: how far the import has come is not known to the ledger.
    pub async fn written(&mut self) -> Result<Saved, ImportError> {
        self.work.as_mut().await
    }
}

async fn write<S: Services>(
    context: &Context<S>,
    turn: &Turn,
    mut hold: ProgressRevision,
    checkpoint: CheckpointState,
) -> Result<Saved, ImportError> {
    let CheckpointState {
        share_is_over,
        mut progress,
        parts,
        credits,
        credits_left,
    } = checkpoint;
    if !context.keep_turn(turn).await? {
        return Err(LedgerError::TakenOver {
            run_id: progress.report.run_id,
        }
        .into());
    }
    context.authorized.spend_credits(credits).await?;
    if let Some(left) = credits_left {
        credits::note_left(&context.table, context.now(), left).await?;
    }
    for part in parts {
        part.write(&context.bucket).await?;
    }
    context.ledger().save(&mut hold, &progress, context.now()).await?;
    context.reports().write(&mut progress.report).await?;
    let others_wait = share_is_over && {
        let (line, module) = (context.ledger().line().await?, progress.report.module.as_deref());
        line::others_wait(&line, module.unwrap_or_default(), context.now())
    };
    Ok(Saved { hold, others_wait })
}

impl<S: Services> Slice<'_, S> {
    /// Begins the next checkpoint; the last one must be written by then, since each keeps the turn. Once it is written, rows
    /// up to some number ahead may be sent. Should this invocation die, all of them that have not ended count as lost.
    pub(in crate::import) async fn checkpoint(&mut self) -> Result<(), ImportError> {
        self.written().await?;
        let ahead = self.context.settings.checkpoint_rows + SENT_MEANWHILE;
        let allows = self.tracker.next_row() + ahead;
        let since = self
            .lost
            .as_ref()
            .map_or(self.started, |lost| lost.since.min(self.started));
        let (first, ..) = self.tracker.checkpoint();
        let earlier = self
            .lost
            .iter()
            .flat_map(|lost| lost.rows.iter())
            .filter(|row| *row >= allows);
        let rows = (first..allows).chain(earlier).collect();
        self.progress.lost = Some(Lost { since, rows });
        self.begin_writing(allows);
        Ok(())
    }

    /// Nothing is in flight any more, so it is known which rows are lost: those whose calls got no answer.
    pub(in crate::import) async fn last_checkpoint(&mut self) -> Result<(), ImportError> {
        self.written().await?;
        self.note_taken();
        let undelivered = self.dispatcher.undelivered();
        self.progress.suspects = Suspects::among(&undelivered);
        let lost: Vec<_> = undelivered
            .iter()
            .filter_map(|parcel| Some((parcel.place, parcel.lost_at?)))
            .collect();
        let unread = self
            .lost
            .iter()
            .flat_map(|lost| lost.rows.iter())
            .filter(|row| *row >= self.tracker.next_row());
        let since = lost
            .iter()
            .map(|(_, at)| *at)
            .chain(self.lost.as_ref().map(|lost| lost.since))
            .min();
        let rows: Rows = lost.iter().map(|(place, _)| *place).chain(unread).collect();
        self.progress.lost = since.filter(|_| !rows.is_empty()).map(|since| Lost { since, rows });
        self.begin_writing(self.sends_below);
        self.written().await
    }

    fn note_taken(&mut self) {
        let taken = self.dispatcher.taken().map(|(row, taken)| (row, taken.clone()));
        self.progress.taken.extend(taken);
    }

    fn begin_writing(&mut self, allows: u64) {
        let Tallies { calls, questions } = self.dispatcher.tallies();
        self.progress.report.add_calls(calls);
        self.progress.report.add_calls(questions);
        for warning in self.dispatcher.warnings() {
            self.progress.report.warn(warning.clone());
        }
        self.note_taken();
        let (next_row, checkpoint, ended_ahead) = self.tracker.checkpoint();
        self.progress.next_row = next_row;
        self.progress.checkpoint = checkpoint;
        self.progress.ended_ahead = ended_ahead;
        self.progress.report.counts.out_of(self.progress.counted.rows);
        let checkpoint = CheckpointState {
            parts: self.parts.take(&mut self.progress),
            progress: self.progress.clone(),
            credits: calls.credits,
            credits_left: calls.credits_left,
            share_is_over: self.began.elapsed() >= self.context.settings.checkpoint_every,
        };
        self.writing = Some(CheckpointWrite::begin(
            self.context,
            self.turn,
            self.hold.clone(),
            checkpoint,
            allows,
        ));
        self.ended_since = 0;
        self.checkpoint_at = Instant::now();
    }

    /// Waits for the checkpoint that is being written, if one is.
    pub(in crate::import) async fn written(&mut self) -> Result<(), ImportError> {
        if self.writing.is_some() {
            let saved = written(&mut self.writing).await?;
            self.note_written(saved);
        }
        Ok(())
    }

    pub(in crate::import) fn note_written(&mut self, saved: Saved) {
        self.hold = saved.hold;
        if saved.others_wait {
            self.others_wait = true;
            self.dispatcher.stop(Stop::OutOfTime);
        }
        if let Some(writing) = self.writing.take() {
            self.sends_below = writing.allows;
            self.kept_at = writing.began;
        }
    }
}

/// What comes of the checkpoint that is being written; waits for ever where none is.
pub(in crate::import) async fn written(writing: &mut Option<CheckpointWrite<'_>>) -> Result<Saved, ImportError> {
    match writing {
        Some(writing) => writing.written().await,
        None => std::future::pending().await,
    }
}
