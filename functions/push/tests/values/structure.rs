//! Files that are not what they seem: another program's ids, columns written twice, rejects that nobody has mended, several
//! values in a cell.

use push::report::RunStatus;

use crate::support::World;
use crate::{contact_named, import_with};

#[tokio::test]
async fn another_programs_ids_are_no_ids_of_records_and_the_advice_is_safe_to_follow() {
    let file = "ID,Last Name,Email\n1,Rao,rao@example.com\n2,Dee,dee@example.com\n";
    let world = World::new().await;
    let refused = import_with(&world, "", file).await;
    let reason = refused.reason.unwrap();
    assert_eq!(
        (refused.status, reason.code.as_str()),
        (RunStatus::Refused, "FOREIGN_IDS")
    );
    let advice = reason.action.split("leave it out: ").nth(1).unwrap();
    let followed = import_with(&world, advice, file).await;
    assert_eq!(followed.status, RunStatus::Complete, "{followed:?}");
    let mapped = import_with(&world, "[columns]\nID = 'External_ID'\n", file).await;
    assert_eq!(mapped.status, RunStatus::Complete, "{mapped:?}");
    assert_eq!(contact_named(&world, "Dee").unwrap()["External_ID"], "2");
    let one = "ID,Last Name,Email\n1,Rao,rao@example.com\n,Lee,lee@example.com\n";
    let partial = import_with(&world, "stop_after = 'never'\n", one).await;
    assert_eq!(partial.counts.rejects_by_code["INVALID_ID"], 1, "{partial:?}");
}

#[tokio::test]
async fn a_rejects_file_that_nobody_has_mended_says_so() {
    let world = World::new().await;
    let file = "Last Name,Email\nRao,rao@example\nDee,dee@example.com\n";
    let first = import_with(&world, "", file).await;
    let rejects = world.text(first.rejects_key.as_ref().unwrap());
    let again = import_with(&world, "", rejects.clone()).await;
    assert!(
        again
            .warnings
            .iter()
            .any(|warning| warning.contains("without mending them")),
        "{again:?}"
    );
    let mended = import_with(&world, "", rejects.replace("rao@example\n", "rao@example.com\n")).await;
    assert_eq!(mended.status, RunStatus::Complete, "{mended:?}");
    assert!(
        !mended.warnings.iter().any(|warning| warning.contains("mending")),
        "{mended:?}"
    );
}

#[tokio::test]
async fn several_values_are_spread_over_the_fields_that_the_mapping_names() {
    let world = World::new().await;
    let file =
        "Last Name,Fon\nA,030 1234567 / 0171 4567890\nB,030/1234567\nC,030 1234567; 0171 4567890; 0172 4567891\nD,\n";
    let mapping =
        "operation = 'insert'\nstop_after = 'never'\n[columns]\nFon = { field = 'Phone', rest = ['Mobile'] }\n";
    let report = import_with(&world, mapping, file).await;
    assert_eq!(
        (report.counts.inserted, report.counts.rejects_by_code["TWO_VALUES"]),
        (3, 1),
        "{report:?}"
    );
    let both = contact_named(&world, "A").unwrap();
    assert_eq!(
        (&both["Phone"], &both["Mobile"]),
        (&"030 1234567".into(), &"0171 4567890".into())
    );
    let one = contact_named(&world, "B").unwrap();
    assert_eq!((&one["Phone"], one["Mobile"].is_null()), (&"030 1234567".into(), true));
    let wrong = import_with(
        &world,
        "[columns]\nFon = { field = 'Phone', rest = ['Nowhere'] }\n",
        file,
    )
    .await;
    assert_eq!(wrong.reason.unwrap().code, "MAPPING_FIELD_UNKNOWN");
}

#[tokio::test]
async fn an_empty_column_that_is_another_written_otherwise_refuses_no_file() {
    let world = World::new().await;
    let empty = import_with(&world, "", "Last Name,Email,E-Mail\nRao,rao@example.com,\n").await;
    assert_eq!(
        (empty.status, empty.counts.inserted),
        (RunStatus::Complete, 1),
        "{empty:?}"
    );
    let filled = import_with(
        &world,
        "",
        "Last Name,Email,E-Mail\nRao,rao@example.com,b@example.com\n",
    )
    .await;
    assert_eq!(filled.reason.unwrap().code, "COLUMN_TWICE");
    let named = "[columns]\n'E-Mail' = 'Second_Email'\n";
    let both = import_with(&world, named, "Last Name,Email,E-Mail\nDee,dee@example.com,\n").await;
    assert_eq!(both.status, RunStatus::Complete, "{both:?}");
}

#[tokio::test]
async fn what_programs_have_broken_is_rejected_and_what_is_meant_is_not() {
    let world = World::new().await;
    let broken = [
        "M\u{FFFD}ller",
        "MÃ¼ller",
        "StraÃŸe",
        "Ãœber",
        "A\u{1B}$B",
        "[object Object]",
        "=\"01067",
        "#N/A N/A",
        "System.String[]",
        "=SUM(A1:A2)",
        "=HYPERLINK(\"https://example.com\",\"Boss\")",
        "\\N",
        "=?UTF-8?Q?M=C3=BCller?=",
    ];
    let sound = [
        "NESCAFÉ®",
        "São João",
        "[A] team",
        "Systems",
        "#1",
        "’90s",
        "5 €",
        "Ünal",
    ];
    let rows: String = broken
        .iter()
        .chain(&sound)
        .enumerate()
        .map(|(n, text)| format!("P{n},\"{}\"\n", text.replace('"', "\"\"")))
        .collect();
    let report = import_with(
        &world,
        "operation = 'insert'\nstop_after = 'never'\n",
        format!("Last Name,Title\n{rows}"),
    )
    .await;
    assert_eq!(report.counts.rejected, broken.len() as u64, "{report:?}");
    for (n, text) in sound.iter().enumerate() {
        assert_eq!(
            contact_named(&world, &format!("P{}", broken.len() + n)).unwrap()["Title"],
            *text
        );
    }
}
