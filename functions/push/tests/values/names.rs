//! Names of columns and keys: as they stand first, and folded only where one thing comes of it.

use push::report::RunStatus;
use serde_json::json;

use crate::post::Post;
use crate::support::World;
use crate::{contact_named, import_with, send_with};

#[tokio::test]
async fn signs_tell_columns_apart() {
    let world = World::new().await;
    let mapping = "operation = 'insert'\nignore = ['Sales (%)']\n[columns]\n'Sales ($)' = 'Turnover'\n";
    let report = import_with(&world, mapping, "Last Name,Sales ($),Sales (%)\nRao,1234.50,12.5\n").await;
    assert_eq!(
        (report.status, report.counts.inserted),
        (RunStatus::Complete, 1),
        "{report:?}"
    );
    assert_eq!(contact_named(&world, "Rao").unwrap()["Turnover"], 1234.5);
    let other = "operation = 'insert'\n[columns]\n'Sales ($)' = 'Turnover'\n";
    let refused = import_with(&world, other, "Last Name,Sales (%)\nDoe,12.5\n").await;
    assert_eq!(refused.reason.unwrap().code, "COLUMN_UNKNOWN");
    assert!(contact_named(&world, "Doe").is_none());
}

#[tokio::test]
async fn the_advice_of_a_refusal_is_safe_to_follow() {
    let world = World::new().await;
    for (header, row) in [
        ("Last Name,Email,E-Mail", "P,p@example.com,other"),
        ("Last Name,Email,\"e \"\"mail\"\"\"", "P,p@example.com,other"),
        ("Last Name,Email,Created Time", "P,p@example.com,2026-01-01"),
        ("Last Name,Email,Full Name", "P,p@example.com,other"),
    ] {
        let file = format!("{header}\n{row}\n");
        let refused = import_with(&world, "", file.clone()).await;
        let reason = refused.reason.unwrap_or_else(|| panic!("{header} is taken"));
        let Some(advice) = reason.action.split("in the mapping: ").nth(1) else {
            panic!("{header}: {reason:?}");
        };
        let followed = import_with(&world, advice, file).await;
        assert_eq!(
            followed.status,
            RunStatus::Complete,
            "{header} with {advice}: {followed:?}"
        );
        let record = contact_named(&world, "P").unwrap();
        assert_eq!(
            record["Email"], "p@example.com",
            "{header}: the advice left out the right column"
        );
    }
}

#[tokio::test]
async fn keys_of_messages_are_looked_up_as_they_stand_first() {
    let post = Post::open().await;
    let mapping = "ignore = ['Sales (%)']\n[columns]\n'Sales ($)' = 'Turnover'\n";
    let records = [
        json!({"Last_Name": "A", "Email": "a@example.com", "Sales ($)": 12.5, "Sales (%)": 3}),
        json!({"Last_Name": "B", "Email": "b@example.com", "Sales (€)": 12.5}),
    ];
    let answer = send_with(&post, mapping, &records).await;
    assert_eq!(answer["rejects_by_code"], json!({"UNKNOWN_FIELD": 1}), "{answer}");
    assert_eq!(contact_named(&post.world, "A").unwrap()["Turnover"], 12.5);
}
