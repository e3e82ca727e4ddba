//! Answers of Bigin's API, over real HTTP: whole answers with any head, or bodies under a head that is right.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bigin::data_centre::{ApiDomain, DataCentre, ZohoHosts};
use bigin::https;
use bigin::secret::AccessToken;
use bigin::{Access, Bigin, CallFailure, CallShape, ColumnName, ModuleName, Operation, Quotable, Record};
use serde_json::json;
use tokio::runtime::Runtime;

use super::{kind, size, wording};
use crate::driver::Target;

/// Answers of the API.
pub struct Zoho {
    bigin: Bigin,
    access: Access,
    answer: Arc<Mutex<Vec<u8>>>,
    runtime: Runtime,
}

const STATUSES: [&str; 8] = [
    "200 OK",
    "201 Created",
    "202 Accepted",
    "207 Multi",
    "204 No Content",
    "400 Bad",
    "401 No",
    "429 Slow",
];
const SENT: usize = 2;

impl Default for Zoho {
    fn default() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let answer: Arc<Mutex<Vec<u8>>> = Arc::default();
        let given = Arc::clone(&answer);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let answer = given.lock().unwrap().clone();
                serve(stream.unwrap(), &answer);
            }
        });
        let hosts = ZohoHosts::with_accounts_url(DataCentre::Us, &address).unwrap();
        let api_domain: ApiDomain = hosts.check_api_domain(&address).unwrap();
        let access = Access {
            api_domain,
            token: AccessToken::new("1000.canary4711").unwrap(),
        };
        Self {
            bigin: Bigin::new(https::client(Duration::from_secs(20)).unwrap()),
            access,
            answer,
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
        }
    }
}

/// Reads the question and closes after the answer: then no answer is taken for the next one's.
fn serve(mut stream: TcpStream, answer: &[u8]) {
    let (mut question, mut piece) = (Vec::new(), [0; 4096]);
    while let Ok(read) = stream.read(&mut piece) {
        question.extend_from_slice(&piece[..read]);
        if read == 0 || is_whole(&question) {
            break;
        }
    }
    // Whoever asked may have gone.
    let _ = stream.write_all(answer);
}

fn is_whole(question: &[u8]) -> bool {
    let text = String::from_utf8_lossy(question).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .split_once("content-length: ")
        .and_then(|(_, rest)| rest.split_once("\r\n").or(Some((rest, ""))));
    body.len() >= length.and_then(|(length, _)| length.parse().ok()).unwrap_or(0)
}

impl Target for Zoho {
    fn name(&self) -> &'static str {
        "api"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let bodies = [
            r#"{"data":[{"code":"SUCCESS","details":{"id":"4711","Created_Time":"2026-10-09T22:33:35+03:00"},"message":"record added","status":"success","action":"insert"},{"code":"DUPLICATE_DATA","details":{"api_name":"Email","id":"4712"},"message":"duplicate data","status":"error"}]}"#,
            r#"{"data":[{"code":"INVALID_DATA","details":{"api_name":"Email","json_path":"$.data[0].Email","expected_data_type":"email"},"message":"invalid data","status":"error"},{"code":"MANDATORY_NOT_FOUND","details":{"api_name":"Last_Name"},"message":"required field not found","status":"error"}]}"#,
            r#"{"code":"INVALID_TOKEN","details":{},"message":"invalid oauth token","status":"error"}"#,
            r#"{"code":"TOO_MANY_REQUESTS","details":{"retry_after":"30"},"message":"slow","status":"error"}"#,
            r#"{"fields":[{"api_name":"Email","data_type":"email","unique":{"casesensitive":false},"length":100,"system_mandatory":false,"pick_list_values":[{"display_value":"a","actual_value":"b"}]}]}"#,
            r#"{"modules":[{"api_name":"Contacts","singular_label":"Contact","plural_label":"Contacts","api_supported":true}]}"#,
            r#"{"users":[{"id":"1","email":"a@b.example","full_name":"A B","time_zone":"Europe/Berlin"}],"info":{"more_records":false,"next_page_token":"t"}}"#,
            r#"{"org":[{"id":"60001234","company_name":"Example","license_details":{"paid":true,"users_license_purchased":"5"}}]}"#,
            "<html>maintenance</html>",
        ];
        let calls = [0_u8, 0, 0, 0, 3, 4, 5, 6, 0];
        let mut seeds: Vec<Vec<u8>> = bodies
            .iter()
            .zip(calls)
            .map(|(body, call)| [&[call, 0], body.as_bytes()].concat())
            .collect();
        let whole = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-accesstoken-reset: 2026-10-09T22:33:35+03:00\r\nx-api-credits-remaining: 7\r\nretry-after: 3\r\ncontent-length: 2\r\n\r\n{}";
        seeds.push([&[0, 255], whole.as_bytes()].concat());
        seeds
    }

    fn run(&self, input: &[u8]) -> u64 {
        let [call, status, body @ ..] = input else {
            return 0;
        };
        *self.answer.lock().unwrap() = if *status >= 240 {
            body.to_vec()
        } else {
            let status = STATUSES[usize::from(*status) % STATUSES.len()];
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            [head.as_bytes(), body].concat()
        };
        self.runtime.block_on(self.ask(call % 9))
    }
}

impl Zoho {
    async fn ask(&self, call: u8) -> u64 {
        let (bigin, access) = (&self.bigin, &self.access);
        let module = ModuleName::parse("Contacts").unwrap();
        let column = ColumnName::parse("Email").unwrap();
        let result = match call {
            0..=2 => {
                return self
                    .write([Operation::Upsert, Operation::Update, Operation::Delete][usize::from(call)])
                    .await;
            }
            3 => bigin.fields(access, &module).await.map(|fields| fields.fields.len()),
            4 => bigin.modules(access).await.map(|modules| modules.len()),
            5 => bigin.active_users(access, 1).await.map(|page| page.users.len()),
            6 => bigin
                .organisation(access)
                .await
                .map(|organisation| organisation.daily_credits().is_some().into()),
            7 => bigin
                .page(access, &module, &column, None)
                .await
                .map(|page| page.hits.len()),
            _ => {
                let values = [Quotable::of("a").unwrap()];
                bigin
                    .having(access, &module, &column, &values)
                    .await
                    .map(|found| found.hits.len())
            }
        };
        match result {
            Ok(count) => kind((call, size(count))),
            Err(failure) => kind((call, silent(&failure))),
        }
    }

    /// Whatever comes back, there is one outcome for each record.
    async fn write(&self, operation: Operation) -> u64 {
        let record = |number| Record::from_object(json!({"id": format!("47{number}")}).as_object().unwrap());
        let records: Vec<Record> = (0..SENT).map(record).collect();
        let shape = CallShape {
            module: ModuleName::parse("Contacts").unwrap(),
            operation,
            match_on: Vec::new(),
            trigger: Vec::new(),
        };
        let records: Vec<&Record> = records.iter().collect();
        match self.bigin.write(&self.access, &shape, &records).await {
            Ok(answer) => {
                assert_eq!(answer.outcomes.len(), SENT, "outcomes are lost or made up");
                let outcomes: Vec<String> = answer
                    .outcomes
                    .iter()
                    .map(|outcome| wording(&format!("{outcome:?}")))
                    .collect();
                kind((operation.to_string(), outcomes, answer.token_expires_at.is_some()))
            }
            Err(failure) => kind((operation.to_string(), silent(&failure))),
        }
    }
}

fn silent(failure: &CallFailure) -> String {
    let said = failure.to_string();
    assert!(!said.contains("canary4711"), "{said}");
    wording(&said)
}
