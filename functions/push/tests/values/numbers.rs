//! Numbers, dates and what stands for no value.

use push::record::RepairKind;
use push::report::RunStatus;
use serde_json::{Value, json};

use crate::post::Post;
use crate::support::World;
use crate::{contact_named, import_with, send_with};

#[tokio::test]
async fn other_cells_of_a_file_say_what_a_comma_means() {
    let world = World::new().await;
    let mapping = "operation = 'insert'\nstop_after = 'never'\n";
    let english = import_with(&world, mapping, "Last Name,Loyalty_Points,Turnover\nA,\"1,234\",12.5\n").await;
    assert_eq!(
        (english.status, english.counts.inserted),
        (RunStatus::Complete, 1),
        "{english:?}"
    );
    assert_eq!(contact_named(&world, "A").unwrap()["Loyalty_Points"], 1234);
    assert_eq!(
        english
            .repairs
            .of(RepairKind::CommaBetweenThousands)
            .unwrap()
            .first_line,
        2
    );
    let german = import_with(
        &world,
        mapping,
        "Last Name,Loyalty_Points,Turnover\nB,\"1,234\",\nC,7,\"12,5\"\n",
    )
    .await;
    assert_eq!((german.counts.inserted, german.counts.rejected), (1, 1), "{german:?}");
    assert_eq!(german.counts.rejects_by_code["NUMBER_AMBIGUOUS"], 1);
    assert!(contact_named(&world, "B").is_none());
    let by_language = import_with(
        &world,
        &format!("{mapping}language = 'de'\n"),
        "Last Name,Loyalty_Points\nD,\"1,234\"\n",
    )
    .await;
    assert_eq!(by_language.counts.rejected, 1, "{by_language:?}");
}

#[tokio::test]
async fn scientific_notation_and_floats_are_what_the_field_takes() {
    let world = World::new().await;
    let file =
        "Last Name,Score,Turnover,Newsletter\nA,1.5E+05,1.5E+05,1.0\nB,2.5e3,2.5e3,0.0\nC,1E3,1E3,1\nD,1e-05,1e-05,0\n";
    let report = import_with(&world, "operation = 'insert'\nstop_after = 'never'\n", file).await;
    assert_eq!(
        (
            report.counts.inserted,
            report.counts.rejects_by_code["TOO_MANY_DECIMALS"]
        ),
        (3, 1),
        "{report:?}"
    );
    for (name, number, flag) in [("A", 150_000, true), ("B", 2_500, false), ("C", 1_000, true)] {
        let record = contact_named(&world, name).unwrap();
        assert_eq!(
            (record["Score"].as_f64(), record["Turnover"].as_f64()),
            (Some(f64::from(number)), Some(f64::from(number)))
        );
        assert_eq!(record["Newsletter"], flag);
    }
}

#[tokio::test]
async fn what_stands_for_no_value_keeps_or_clears_as_the_mapping_says() {
    let world = World::new().await;
    let before = "Last Name,Email,Phone,Birthday\nRao,a@example.com,+49 30 1234567,2001-02-03\n";
    import_with(&world, "", before).await;
    let nothing = "Last Name,Email,Phone,Birthday\nRao,a@example.com,N/A,0000-00-00\n";
    let kept = import_with(&world, "none = ['n/a']\n", nothing).await;
    assert_eq!((kept.status, kept.counts.updated), (RunStatus::Complete, 1), "{kept:?}");
    assert_eq!(kept.repairs.of(RepairKind::NoValue).map(|met| met.rows), Some(1));
    let record = contact_named(&world, "Rao").unwrap();
    assert_eq!(
        (&record["Phone"], &record["Birthday"]),
        (&json!("+49 30 1234567"), &json!("2001-02-03"))
    );
    let mapping = "none = ['n/a']\n[columns]\nPhone = { on_none = 'clear' }\n";
    let cleared = import_with(&world, mapping, nothing).await;
    assert_eq!(cleared.status, RunStatus::Complete, "{cleared:?}");
    let record = contact_named(&world, "Rao").unwrap();
    assert_eq!(
        (&record["Phone"], &record["Birthday"]),
        (&Value::Null, &json!("2001-02-03"))
    );
}

#[tokio::test]
async fn two_values_in_a_cell_are_rejected_or_the_first_is_taken_and_never_joined() {
    let world = World::new().await;
    let file =
        "Last Name,Phone,Email\nA,030 1234567 / 0171 4567890,\nB,030/1234567,\nC,,a@example.com; b@example.com\n";
    let report = import_with(&world, "operation = 'insert'\nstop_after = 'never'\n", file).await;
    assert_eq!(
        (report.counts.inserted, report.counts.rejects_by_code["TWO_VALUES"]),
        (1, 2),
        "{report:?}"
    );
    assert_eq!(contact_named(&world, "B").unwrap()["Phone"], "030 1234567");
    let mapping = "operation = 'insert'\n[columns]\nPhone = { first = true }\nEmail = { first = true }\n";
    let report = import_with(&world, mapping, file.replace("B,030/1234567,\n", "")).await;
    assert_eq!(
        (report.status, report.counts.inserted),
        (RunStatus::Complete, 2),
        "{report:?}"
    );
    assert_eq!(contact_named(&world, "A").unwrap()["Phone"], "030 1234567");
    assert_eq!(contact_named(&world, "C").unwrap()["Email"], "a@example.com");
    assert_eq!(report.repairs.of(RepairKind::FirstTaken).unwrap().rows, 2);
}

#[tokio::test]
async fn a_telephone_number_that_is_respelt_is_said_to_be() {
    let world = World::new().await;
    let numbers = [
        ("٠٣٠ ١٢٣٤٥٦٧", "030 1234567"),
        ("+۴۹ ۳۰ ۱۲۳۴۵۶۷", "+49 30 1234567"),
        ("०३० १२३४५६७", "030 1234567"),
        ("０３０－１２３４５６７", "030-1234567"),
        ("030–1234567", "030-1234567"),
        ("030/1234567", "030 1234567"),
        ("030 1234567", "030 1234567"),
    ];
    let rows: String = numbers
        .iter()
        .enumerate()
        .map(|(n, (number, _))| format!("P{n},{number}\n"))
        .collect();
    let report = import_with(&world, "operation = 'insert'\n", format!("Last Name,Phone\n{rows}")).await;
    assert_eq!(report.status, RunStatus::Complete, "{report:?}");
    for (n, (_, sent)) in numbers.iter().enumerate() {
        assert_eq!(contact_named(&world, &format!("P{n}")).unwrap()["Phone"], *sent);
    }
    let met = report.repairs.of(RepairKind::Respelt).unwrap();
    assert_eq!((met.rows, met.first_line), (6, 2));
    assert!(
        report
            .warnings
            .iter()
            .any(|warning| warning.starts_with("respelt: 6 rows, the first on line 2, in Phone.")),
        "{:?}",
        report.warnings
    );
}

#[tokio::test]
async fn a_message_is_read_as_a_file_is() {
    let post = Post::open().await;
    let records = [
        json!({"Last_Name": "A", "Email": "mailto:\u{200B}ann@example.com?subject=Hi", "Mailing_Zip": "=\"01067\"", "Birthday": "0000-00-00"}),
        json!({"Last_Name": "B\0", "Email": "b@example.com"}),
        json!({"Last_Name": "C", "Email": "c@example.com", "Phone": "030 1234567 / 0171 4567890"}),
        json!({"Last_Name": "D", "Email": "d@example.com", "Title": "#REF!"}),
        json!({"Last_Name": "E", "Email": "e@example.com", "Tag": ["\0"]}),
    ];
    let answer = send_with(&post, "", &records).await;
    assert_eq!(
        answer["rejects_by_code"],
        json!({"CONTROL_CHARACTER": 2, "TWO_VALUES": 1, "SPREADSHEET_DAMAGE": 1}),
        "{answer}"
    );
    assert_eq!(
        answer["repairs"]["no_value"],
        json!({"rows": 1, "first_line": 1, "first_field": "Birthday"})
    );
    let record = contact_named(&post.world, "A").unwrap();
    assert_eq!(
        (&record["Email"], &record["Mailing_Zip"]),
        (&json!("ann@example.com"), &json!("01067"))
    );
    assert_eq!(post.world.records("Contacts").len(), 1);
}
