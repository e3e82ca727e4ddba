//! Updates and deletes by match key, and companies that take their contacts along.

use push::report::RunStatus;
use serde_json::json;

use crate::support::{World, adds_up};
use crate::{companies, import_with, record, rejects_of};

async fn world_of_contacts() -> World {
    let world = World::new().await;
    let text = "Last Name,Email,External ID,Nickname\nRao,ann@example.com,K-1,Twin\nDoe,o'neil@example.com,K-2,Twin\n\
                Roe,roe@example.com,K'3,Only\n";
    assert_eq!(import_with(&world, "", text).await.counts.inserted, 3);
    world
}

#[tokio::test]
async fn an_update_finds_its_record_by_key() {
    let world = world_of_contacts().await;
    let text = "Email,Title\nANN@example.com,Roofer\no'neil@example.com,Painter\nnobody@example.com,Ghost\n";
    let report = import_with(&world, "operation = 'update'", text).await;
    adds_up(&report);
    assert_eq!(
        (report.counts.updated, report.counts.rejects_by_code["NOT_FOUND"]),
        (2, 1),
        "{report:?}"
    );
    assert_eq!(record(&world, "Contacts", "Last_Name", "Rao")["Title"], "Roofer");
    assert_eq!(record(&world, "Contacts", "Last_Name", "Doe")["Title"], "Painter");
    assert_eq!(world.records("Contacts").len(), 3, "nothing is inserted");
    assert!(rejects_of(&world, &report).contains("nobody@example.com,Ghost"));
}

#[tokio::test]
async fn an_update_by_another_key_may_change_the_usual_one() {
    let world = world_of_contacts().await;
    let mapping = "operation = 'update'\nmatch_on = ['External_ID']";
    let text = "External ID,Email\nk-1,new@example.com\nK'3,roe2@example.com\n";
    let report = import_with(&world, mapping, text).await;
    assert_eq!(
        (report.status, report.counts.updated),
        (RunStatus::Complete, 2),
        "{report:?}"
    );
    assert_eq!(
        record(&world, "Contacts", "Last_Name", "Rao")["Email"],
        "new@example.com"
    );
    assert_eq!(
        record(&world, "Contacts", "Last_Name", "Roe")["Email"],
        "roe2@example.com"
    );
}

#[tokio::test]
async fn an_update_by_id_may_change_or_clear_a_match_field() {
    let world = world_of_contacts().await;
    let id = |name| {
        record(&world, "Contacts", "Last_Name", name)["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let text = format!("id,Email\n{},new@example.com\n{},#CLEAR\n", id("Rao"), id("Doe"));
    let report = import_with(&world, "operation = 'update'\nclear_marker = '#CLEAR'", &text).await;
    assert_eq!(
        (report.status, report.counts.updated),
        (RunStatus::Complete, 2),
        "{report:?}"
    );
    assert_eq!(
        record(&world, "Contacts", "Last_Name", "Rao")["Email"],
        "new@example.com"
    );
    assert_eq!(record(&world, "Contacts", "Last_Name", "Doe")["Email"], json!(null));
}

#[tokio::test]
async fn a_key_that_several_have_is_ambiguous() {
    let world = world_of_contacts().await;
    let mapping = "operation = 'update'\nmatch_on = ['Nickname']";
    let report = import_with(&world, mapping, "Nickname,Title\ntwin,Roofer\nONLY,Painter\n").await;
    assert_eq!(
        (report.counts.updated, report.counts.rejects_by_code["AMBIGUOUS_KEY"]),
        (1, 1),
        "{report:?}"
    );
    assert_eq!(record(&world, "Contacts", "Last_Name", "Roe")["Title"], "Painter");
}

#[tokio::test]
async fn a_delete_by_key_deletes_what_is_there_and_leaves_the_rest_unchanged() {
    let world = world_of_contacts().await;
    let text = "Email\nann@example.com\nnobody@example.com\nO'NEIL@example.com\nANN@example.com\n";
    let report = import_with(&world, "operation = 'delete'", text).await;
    adds_up(&report);
    assert_eq!(
        (report.counts.deleted, report.counts.unchanged, report.counts.rejected),
        (2, 2, 0),
        "{report:?}"
    );
    assert_eq!(world.records("Contacts").len(), 1);
    let outcomes = world.outcomes(&report);
    assert_eq!(outcomes.len(), 4);
}

#[tokio::test]
async fn companies_are_deleted_only_when_their_contacts_are_meant_too() {
    let world = World::new().await;
    companies(&world, &["Acme", "O'Reilly"]).await;
    import_with(
        &world,
        "",
        "Last Name,Email,Company\nRao,a@example.com,Acme\nDoe,b@example.com,O'Reilly\n",
    )
    .await;
    let text = "Account Name\nacme\n";
    world.bucket.set("mappings/Accounts.toml", "operation = 'delete'");
    let report = world.import(&world.put("inbox/Accounts/gone.csv", text)).await;
    assert_eq!(
        (report.status, report.reason.as_ref().unwrap().code.as_str()),
        (RunStatus::Refused, "CASCADE_NEEDED")
    );
    assert_eq!(
        (world.records("Accounts").len(), world.records("Contacts").len()),
        (2, 2)
    );
    world
        .bucket
        .set("mappings/Accounts.toml", "operation = 'delete'\ncascade = true");
    let report = world.import(&world.put("inbox/Accounts/gone.csv", text)).await;
    assert_eq!(
        (report.status, report.counts.deleted),
        (RunStatus::Complete, 1),
        "{report:?}"
    );
    assert_eq!(
        (world.records("Accounts").len(), world.records("Contacts").len()),
        (1, 1)
    );
}
