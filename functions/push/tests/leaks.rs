//! Push with canaries for record values and tokens: nothing that it prints, answers with, reports or keeps in the state
//! table has one of them in it. Rejects and outcomes files hold rows on purpose.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod post;
mod support;

use lambda_runtime::Diagnostic;
use push::context::Settings;
use push::event::Event;
use serde_json::{Value, json};
use shared::testing::Witness;
use shared::{panics, telemetry};

use post::{Post, impatient};

/// The canaries: what a person's data may look like.
const NAME: &str = "Canaryson";
const MAIL: &str = "canarymail7731@example.com";
const PHONE: &str = "+49307731773177";
const TEXT: &str = "CanaryInAText7731";
const BAD: &str = "canarynoaddress7731";
const BODY: &str = "CanaryInABody7731";

struct Scene {
    post: Post,
    witness: Witness,
}

impl Scene {
    async fn set() -> Self {
        telemetry::init(Some("info"));
        let settings = Settings {
            stack: "leaks".to_owned(),
            ..impatient()
        };
        let post = Post::with(json!({}), settings).await;
        let mut witness = Witness::default();
        for (what, canary) in [
            ("a name", NAME),
            ("an address", MAIL),
            ("a number", PHONE),
            ("a text", TEXT),
            ("a bad value", BAD),
            ("an answer's body", BODY),
        ] {
            witness.guard(what, canary);
        }
        Self { post, witness }
    }

    /// Push consumes what lies on the queue, until nothing is left or it waits.
    async fn consume(&mut self) {
        for _ in 0..3 {
            if self.post.consume().await.is_empty() {
                break;
            }
            self.post.world.clock.advance(1_800);
        }
        self.look().await;
    }

    async fn by_hand(&mut self, payload: Value) {
        match self.post.by_hand(payload).await {
            Ok(answer) => self.witness.show("an answer", answer),
            Err(error) => {
                self.witness.show("an error", format!("{error} {error:?}"));
                self.witness.show("an error", format!("{:?}", Diagnostic::from(error)));
            }
        }
        self.look().await;
    }

    async fn import(&mut self, key: &str, file: impl Into<Vec<u8>>) {
        let event = self.post.world.put(key, file);
        let report = self.post.world.import(&event).await;
        self.witness.show("a report's Debug", format!("{report:?}"));
        self.look().await;
    }

    /// The token there is now is a canary too; reports and the state table are looked through.
    async fn look(&mut self) {
        use shared::tokens::Tokens;
        let world = &self.post.world;
        let pass = world.context.tokens.pass().await.unwrap();
        self.witness.guard("an access token", pass.access.token.expose());
        self.witness.show("a token's Debug", format!("{pass:?}"));
        for key in world.bucket.keys("reports/") {
            self.witness.show("a report", world.text(&key));
        }
        for (key, item) in world.table.inner.dump() {
            self.witness.show("the state table", format!("{key} {item}"));
        }
    }

    fn spoil(&self, path: &str, fault: &Value) {
        self.post
            .world
            .faults(json!([{"path": path, "count": 1, "fault": fault}]));
    }
}

fn person() -> Value {
    json!({"Last_Name": NAME, "Email": MAIL, "Phone": PHONE, "Description": TEXT})
}

/// Messages that are wrong in every way, each with canaries.
fn wrong_messages() -> Vec<Value> {
    let contact = |changed: Value| {
        let mut record = person();
        record
            .as_object_mut()
            .unwrap()
            .extend(changed.as_object().unwrap().clone());
        json!({"module": "Contacts", "record": record})
    };
    vec![
        json!(format!(
            "{{\"module\": \"Contacts\", \"record\": {{\"Last_Name\": \"{TEXT}"
        )),
        json!(format!("{TEXT} is no JSON")),
        json!({"module": "Contacts", "record": TEXT}),
        json!({"module": "Contacts", "records": [TEXT, [TEXT], person()]}),
        json!({"module": "Contacts", "records": {"Last_Name": TEXT}}),
        json!({"module": [TEXT], "record": person()}),
        json!({"module": "Contacts", "operation": {"of": TEXT}, "record": person()}),
        json!({"module": "Contacts", "match_on": {"of": TEXT}, "record": person()}),
        json!({"module": "Contacts", "trigger": [[TEXT]], "record": person()}),
        json!({"module": "Leads", "record": person()}),
        json!({"module": "Tasks", "record": person()}),
        contact(json!({"Email": BAD})),
        contact(json!({"Email": [BAD]})),
        contact(json!({"Phone": {"of": BAD}})),
        contact(json!({"Account_Name": BAD})),
        contact(json!({"Owner": BAD})),
        contact(json!({"Tag": {"of": BAD}})),
        contact(json!({"id": BAD})),
        contact(json!({"Last_Name": TEXT.repeat(40)})),
        contact(json!({"Last_Name": null})),
        contact(json!({"Created_Time": BAD})),
        json!({"module": "Contacts", "operation": "update", "record": person()}),
        json!({"module": "Contacts", "operation": "delete", "record": {"id": BAD}}),
    ]
}

/// What Bigin may do instead of taking a record, with a canary in it wherever there is room.
fn faults() -> Vec<Value> {
    let told = |status: u16, body: Value| json!({"kind": "status", "status": status, "body": body});
    let details = json!({"api_name": BODY, "value": TEXT, "json_path": BODY});
    vec![
        json!({"kind": "html", "status": 503}),
        json!({"kind": "cut"}),
        json!({"kind": "cut", "after_commit": true, "after_bytes": 60}),
        json!({"kind": "garbage", "status": 200, "text": BODY}),
        json!({"kind": "garbage", "status": 400, "text": format!("{{\"data\": [{{\"code\": \"{BODY}\"")}),
        json!({"kind": "revoke_token"}),
        told(200, json!({"data": [{"code": BODY, "status": BODY, "message": BODY}]})),
        told(200, json!({"data": BODY})),
        told(
            400,
            json!({"code": "INVALID_DATA", "message": BODY, "details": details, "status": "error"}),
        ),
        told(
            400,
            json!({"code": BODY, "message": BODY, "details": BODY, "status": "error"}),
        ),
        told(500, json!({"code": BODY, "message": BODY})),
        json!({"kind": "records", "every": 1, "code": "INVALID_DATA", "message": format!("bad value {TEXT}"), "details": details}),
        json!({"kind": "records", "every": 1, "code": BODY, "message": BODY, "details": {"of": BODY}}),
        told(
            403,
            json!({"code": "NO_PERMISSION", "message": BODY, "details": details, "status": "error"}),
        ),
    ]
}

fn files() -> Vec<(&'static str, Vec<u8>)> {
    let good = format!("{NAME},{MAIL},{PHONE},{TEXT}");
    let header = "Last Name,Email,Phone,Description";
    vec![
        ("good.csv", format!("{header}\n{good}\n").into_bytes()),
        (
            "bad.csv",
            format!("{header}\n{NAME},{BAD},{PHONE},{TEXT}\n{good},{TEXT},{TEXT}\n,{MAIL},,{TEXT}\n").into_bytes(),
        ),
        (
            "unknown.csv",
            format!("Last Name,Email,Shoe size\n{NAME},{MAIL},{TEXT}\n").into_bytes(),
        ),
        (
            "open.csv",
            format!("{header}\n{good}\n\"{TEXT},{NAME}\n{good}\n").into_bytes(),
        ),
        (
            "bytes.csv",
            [
                format!("{header}\n{good}\n{NAME},").as_bytes(),
                &[0xc3, 0x28],
                TEXT.as_bytes(),
                b"\n",
            ]
            .concat(),
        ),
        (
            "rows.ndjson",
            format!(
                "{}\n{{\"Last_Name\": \"{TEXT}\n[\"{TEXT}\"]\n{}\n",
                person(),
                json!({"Last_Name": [TEXT], "Email": BAD})
            )
            .into_bytes(),
        ),
        (
            "rows.json",
            format!("[{}, {{\"Last_Name\": \"{TEXT}\"", person()).into_bytes(),
        ),
        ("rows.csv.gz", b"no gzip".to_vec()),
    ]
}

#[tokio::test]
#[ignore = "run by the test that looks at what it prints"]
async fn a_life_of_records() {
    let mut scene = Scene::set().await;
    tracing::info!(target: "shared", "planted: the log is looked at");
    scene.post.contacts([person()]);
    scene.consume().await;
    for message in wrong_messages() {
        let body = message.as_str().map_or_else(|| message.to_string(), str::to_owned);
        scene.post.queue.put(body);
        scene.consume().await;
        scene.by_hand(message.clone()).await;
        let shown =
            Event::read(message).map_or_else(|error| format!("{error} {error:?}"), |event| format!("{event:?}"));
        scene.witness.show("an event's Debug", shown);
    }
    scene.by_hand(json!({"bucket": "data", "key": [TEXT]})).await;
    scene
        .by_hand(json!({"Records": [{"eventSource": "aws:sqs", "body": TEXT}]}))
        .await;
    scene
        .by_hand(json!({"step": TEXT, "import": {"event": person()}}))
        .await;
    scene.by_hand(person()).await;
    for fault in faults() {
        scene.spoil("/bigin/v2/Contacts*", &fault);
        scene.post.contacts([person()]);
        scene.consume().await;
    }
    scene.spoil(
        "/bigin/v2/settings/*",
        &json!({"kind": "garbage", "status": 200, "text": BODY}),
    );
    scene.post.world.clock.advance(48 * 3_600);
    scene.post.contacts([person()]);
    scene.consume().await;
    scene.post.world.faults(json!([]));
    for (name, file) in files() {
        scene.import(&format!("inbox/Contacts/{name}"), file.clone()).await;
        scene.import(&format!("check/Contacts/{name}"), file).await;
    }
    for (number, fault) in faults().into_iter().enumerate() {
        scene.spoil("/bigin/v2/Contacts*", &fault);
        let (_, file) = files().swap_remove(1);
        scene.import(&format!("inbox/Contacts/spoilt{number}.csv"), file).await;
    }
    // A panic whose words are a record's.
    let failed = panics::contained(async {
        let (name, middle) = (format!("{NAME}Ä"), NAME.len() + 1);
        Ok::<_, Diagnostic>(name[..middle].to_owned())
    });
    let failed = failed.await;
    assert!(failed.is_err());
    scene.witness.show("a panic's error", format!("{failed:?}"));
    scene.witness.rest();
}

#[test]
fn no_token_and_no_record_content_is_printed_answered_reported_or_kept_in_the_state_table() {
    let witness = Witness::of("a_life_of_records");
    for seen in [
        "planted: the log is looked at",
        "\"Namespace\":\"BiginRelay\"",
        "a panic: a fault of the relay's own",
        "messages were carried out",
        "a call to Bigin failed",
        "import step done",
        "rejects_by_code",
        "file#inbox/Contacts/good.csv",
    ] {
        assert!(witness.has_seen(seen), "{seen} was not seen: is anything looked at?");
    }
    let leaks = witness.leaks();
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}
