//! What an invocation leaves behind when its messages have been carried out: first the rejects, then what the
//! state table has to know, then the report.

use jiff::Timestamp;
use shared::state::{StateError, credits, waits};
use shared::telemetry::{Metric, measure};

use super::batch::Batch;
use super::rejects_file;
use super::run::Ran;
use crate::context::{Context, Services};
use crate::report::RunFiles;
use crate::report::{Reason, Report, RunStatus};
use shared::bucket::{BucketError, Objects};
use shared::stop::{Service, Stop};

/// Writes the rejects. Messages whose rejects cannot be written go back. Answers with the files' keys.
pub(super) async fn write_rejects<S: Services>(
    context: &Context<S>,
    batch: &mut Batch,
    files: &RunFiles,
) -> Vec<String> {
    match put_rejects(context, batch, files).await {
        Ok(keys) => keys,
        Err(error) => {
            tracing::error!(%error, "the rejects of a batch were not written: their messages go back to the queue");
            batch.take_rejects_back(&Stop::unavailable(Service::Bucket, error));
            batch.keep_groups_together();
            Vec::new()
        }
    }
}

async fn put_rejects<S: Services>(
    context: &Context<S>,
    batch: &Batch,
    files: &RunFiles,
) -> Result<Vec<String>, BucketError> {
    let mut keys = Vec::new();
    for (name, bytes) in rejects_file::files(batch) {
        let key = files.rejects(&format!("{name}.ndjson"));
        context.bucket.put(&key, "application/x-ndjson", bytes).await?;
        keys.push(key);
    }
    Ok(keys)
}

/// Tells the state table what the run has learnt. What cannot be told is logged: it will be learnt again. Whether a hold has
/// ended by it.
pub(super) async fn note<S: Services>(context: &Context<S>, batch: &Batch, ran: &Ran) -> bool {
    let (mut failures, mut a_hold_has_ended) = (Vec::new(), false);
    failures.extend(note_wait(context, batch, ran).await.err());
    failures.extend(context.authorized.spend_credits(ran.tallies.calls.credits).await.err());
    if let Some(left) = ran
        .tallies
        .calls
        .credits_left
        .filter(|_| ran.tallies.calls.api_calls > 0)
    {
        failures.extend(credits::note_left(&context.table, context.now(), left).await.err());
    }
    if let Some(stop) = &ran.stop {
        failures.extend(context.pause_watch(None).note(stop).await.err());
    }
    for (module, stop) in &ran.held {
        failures.extend(context.pause_watch(Some(module.clone())).note(stop).await.err());
    }
    for module in ran
        .took
        .iter()
        .filter(|module| !ran.held.iter().any(|(held, _)| held == *module))
    {
        match context.pause_watch(Some(module.clone())).release().await {
            Ok(was_held) => a_hold_has_ended |= was_held,
            Err(error) => failures.push(error),
        }
    }
    for error in failures {
        tracing::warn!(%error, "what a run has learnt was not noted in the state table");
    }
    a_hold_has_ended
}

/// Notes that messages wait for Bigin, or that those which did get on again. Pauses and holds are noted below.
async fn note_wait<S: Services>(context: &Context<S>, batch: &Batch, ran: &Ran) -> Result<(), StateError> {
    match &ran.stop {
        Some(stop @ (Stop::Throttled | Stop::Unavailable { .. } | Stop::NoFreshToken { .. })) => {
            waits::note_messages(&context.table, stop.code(), context.now()).await
        }
        None if ran.tallies.calls.api_calls > 0 && batch.consignments.iter().any(|each| each.received.is_known()) => {
            waits::messages_got_on(&context.table).await
        }
        _ => Ok(()),
    }
}

/// The report of a run.
pub(super) async fn report<S: Services>(
    context: &Context<S>,
    batch: &Batch,
    ran: &Ran,
    run: (&str, Timestamp),
    rejects: &[String],
) -> Report {
    let (run_id, started_at) = run;
    let mut report = Report::started(run_id, "queue", started_at);
    report.counts = batch.counts();
    report.add_calls(ran.tallies.calls);
    report.add_calls(ran.tallies.questions);
    report.route = Some("records".to_owned());
    let shapes = batch.shapes();
    let mut modules: Vec<_> = shapes.iter().map(|shape| shape.module.as_str()).collect();
    modules.dedup();
    if let [module] = modules.as_slice() {
        report.module = Some((*module).to_owned());
    }
    if let [shape] = Vec::from_iter(shapes).as_slice() {
        report.operation = Some(shape.operation);
        report.match_on.clone_from(&shape.match_on);
        report.trigger.clone_from(&shape.trigger);
        report.org_id = context
            .metadata
            .organisation()
            .await
            .ok()
            .flatten()
            .map(|organisation| organisation.id.clone());
    }
    for warning in &ran.warnings {
        report.warn(warning.clone());
    }
    report.repairs = ran.repairs.clone();
    report.rejects_key = rejects.first().cloned();
    for key in rejects.iter().skip(1) {
        report.warn(format!("there are more rejects at {key}"));
    }
    let why = ran
        .stop
        .as_ref()
        .or_else(|| batch.returned().next().map(|(_, stop)| stop));
    match why.filter(|_| report.counts.deferred > 0) {
        Some(stop) => report.end(RunStatus::Paused, Some(Reason::from(stop)), context.now()),
        None => report.finish(context.now()),
    }
    report
}

/// Writes the report and the run's measures. A run that did nothing but send everything back leaves no report.
pub(super) async fn publish<S: Services>(context: &Context<S>, report: &mut Report, files: &RunFiles) {
    measure_run(context, report);
    let counts = &report.counts;
    tracing::info!(
        run_id = report.run_id,
        read = counts.read,
        rejected = counts.rejected,
        deferred = counts.deferred,
        api_calls = report.api_calls,
        reason = report.reason.as_ref().map(|reason| reason.code.as_str()),
        "messages were carried out"
    );
    if counts.read == counts.deferred && report.api_calls == 0 {
        return;
    }
    if let Err(error) = context.reports().write_to(files.report(), report).await {
        report.report_key = None;
        tracing::warn!(%error, "the report of a batch was not written");
    }
}

fn measure_run<S: Services>(context: &Context<S>, report: &Report) {
    let counts = &report.counts;
    let mut metrics = vec![
        (
            Metric::RecordsAccepted,
            counts.inserted + counts.updated + counts.deleted,
        ),
        (Metric::RecordsUnchanged, counts.unchanged),
        (Metric::RecordsRejected, counts.rejected),
        (Metric::RecordsDeferred, counts.deferred),
        (Metric::RecordsPossiblyDuplicated, counts.possibly_duplicated),
        (Metric::ApiCalls, report.api_calls),
        (Metric::ApiCredits, report.credits),
        (Metric::Retries, report.retries),
    ];
    metrics.extend(report.credits_left.map(|left| (Metric::ApiCreditsLeft, left)));
    measure(&context.settings.stack, context.now(), &metrics);
}
