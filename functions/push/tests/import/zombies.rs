//! Invocations that go on although their executions have ended: Step Functions stops waiting for them, and they do not know.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use push::context::Settings;
use push::import::ledger::LedgerError;
use push::import::{ExecutionEnded, ImportError, Importer, Step, StepEvent};
use push::report::RunStatus;
use serde_json::json;

use crate::support::{World, adds_up, contacts};

#[tokio::test]
async fn an_invocation_whose_execution_was_stopped_ends_its_calls_and_lets_the_next_one_go() {
    // No checkpoint is due before the file's end: that would show it too.
    let settings = Settings {
        successor_every: Duration::from_millis(50),
        checkpoint_every: Duration::from_mins(10),
        checkpoint_rows: 100_000,
        ..Settings::default()
    };
    let world = World::with(json!({"latency_ms": 100}), settings).await;
    let mut stopped = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..5_000)));
    stopped.run_until(&world, |next| next.next == Step::Slice).await;
    let mut waiting = world.start(&world.put("inbox/Products/b.csv", "Product Name\nAnvil\n"));
    let importer = Importer::new(&world.context, &world.resolvers, &world.machine);
    let event = StepEvent::of(Step::Slice, stopped.import.clone(), &stopped.import.execution);
    let stop = async {
        while world.records("Contacts").len() < 300 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        waiting.run_until(&world, |next| next.next == Step::Wait).await;
        waiting.step(&world).await;
        let ended = ExecutionEnded {
            name: stopped.import.execution.clone(),
            status: "ABORTED".into(),
            started_at: stopped.import.started_at,
            input: Some(stopped.import.event.clone()),
            error: None,
            cause: None,
        };
        Importer::new(&world.context, &world.resolvers, &world.machine)
            .free(&ended)
            .await
            .unwrap();
        assert!(
            !world.machine.is_woken(waiting.token.as_ref().unwrap()),
            "calls are in flight"
        );
    };
    let (slice, ()) = tokio::join!(importer.step(event), stop);
    assert!(
        matches!(slice, Err(ImportError::Ledger(LedgerError::TakenOver { .. }))),
        "{slice:?}"
    );
    assert!(world.records("Contacts").len() < 5_000, "it did not go on to the end");
    assert_eq!(world.context.turn_holder().await.unwrap(), None);
    assert!(world.machine.is_woken(waiting.token.as_ref().unwrap()));
    assert_eq!(world.run(waiting).await.status, RunStatus::Complete);
    let again = json!({"bucket": "data", "key": "inbox/Contacts/a.csv"});
    let report = world.import(&again).await;
    adds_up(&report);
    assert_eq!((report.status, report.counts.read), (RunStatus::Complete, 5_000));
    assert_eq!(
        (world.records("Contacts").len(), world.outcomes(&report).len()),
        (5_000, 5_000)
    );
    assert!(world.sandbox.state()["most_in_flight"].as_u64().unwrap() <= 3);
}
