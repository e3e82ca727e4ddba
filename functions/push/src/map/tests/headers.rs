//! Headers and mappings.

use bigin::Operation;
use serde_json::json;

use super::*;

fn refusal(names: &[&str], text: &str) -> HeaderFault {
    mapper_with(names, text, Stages::default()).expect_err("the header is refused")
}

#[test]
fn headers_match_by_api_name_label_and_common_names() {
    let mapper = mapper(
        &[
            "last name",
            "FIRST_NAME",
            "E-Mail",
            "Kundennummer",
            "company",
            "Tags",
            "Contact Owner",
        ],
        "tags = 'replace'",
    );
    let row = [
        "Rao",
        "Anita",
        "anita@example.com",
        "K-1",
        "4876876000000624001",
        "VIP, neu",
        "4876876000000100001",
    ];
    assert_eq!(
        record(&mapper, &row),
        json!({"Last_Name": "Rao", "First_Name": "Anita", "Email": "anita@example.com", "Customer_No": "K-1",
            "Account_Name": {"id": "4876876000000624001"}, "Tag": [{"name": "VIP"}, {"name": "neu"}],
            "Owner": {"id": "4876876000000100001"}})
    );
    assert_eq!(mapper.shape().match_on, ["Email"]);
    assert_eq!(mapper.shape().operation, Operation::Upsert);
    assert!(mapper.shape().trigger.is_empty());
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn a_header_that_is_wrong_refuses_the_file_and_names_the_column() {
    for (names, text, code, column, hint) in [
        (
            &["Last Name", "Emial"][..],
            "",
            codes::COLUMN_UNKNOWN,
            Some("Emial"),
            "did you mean Email",
        ),
        (
            &["Last Name", "Email", "Full Name"],
            "",
            codes::COLUMN_READ_ONLY,
            Some("Full Name"),
            "Full_Name",
        ),
        (
            &["Last Name", "Email", "Phone 2"],
            "",
            codes::COLUMN_AMBIGUOUS,
            Some("Phone 2"),
            "Phone1 or Phone3",
        ),
        (
            &["Last Name", "Email", "e-mail"],
            "",
            codes::COLUMN_TWICE,
            Some("e-mail"),
            "\"Email\" and \"e-mail\"",
        ),
        (
            &["Email"],
            "",
            codes::MANDATORY_COLUMN_MISSING,
            Some("Last Name"),
            "Last_Name",
        ),
        (&["Last Name"], "", codes::MATCH_COLUMN_MISSING, Some("Email"), "Email"),
        (
            &["Last Name", "Email"],
            "match_on = 'Phone'",
            codes::MATCH_FIELD_NOT_UNIQUE,
            None,
            "Email, Customer_No",
        ),
        (
            &["Last Name", "Email"],
            "match_on = 'Emial'",
            codes::MATCH_FIELD_UNKNOWN,
            None,
            "did you mean Email",
        ),
        (
            &["Last Name", "Email"],
            "operation = 'update'",
            codes::ID_COLUMN_MISSING,
            Some("id"),
            "\"id\"",
        ),
        (
            &["Last Name", "M"],
            "[columns]\nM = 'Emial'",
            codes::MAPPING_FIELD_UNKNOWN,
            Some("M"),
            "did you mean Email",
        ),
        (
            &["Last Name", "Email"],
            "[columns]\nEmail = { date = 'dd.MM.yyyy' }",
            codes::MAPPING_FIELD_UNKNOWN,
            Some("Email"),
            "Email is no date",
        ),
        (
            &["Last Name", "Email"],
            "[constants]\nPhnoe = '1'",
            codes::MAPPING_FIELD_UNKNOWN,
            None,
            "did you mean Phone",
        ),
        (
            &["Last Name", "Email"],
            "[constants]\nSource = 'TV'",
            codes::CONSTANT_INVALID,
            None,
            "Web, Messe",
        ),
        (
            &["Last Name", "Email"],
            "[constants]\nEmail = 'a@b.example'",
            codes::COLUMN_TWICE,
            Some("Email"),
            "[constants]",
        ),
        (
            &["Last Name", "Email"],
            "[lookup.Phone]\nby = 'x'",
            codes::MAPPING_FIELD_UNKNOWN,
            None,
            "lookup.Phone",
        ),
    ] {
        let fault = refusal(names, text);
        assert_eq!((fault.code, fault.column.as_deref()), (code, column), "{fault:?}");
        assert!(fault.message.contains(hint), "{hint} is missing in: {}", fault.message);
        assert!(!fault.action.is_empty());
    }
}

#[test]
fn all_faults_of_a_header_are_told_at_once() {
    let fault = refusal(&["Last Name", "Emial", "Foo", "Created Time"], "");
    for column in ["Emial", "Foo", "Created Time"] {
        assert!(fault.message.contains(column), "{}", fault.message);
    }
}

#[test]
fn a_mapping_renames_ignores_and_adds() {
    let mapper = mapper(
        &[
            "Nachname",
            "Mail",
            "intern",
            "Umsatz",
            "geb.",
            "_line",
            "_code",
            "_record_id",
            "",
        ],
        r#"
        match_on = ["Kundennummer", "Email"]
        without_key = "insert"
        tags = "replace"
        ignore = ["Intern"]
        [columns]
        Nachname = "Last_Name"
        mail = "Email"
        Umsatz = { number = "1.234,56" }
        "geb." = { field = "Birthday", date = "dd.MM.yyyy" }
        [constants]
        Source = "Messe"
        Tag = ["import"]
        Last_Seen = 2026-07-01T09:30:00
        "#,
    );
    assert_eq!(
        record(
            &mapper,
            &[
                "Müller",
                "m@example.com",
                "x",
                "1.234",
                "03.04.1980",
                "7",
                "INVALID_DATA",
                ""
            ]
        ),
        json!({"Last_Name": "Müller", "Email": "m@example.com", "Revenue": 1234, "Birthday": "1980-04-03",
            "Source": "Messe", "Tag": [{"name": "import"}], "Last_Seen": "2026-07-01T09:30:00+02:00"})
    );
    assert!(
        mapper.warnings().iter().any(|warning| warning.contains("no name")),
        "{:?}",
        mapper.warnings()
    );
    assert!(mapper.inserts_without_key());
}
