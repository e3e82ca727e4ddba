//! Advice: each that a refusal gives is followed here. The file with the advised mapping, or with the advised change, is then
//! accepted, or refused for another reason.

use push::report::{Report, RunStatus};

use crate::import_with;
use crate::support::World;

/// Each refusal with what follows its advice.
struct Followed {
    code: &'static str,
    mapping: &'static str,
    file: &'static [u8],
    /// Words of the advice that is followed, ...
    advice: &'static str,
    /// ... and what they come to: another mapping, or another file.
    then: Then,
}

enum Then {
    Mapping(&'static str),
    File(&'static [u8]),
}
use Then::{File, Mapping};

const fn followed(
    code: &'static str,
    mapping: &'static str,
    file: &'static [u8],
    advice: &'static str,
    then: Then,
) -> Followed {
    Followed {
        code,
        mapping,
        file,
        advice,
        then,
    }
}

const INSERT: &str = "operation = 'insert'\n";
const TURKISH: &[u8] = b"Last Name,Mailing City\nI\xfe\xfdl,Bal\xfdkesir\nMac,\x8e\n";

const CASES: &[Followed] = &[
    followed(
        "ENCODING_UNKNOWN",
        INSERT,
        TURKISH,
        "encoding = ",
        Mapping("operation = 'insert'\nencoding = 'windows-1254'\n"),
    ),
    followed(
        "ENCODING_UNKNOWN",
        INSERT,
        TURKISH,
        "save it as CSV UTF-8",
        File("Last Name,Mailing City\nIşıl,Balıkesir\n".as_bytes()),
    ),
    followed(
        "ENCODING_CONTRADICTED",
        "operation = 'insert'\nencoding = 'windows-1252'\n",
        "Last Name\nMüller\nJäger\nKöhler\n".as_bytes(),
        "take encoding out of the mapping",
        Mapping(INSERT),
    ),
    followed(
        "HEADER_UNNAMED",
        INSERT,
        b"Last Name,,Title\nRao,5,Boss\n",
        "ignore = [\"\"]",
        Mapping("operation = 'insert'\nignore = [\"\"]\n"),
    ),
    followed(
        "HEADER_UNNAMED",
        INSERT,
        b"Last Name,,Title\nRao,5,Boss\n",
        "take the column out",
        File(b"Last Name,Title\nRao,Boss\n"),
    ),
    followed(
        "HEADER_DUPLICATE",
        INSERT,
        b"Last Name,Title,Title\nRao,a,b\n",
        "name it in the mapping's ignore",
        Mapping("operation = 'insert'\nignore = ['Title']\n"),
    ),
    followed(
        "HEADER_DUPLICATE",
        INSERT,
        b"Last Name,Title,Title\nRao,a,b\n",
        "rename one of the two",
        File(b"Last Name,Title,Department\nRao,a,b\n"),
    ),
    followed(
        "COLUMN_UNKNOWN",
        INSERT,
        b"Customers of November\nLast Name,Title\nRao,Boss\n",
        "skip_first = 1",
        Mapping("operation = 'insert'\nskip_first = 1\n"),
    ),
    followed(
        "COLUMN_UNKNOWN",
        INSERT,
        b"Customers of November,,\nLast Name,Title,\nRao,Boss,\n",
        "skip_first = 1",
        Mapping("operation = 'insert'\nskip_first = 1\n"),
    ),
    followed(
        "COLUMN_UNKNOWN",
        INSERT,
        b"Last Name,Shoe Size\nRao,44\n",
        "under ignore",
        Mapping("operation = 'insert'\nignore = ['Shoe Size']\n"),
    ),
    followed(
        "COLUMN_UNKNOWN",
        INSERT,
        b"Last Name,Shoe Size\nRao,44\n",
        "name its field under [columns]",
        Mapping("operation = 'insert'\n[columns]\n'Shoe Size' = 'Score'\n"),
    ),
    followed(
        "COLUMN_UNKNOWN",
        INSERT,
        b"Last Name,Shoe Size\nRao,44\n",
        "rename the column",
        File(b"Last Name,Score\nRao,44\n"),
    ),
    followed(
        "COLUMN_READ_ONLY",
        INSERT,
        b"Last Name,Created Time\nRao,2026-01-01\n",
        "ignore = [\"Created Time\"]",
        Mapping("operation = 'insert'\nignore = [\"Created Time\"]\n"),
    ),
    followed(
        "COLUMN_TWICE",
        INSERT,
        b"Last Name,Email,E-Mail\nRao,a@example.com,b@example.com\n",
        "ignore = [\"E-Mail\"]",
        Mapping("operation = 'insert'\nignore = [\"E-Mail\"]\n"),
    ),
    followed(
        "COLUMN_TWICE",
        "operation = 'insert'\n[constants]\nTitle = 'Boss'\n",
        b"Last Name,Title\nRao,Cook\n",
        "take the constant out",
        Mapping(INSERT),
    ),
    followed(
        "COLUMN_TWICE",
        "operation = 'insert'\n[constants]\nTitle = 'Boss'\n",
        b"Last Name,Title\nRao,Cook\n",
        "under ignore",
        Mapping("operation = 'insert'\nignore = ['Title']\n[constants]\nTitle = 'Boss'\n"),
    ),
    followed(
        "MANDATORY_COLUMN_MISSING",
        INSERT,
        b"Email\na@example.com\n",
        "under [constants]",
        Mapping("operation = 'insert'\n[constants]\nLast_Name = 'Unnamed person'\n"),
    ),
    followed(
        "MANDATORY_COLUMN_MISSING",
        INSERT,
        b"Email\na@example.com\n",
        "add the column",
        File(b"Email,Last Name\na@example.com,Rao\n"),
    ),
    followed(
        "MATCH_COLUMN_MISSING",
        "",
        b"Last Name\nRao\n",
        "operation = \"insert\"",
        Mapping("operation = \"insert\"\n"),
    ),
    followed(
        "MATCH_COLUMN_MISSING",
        "",
        b"Last Name,External_ID\nRao,K-1007\n",
        "name another unique field in match_on",
        Mapping("match_on = ['External_ID']\n"),
    ),
    followed(
        "ID_COLUMN_MISSING",
        "operation = 'delete'\n",
        b"Last Name\nRao\n",
        "add the column",
        File(b"Last Name,id\nRao,4876876000000624001\n"),
    ),
    followed(
        "MATCH_FIELD_UNKNOWN",
        "match_on = ['Shoe Size']\n",
        b"Last Name,Email\nRao,a@example.com\n",
        "name a unique field",
        Mapping("match_on = ['Email']\n"),
    ),
    followed(
        "MATCH_FIELD_NOT_UNIQUE",
        "match_on = ['Title']\n",
        b"Last Name,Title,Email\nRao,Boss,a@example.com\n",
        "name a unique field",
        Mapping("match_on = ['Email']\n"),
    ),
    followed(
        "MAPPING_FIELD_UNKNOWN",
        "operation = 'insert'\n[columns]\nA = 'Shoe Size'\n",
        b"Last Name,A\nRao,44\n",
        "correct the field",
        Mapping("operation = 'insert'\n[columns]\nA = 'Score'\n"),
    ),
    followed(
        "MAPPING_FIELD_UNKNOWN",
        "operation = 'insert'\n[constants]\n'Shoe Size' = 44\n",
        b"Last Name\nRao\n",
        "correct the name",
        Mapping("operation = 'insert'\n[constants]\nScore = 44\n"),
    ),
    followed(
        "CONSTANT_INVALID",
        "operation = 'insert'\n[constants]\nScore = 'many'\n",
        b"Last Name\nRao\n",
        "correct the value",
        Mapping("operation = 'insert'\n[constants]\nScore = 44\n"),
    ),
    followed(
        "FOREIGN_IDS",
        "",
        b"ID,Last Name,Email\n1,Rao,rao@example.com\n2,Dee,dee@example.com\n",
        "ignore = [\"ID\"]",
        Mapping("ignore = [\"ID\"]\n"),
    ),
    followed(
        "SAME_KEY",
        "same_key = 'reject'\n",
        b"Last Name,Email\nRao,a@example.com\nDee,a@example.com\n",
        "same_key = \"warn\"",
        Mapping("same_key = \"warn\"\n"),
    ),
    followed(
        "UNCLOSED_QUOTE",
        INSERT,
        b"Last Name,Title\nRao,\"5 inch\nDee,Cook\n",
        "double it",
        File(b"Last Name,Title\nRao,\"\"\"5 inch\"\nDee,Cook\n"),
    ),
    followed(
        "STRAY_QUOTE",
        INSERT,
        b"Last Name,\"Tit\"le\nRao,Boss\n",
        "take them out",
        File(b"Last Name,Title\nRao,Boss\n"),
    ),
    followed(
        "NO_HEADER",
        INSERT,
        b"Rao,rao@example.com\nDee,dee@example.com\n",
        "put a header",
        File(b"Last Name,Email\nRao,rao@example.com\nDee,dee@example.com\n"),
    ),
    followed(
        "OTHER_HEADER",
        INSERT,
        b"Last Name,Title\nRao,Boss\nTitle,Last Name\nCook,Dee\n",
        "put them one by one",
        File(b"Title,Last Name\nCook,Dee\n"),
    ),
    followed(
        "EMPTY_FILE",
        "operation = 'insert'\nskip_first = 9\n",
        b"Last Name\nRao\n",
        "correct skip_first",
        Mapping(INSERT),
    ),
    followed(
        "JSON_CONTENT",
        INSERT,
        b"{\"Last_Name\": \"Rao\"}\n",
        "name it .json",
        File(b"Last Name\nRao\n"),
    ),
    followed(
        "TOO_MANY_REJECTS",
        "operation = 'insert'\nstop_after = 1\n",
        b"Last Name,Email\nRao,no address\nDee,neither\nLee,lee@example.com\n",
        "",
        File(b"Last Name,Email\nRao,rao@example.com\nDee,dee@example.com\nLee,lee@example.com\n"),
    ),
];

fn code(report: &Report) -> &str {
    report.reason.as_ref().map_or("", |reason| reason.code.as_str())
}

#[tokio::test]
async fn what_a_refusal_advises_helps() {
    for (place, case) in CASES.iter().enumerate() {
        let world = World::new().await;
        let name = format!("case {place}, {}", case.code);
        let refused = import_with(&world, case.mapping, case.file).await;
        assert_eq!(code(&refused), case.code, "{name}: {refused:?}");
        let action = refused.reason.as_ref().map(|reason| reason.action.clone()).unwrap();
        assert!(action.contains(case.advice), "{name}: {action}");
        assert_eq!(world.write_calls(), 0, "{name}: something was sent");
        let then = match case.then {
            Mapping(mapping) => import_with(&world, mapping, case.file).await,
            File(file) => import_with(&world, case.mapping, file).await,
        };
        assert_ne!(code(&then), case.code, "{name}: {then:?}");
        let is_accepted = matches!(then.status, RunStatus::Complete | RunStatus::Partial);
        assert!(is_accepted || then.status == RunStatus::Refused, "{name}: {then:?}");
    }
}
