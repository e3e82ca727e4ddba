//! Checkpoints that are written while calls fly.

use std::time::Duration;

use push::context::Settings;
use push::import::Step;
use push::report::RunStatus;
use serde_json::json;

use crate::support::{World, adds_up, contacts};

#[tokio::test]
async fn calls_go_on_while_a_checkpoint_is_written_as_far_as_the_one_before_allows() {
    let settings = Settings {
        checkpoint_rows: 500,
        checkpoint_every: Duration::from_hours(1),
        ..Settings::default()
    };
    let world = World::with(json!({}), settings).await;
    let mut execution = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..5_000)));
    execution.run_until(&world, |next| next.next == Step::Slice).await;
    let closed = world.bucket.parts_gate.write().await;
    let meanwhile = async {
        // 500 rows until a checkpoint is due, and 2,000 that may be sent while it is written; the last hundred may not come
        // to a full call.
        while world.write_calls() < 24 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        let calls = world.write_calls();
        assert!(calls <= 25, "{calls} calls: what no checkpoint allows was sent");
        drop(closed);
    };
    let slice = async {
        assert_eq!(execution.step(&world).await.next, Step::Finish);
    };
    let both = async { tokio::join!(meanwhile, slice) };
    let ended = tokio::time::timeout(Duration::from_secs(30), Box::pin(both)).await;
    assert!(ended.is_ok(), "{} calls were made, and no more", world.write_calls());
    let report = world.run(execution).await;
    adds_up(&report);
    assert_eq!((report.status, report.counts.inserted), (RunStatus::Complete, 5_000));
    assert_eq!((world.write_calls(), world.outcomes(&report).len()), (50, 5_000));
}
