//! Keys: what a record is matched or looked up by is sound, or nothing is written.

use push::report::RunStatus;
use serde_json::{Value, json};

use crate::post::Post;
use crate::support::World;
use crate::{contact_named, import_with, send_with};

/// Values that make one record of many, each with its code.
const UNSOUND: [(&str, &str); 14] = [
    ("9.78E+12", "SPREADSHEET_DAMAGE"),
    ("9,78E+12", "SPREADSHEET_DAMAGE"),
    ("97.8E+11", "SPREADSHEET_DAMAGE"),
    ("1e+16", "SPREADSHEET_DAMAGE"),
    ("#N/A", "SPREADSHEET_DAMAGE"),
    ("#NAME?", "SPREADSHEET_DAMAGE"),
    ("#BEZUG!", "SPREADSHEET_DAMAGE"),
    ("########", "SPREADSHEET_DAMAGE"),
    ("487687600000062000", "SPREADSHEET_DAMAGE"),
    ("N/A", "PLACEHOLDER_KEY"),
    ("-", "PLACEHOLDER_KEY"),
    ("0", "PLACEHOLDER_KEY"),
    ("null", "PLACEHOLDER_KEY"),
    ("Unknown", "PLACEHOLDER_KEY"),
];

#[tokio::test]
async fn an_unsound_key_is_rejected_by_every_operation_of_a_file() {
    for operation in ["upsert", "insert", "update", "delete"] {
        let world = World::new().await;
        let rows: String = UNSOUND
            .iter()
            .enumerate()
            .map(|(n, (key, _))| format!("\"{key}\",Person{n}\n"))
            .collect();
        let mapping = format!(
            "operation = '{operation}'\nmatch_on = ['External_ID']\nstop_after = 'never'\n[columns]\nRef = 'External_ID'\n"
        );
        let report = import_with(&world, &mapping, format!("Ref,Last Name\n{rows}")).await;
        assert_eq!(report.counts.rejected, UNSOUND.len() as u64, "{operation}: {report:?}");
        assert_eq!(
            (
                report.counts.rejects_by_code["SPREADSHEET_DAMAGE"],
                report.counts.rejects_by_code["PLACEHOLDER_KEY"]
            ),
            (9, 5),
            "{operation}"
        );
        assert_eq!(
            (world.write_calls(), world.records("Contacts").len()),
            (0, 0),
            "{operation}"
        );
    }
}

#[tokio::test]
async fn an_unsound_key_of_a_message_is_rejected_too() {
    let post = Post::open().await;
    let records: Vec<Value> = UNSOUND
        .iter()
        .map(|(key, _)| json!({"External_ID": key, "Last_Name": "Rao"}))
        .collect();
    let answer = send_with(&post, "match_on = ['External_ID']\n", &records).await;
    assert_eq!(answer["rejected"], UNSOUND.len(), "{answer}");
    let codes: Vec<Value> = post.rejects().iter().map(|reject| reject["_code"].clone()).collect();
    assert_eq!(codes, UNSOUND.map(|(_, code)| json!(code)));
    let float = send_with(
        &post,
        "match_on = ['External_ID']\n",
        &[json!({"External_ID": 9.78e12, "Last_Name": "Rao"})],
    )
    .await;
    assert_eq!(float["rejects_by_code"], json!({"WRONG_TYPE": 1}));
    assert!(post.world.records("Contacts").is_empty());
}

#[tokio::test]
async fn the_mapping_says_which_placeholders_mean_none_and_which_are_keys() {
    let world = World::new().await;
    let file = "Ref,Last Name\nN/A,Nobody\n0,Zero\nK-1,One\n";
    let mapping = "match_on = ['External_ID']\nwithout_key = 'insert'\nnone = ['n/a']\nallow_keys = ['0']\n[columns]\nRef = 'External_ID'\n";
    let report = import_with(&world, mapping, file).await;
    assert_eq!(
        (report.status, report.counts.inserted),
        (RunStatus::Complete, 3),
        "{report:?}"
    );
    assert_eq!(contact_named(&world, "Zero").unwrap()["External_ID"], "0");
    assert!(contact_named(&world, "Nobody").unwrap()["External_ID"].is_null());
}

#[tokio::test]
async fn no_company_is_made_out_of_a_placeholder() {
    let world = World::new().await;
    let mapping = "operation = 'insert'\nallow_keys = ['-']\nstop_after = 'never'\n[lookup.Account_Name]\non_missing = 'create'\n";
    let file = "Last Name,Company Name\nA,N/A\nB,-\nC,unbekannt\nD,???\nE,#REF!\nF,Acme\n";
    let report = import_with(&world, mapping, file).await;
    assert_eq!((report.counts.inserted, report.counts.rejected), (1, 5), "{report:?}");
    assert_eq!(
        report.counts.rejects_by_code["LOOKUP_NOT_FOUND"], 1,
        "what is allowed is looked up, and not made"
    );
    let companies = world.records("Accounts");
    assert_eq!(companies.len(), 1, "{companies:?}");
    assert_eq!(companies[0]["Account_Name"], "Acme");
}

#[tokio::test]
async fn one_company_is_one_however_its_name_is_written() {
    let world = World::new().await;
    let mapping = "operation = 'insert'\n[lookup.Account_Name]\non_missing = 'create'\n";
    let names = [
        "Müller Bau GmbH",
        "Mu\u{308}ller Bau GmbH",
        "Müller\u{A0}Bau GmbH",
        "Müller  Bau GmbH",
        "Müller Bau GmbH\u{200B}",
        "\u{FEFF}Müller Bau GmbH",
        "müller bau gmbh",
        "M\u{AD}üller Bau\u{202F}GmbH ",
    ];
    let rows: String = names
        .iter()
        .enumerate()
        .map(|(n, name)| format!("Person{n},{name}\n"))
        .collect();
    let report = import_with(&world, mapping, format!("Last Name,Company Name\n{rows}")).await;
    assert_eq!(report.counts.inserted, names.len() as u64, "{report:?}");
    let companies = world.records("Accounts");
    assert_eq!(companies.len(), 1, "{companies:?}");
    assert_eq!(companies[0]["Account_Name"], "Müller Bau GmbH");
    let taken_off = report.repairs.of(push::record::RepairKind::InvisibleTakenOff).unwrap();
    assert_eq!(taken_off.first_line, 3, "{report:?}");
}

#[tokio::test]
async fn rows_that_differ_and_share_a_key_are_warned_of_and_above_a_share_refused() {
    let world = World::new().await;
    let few = "Last Name,Email\nOne,a@example.com\nTwo,b@example.com\nThree,A@example.com\n";
    let planned = {
        world.bucket.set("mappings/Contacts.toml", "same_key = 'reject'\n");
        world.import(&world.put("check/Contacts/people.csv", few)).await
    };
    assert_eq!(planned.status, RunStatus::Planned);
    let plan = planned.plan.unwrap();
    assert_eq!(
        plan["same_keys"],
        json!([{"field": "Email", "keys": 1, "rows": 2, "exact": true, "lines": [[2, 4]]}])
    );
    assert!(
        planned
            .warnings
            .iter()
            .any(|warning| warning.contains("will be refused with SAME_KEY")),
        "{:?}",
        planned.warnings
    );
    let refused = import_with(&world, "same_key = 'reject'\n", few).await;
    let reason = refused.reason.unwrap();
    assert_eq!((refused.status, reason.code.as_str()), (RunStatus::Refused, "SAME_KEY"));
    assert!(
        reason.message.contains("lines 2, 4") && !reason.message.contains('@'),
        "{reason:?}"
    );
    assert_eq!(world.write_calls(), 0);
    // The advice is safe to follow.
    assert!(reason.action.contains("same_key = \"warn\""));
    let followed = import_with(&world, "same_key = \"warn\"\n", few).await;
    assert_eq!(
        (followed.status, followed.counts.inserted, followed.counts.updated),
        (RunStatus::Complete, 2, 1),
        "{followed:?}"
    );
    assert_eq!(
        contact_named(&world, "Three").unwrap()["Email"]
            .as_str()
            .unwrap()
            .to_lowercase(),
        "a@example.com"
    );
    let said: Vec<&String> = followed
        .warnings
        .iter()
        .filter(|warning| warning.contains("key"))
        .collect();
    assert_eq!(
        said,
        ["same_key: 2 rows share 1 values of Email and differ, for example lines 2, 4: the last row of each key wins"],
        "once, by kind"
    );
    // By itself a file is refused when a fifth of at least 100 rows is so.
    let many: String = (0..100)
        .map(|n| format!("P{n},p{}@example.com\n", if n < 30 { 0 } else { n }))
        .collect();
    let refused = import_with(&world, "", format!("Last Name,Email\n{many}")).await;
    assert_eq!(refused.reason.unwrap().code, "SAME_KEY");
}
