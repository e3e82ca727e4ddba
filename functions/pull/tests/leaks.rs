//! Pull with canaries for record values and tokens: nothing that it prints, answers with, tells of or keeps in the state table
//! has one of them in it. Change files hold records on purpose; manifests and schemas must not.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use lambda_runtime::Diagnostic;
use serde_json::{Value, json};
use shared::telemetry;
use shared::testing::Witness;
use shared::tokens::Tokens;

use support::World;

/// The canaries: what a person's data may look like.
const CANARIES: [(&str, &str); 4] = [
    ("a name", "Canaryson"),
    ("an address", "canarymail7731@example.com"),
    ("a text", "CanaryInAText7731"),
    ("an answer's body", "CanaryInABody7731"),
];

fn person() -> Value {
    json!({"Last_Name": CANARIES[0].1, "Email": CANARIES[1].1, "Description": CANARIES[2].1})
}

/// What a step is answered with.
async fn invoke(world: &World, witness: &mut Witness, payload: Value) -> Value {
    match world.invoke(payload).await {
        Ok(answer) => {
            witness.show("an answer", &answer);
            answer
        }
        Err(error) => {
            witness.show("an error", format!("{error} {error:?}"));
            witness.show("an error", format!("{:?}", Diagnostic::from(error)));
            Value::Null
        }
    }
}

/// A run as far as it gets within some steps.
async fn run(world: &World, witness: &mut Witness) {
    world.advance(180);
    let started = invoke(world, witness, json!({"module": "Contacts"})).await;
    let run_id = started["runs"][0]["run_id"].clone();
    for _ in 0..3 {
        let step = json!({"step": "slice", "module": "Contacts", "run_id": run_id});
        let next = invoke(world, witness, step).await;
        if next["next"] == "announce" {
            let step = json!({"step": "close", "module": "Contacts", "run_id": run_id});
            invoke(world, witness, step).await;
            break;
        }
    }
    world.executions.end_all();
    look(world, witness).await;
}

async fn look(world: &World, witness: &mut Witness) {
    let pass = world.tokens.pass().await.unwrap();
    witness.guard("an access token", pass.access.token.expose());
    for key in world.bucket.keys("changes/Contacts/_") {
        let text = String::from_utf8(world.bucket.bytes(&key).unwrap()).unwrap();
        witness.show("a manifest or a schema", text);
    }
    for (key, item) in world.table.inner.dump() {
        witness.show("the state table", format!("{key} {item}"));
    }
}

#[tokio::test]
#[ignore = "run by no_token_and_no_record_content_is_seen, which looks at all that it prints"]
async fn a_life_of_changes() {
    telemetry::init(Some("info"));
    let mut world = World::new().await;
    world.set(|settings| settings.stack = "leaks".to_owned());
    let mut witness = Witness::default();
    for (what, canary) in CANARIES {
        witness.guard(what, canary);
    }
    tracing::info!(target: "shared", "planted: the log is looked at");
    let ids = world.add("Contacts", &[person()]);
    run(&world, &mut witness).await;
    for fault in [
        json!({"kind": "status", "status": 500}),
        json!({"kind": "status", "status": 400, "code": "INVALID_DATA"}),
        json!({"kind": "html", "status": 503}),
        json!({"kind": "garbage", "status": 200, "text": CANARIES[3].1}),
        json!({"kind": "cut"}),
        json!({"kind": "revoke_token"}),
    ] {
        for path in ["coql", "Contacts", "Contacts/deleted", "settings/fields"] {
            world.edit(
                "Contacts",
                &[json!({"id": ids[0], "Title": path, "Description": CANARIES[2].1})],
            );
            let rule = json!([{"path": format!("/bigin/v2/{path}"), "count": 3, "fault": fault}]);
            world.faults(&rule);
            world.advance(86_400);
            run(&world, &mut witness).await;
        }
    }
    world.faults(&json!([]));
    world.delete("Contacts", &ids);
    run(&world, &mut witness).await;
    for payload in [
        person(),
        json!({"module": CANARIES[0].1, "record": person()}),
        json!({"step": CANARIES[2].1}),
        json!([person()]),
    ] {
        invoke(&world, &mut witness, payload).await;
    }
    witness.rest();
}

#[test]
fn no_token_and_no_record_content_is_seen() {
    let witness = Witness::of("a_life_of_changes");
    for seen in [
        "planted: the log is looked at",
        "\"Namespace\":\"BiginRelay\"",
        "the run is written",
        "the run waits",
        "pull/Contacts",
        "manifest_key",
        "json-schema.org",
    ] {
        assert!(witness.has_seen(seen), "{seen} was not seen: is anything looked at?");
    }
    let leaks = witness.leaks();
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}
