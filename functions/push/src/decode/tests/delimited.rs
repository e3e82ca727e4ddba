use super::*;
use crate::decode::ShortRows;
use crate::decode::{Format, LineEnd};
use crate::record::RepairKind;

#[test]
fn a_plain_file_is_read_with_lines_counted_from_the_header() {
    let rows = rows("c.csv", "Last Name,Email\nRao,rao@example.com\nNúñez,n@example.com\n");
    assert_eq!(lines(&rows), [2, 3]);
    assert_eq!(cells_of(&rows[1]), ["Núñez", "n@example.com"]);
    assert_eq!(rows[0].raw(), "Rao,rao@example.com");
}

#[test]
fn many_scripts_and_delimiters_are_read() {
    for (name, text, delimiter, expected) in [
        (
            "ru.csv",
            "Фамилия;Город\nИванов;Санкт-Петербург\n",
            ';',
            ["Иванов", "Санкт-Петербург"],
        ),
        (
            "ja.tsv",
            "姓\t会社\n山田\tヤマダ電機、株式会社\n",
            '\t',
            ["山田", "ヤマダ電機、株式会社"],
        ),
        ("ar.csv", "الاسم|المدينة\nمحمد|القاهرة\n", '|', ["محمد", "القاهرة"]),
        ("he.csv", "שם,עיר\nכהן,\"תל אביב, יפו\"\n", ',', ["כהן", "תל אביב, יפו"]),
        ("emoji.csv", "Name,Mood\n👩‍👩‍👧 Ltd,🎉\n", ',', ["👩‍👩‍👧 Ltd", "🎉"]),
        ("hi.txt", "नाम\tशहर\nराव\tमुंबई\n", '\t', ["राव", "मुंबई"]),
        ("th.csv", "ชื่อ;เมือง\nสมชาย;กรุงเทพฯ\n", ';', ["สมชาย", "กรุงเทพฯ"]),
    ] {
        assert_eq!(form(name, text.as_bytes()).unwrap().delimiter, delimiter, "{name}");
        assert_eq!(cells(name, text), [expected], "{name}");
    }
}

#[test]
fn the_delimiter_is_found_where_others_stand_in_cells() {
    for (text, delimiter, columns) in [
        ("Name;Amount,EUR;City\nRao;1,50;Pune\nLi;2,75;Xi'an\n", ';', 3),
        ("Amount,EUR;City\n1,50;Pune\n2,75;Xi'an\n", ';', 2),
        ("\"Name; full\",City,Zip\n\"Rao; Asha\",Pune,1\n", ',', 3),
        ("Name,Phone|Mobile,City\na,1|2,b\nc,3|4,d\n", ',', 3),
        ("Name\tNote\na\tone, two; three | four\nb\tfive, six\n", '\t', 2),
        ("Name,Street\nRao,\"12; Hill Road\"\nLi,\"9; Lake\"\n", ',', 2),
        ("Last;First\nOnly;\n", ';', 2),
    ] {
        let form = form("x.csv", text.as_bytes()).unwrap();
        assert_eq!((form.delimiter, form.header.len()), (delimiter, columns), "{text}");
    }
}

#[test]
fn one_column_is_enough() {
    assert_eq!(
        cells("x.csv", "Email\na@example.com\n\nb@example.com"),
        [["a@example.com"], ["b@example.com"]]
    );
}

#[test]
fn excels_separator_line_is_understood() {
    let text = "sep=,\r\nName,Amount;EUR;x;y\r\nRao,1\r\n";
    let form = form("x.csv", text.as_bytes()).unwrap();
    assert_eq!(
        (form.delimiter, form.sep_line, form.header.len(), form.line_end),
        (',', true, 2, LineEnd::CrLf)
    );
    let rows = rows("x.csv", text);
    assert_eq!(
        (lines(&rows), cells_of(&rows[0])),
        (vec![3], vec!["Rao".to_owned(), "1".to_owned()])
    );
}

#[test]
fn quotes_hold_delimiters_line_breaks_and_doubled_quotes() {
    let text = "Name,Note,Zip\r\n\"O\"\"Neil, Ann\",\"first\r\nsecond\n\nfourth\",1\r\n5\" pipe,\"\"\"\",\"\"\r\n";
    let rows = rows("x.csv", text);
    assert_eq!(cells_of(&rows[0]), ["O\"Neil, Ann", "first\r\nsecond\n\nfourth", "1"]);
    assert_eq!(cells_of(&rows[1]), ["5\" pipe", "\"", ""]);
    assert_eq!(lines(&rows), [2, 6]);
    assert_eq!(rows[0].raw(), "\"O\"\"Neil, Ann\",\"first\r\nsecond\n\nfourth\",1");
}

#[test]
fn every_line_end_is_understood_and_a_stray_return_is_content() {
    for text in [
        "a,b\n1,2\n3,4",
        "a,b\r\n1,2\r\n3,4\r\n",
        "a,b\r1,2\r3,4\r",
        "a,b\r\r\n1,2\r\r\n3,4\r\r\n",
        "a,b\n1,2\r\n3,4\n\n",
    ] {
        assert_eq!(cells("x.csv", text), [["1", "2"], ["3", "4"]], "{text:?}");
    }
    assert_eq!(cells("x.csv", "a,b\n1,x\ry\n"), [["1", "x\ry"]]);
    assert_eq!(lines(&rows("x.csv", "a,b\r1,2\r\r\"3\r\",4\r5,6")), [2, 4, 6]);
}

#[test]
fn blank_lines_and_rows_of_delimiters_are_no_rows_but_count_as_lines() {
    let rows = rows("x.csv", "\n\na,b\n\n1,2\n , \n,,,\n\"\",\n3,4\n\n\n,\n");
    assert_eq!(lines(&rows), [5, 9]);
}

#[test]
fn a_short_row_is_no_record_unless_the_mapping_accepts_it() {
    let text = "a,b,c\n1\n1,2,3\n1,2\n";
    assert_eq!(
        cells("x.csv", text),
        [vec!["!NOT_A_RECORD"], vec!["1", "2", "3"], vec!["!NOT_A_RECORD"]]
    );
    let accepting = FileRules {
        short_rows: ShortRows::Accept,
        ..FileRules::default()
    };
    let rows = rows_by(&accepting, text);
    assert_eq!(
        rows.iter().map(cells_of).collect::<Vec<_>>(),
        [vec!["!NOT_A_RECORD"], vec!["1", "2", "3"], vec!["1", "2"]]
    );
    assert_eq!(
        rows[2].repairs.iter().collect::<Vec<_>>(),
        [(RepairKind::CellsMissing, None)]
    );
}

#[test]
fn a_long_row_is_broken_and_keeps_its_text_but_empty_cells_do_not_count() {
    let rows = rows("x.csv", "a,b,,\n1,2,x\n1,2,,,,\n");
    assert_eq!(cells_of(&rows[0]), ["!TOO_MANY_CELLS"]);
    assert_eq!(rows[0].raw(), "1,2,x");
    assert_eq!(cells_of(&rows[1]), ["1", "2"]);
}

#[test]
fn text_behind_a_closing_quote_breaks_the_row_alone_and_blanks_do_not() {
    let rows = rows("x.csv", "a,b\n\"5\" pipe,x\n\"5\" ,x\n1,2\n");
    assert_eq!(
        rows.iter().map(cells_of).collect::<Vec<_>>(),
        [vec!["!STRAY_QUOTE"], vec!["5", "x"], vec!["1", "2"]]
    );
    let Content::Broken(reject) = rows[0].content() else {
        panic!()
    };
    assert_eq!(
        (reject.field.as_deref(), reject.message.contains("pipe")),
        (Some("a"), false)
    );
}

#[test]
fn an_unclosed_quote_is_refused_with_the_line_on_which_it_was_opened() {
    let fault = fault("x.csv", "a,b\n1,\"2\n\"\n1,\"open\n3,4\n5,6\n");
    assert_eq!(
        (fault.code.as_str(), fault.line, fault.column),
        ("UNCLOSED_QUOTE", Some(4), Some(2))
    );
    let fault = super::fault("x.csv", "a,b\n\"x\ny\",\"open\n3,4\n");
    assert_eq!(
        (fault.code.as_str(), fault.line, fault.column),
        ("UNCLOSED_QUOTE", Some(3), Some(2))
    );
}

#[test]
fn header_only_is_no_row_and_no_fault() {
    for text in ["Name,Email", "Name,Email\r\n", "\u{feff}Name,Email\n\n\n"] {
        assert_eq!(rows("x.csv", text).len(), 0, "{text:?}");
    }
}

#[test]
fn a_header_may_be_quoted_marked_and_blank_padded() {
    let form = form(
        "x.csv",
        "\u{feff}\" Last \"\"Name\"\"\" , E-mail ,\"Two\nlines\",\n".as_bytes(),
    )
    .unwrap();
    assert_eq!(form.header, ["Last \"Name\"", "E-mail", "Two\nlines"]);
    assert_eq!((form.bom, form.start.line, form.format), (true, 3, Format::Delimited));
    assert_eq!(form.header_text, "\" Last \"\"Name\"\"\" , E-mail ,\"Two\nlines\",");
}

#[test]
fn headers_that_cannot_be_used_are_told_apart() {
    for (text, code, column) in [
        ("", "EMPTY_FILE", None),
        ("\u{feff}\n\r\n  \n", "EMPTY_FILE", None),
        ("a,b,a\n1,2,3\n", "HEADER_DUPLICATE", Some(3)),
        (",name\n0,Rao\n", "HEADER_UNNAMED", Some(1)),
        ("\"\",\" \"\n1,2\n", "HEADER_UNNAMED", None),
        ("Rao,rao@example.com\nLi,li@example.com\n", "NO_HEADER", None),
        ("2024-01-01,17\n2024-01-02,18\n", "NO_HEADER", None),
        ("\"a\"x,b\n1,2\n", "STRAY_QUOTE", Some(1)),
        ("\"a,b\n1,2\n", "UNCLOSED_QUOTE", Some(1)),
    ] {
        let fault = fault("x.csv", text);
        assert_eq!((fault.code.as_str(), fault.column), (code, column), "{text:?}");
        assert!(!fault.to_string().contains("rao@"), "{fault}");
    }
}

#[test]
fn sizes_are_limited_with_line_and_column() {
    let limits = Limits {
        cell: 10,
        row: 40,
        columns: 3,
        header: 30,
        ..Limits::default()
    };
    let text = b"a,b\n1,0123456789\n1,0123456789x\nsmall,row\n";
    let form = form_within("x.csv", text, true, &FileRules::default(), &limits).unwrap();
    let reading = read(&form, limits, text);
    let codes: Vec<_> = reading.rows.iter().map(|(_, row)| cells_of(row).remove(0)).collect();
    assert_eq!(codes, ["1", "!CELL_TOO_LONG", "small"]);

    let row = |bytes: usize| format!("a,b\n1,{}2\n", " ".repeat(bytes - 3));
    assert_eq!(read(&form, limits, row(40).as_bytes()).fault, None);
    let fault = read(&form, limits, row(41).as_bytes()).fault.unwrap();
    assert_eq!(fault.code, "ROW_TOO_LONG");
    assert!(fault.to_string().contains("more than 40 bytes"), "{fault}");
    let text = format!("a,b\n1,2\n{}\n", "x".repeat(41));
    let fault = read(&form, limits, text.as_bytes()).fault.unwrap();
    assert_eq!(
        (fault.code.as_str(), fault.line, fault.column),
        ("ROW_TOO_LONG", Some(3), None)
    );
    let text = format!("a,b\n1,\"2\n{}", "open,\n".repeat(41));
    let fault = read(&form, limits, text.as_bytes()).fault.unwrap();
    assert_eq!(
        (fault.code.as_str(), fault.line, fault.column),
        ("ROW_TOO_LONG", Some(2), Some(2))
    );

    let refused = |text: &str| {
        form_within("x.csv", text.as_bytes(), true, &FileRules::default(), &limits)
            .unwrap_err()
            .code
    };
    let taken = |text: &str| {
        form_within("x.csv", text.as_bytes(), true, &FileRules::default(), &limits).map(|form| form.header.len())
    };
    assert_eq!(taken("a,b,c\n"), Ok(3));
    assert_eq!(refused("a,b,c,d\n"), "TOO_MANY_COLUMNS");
    assert_eq!(taken("a-rather-long-name,another-one\n"), Ok(2), "30 bytes");
    assert_eq!(
        refused("a-rather-long-name,another-oney\n"),
        "HEADER_TOO_LONG",
        "31 bytes"
    );
    assert_eq!(refused("a-rather-long-name,another-long-name\n"), "HEADER_TOO_LONG");
    let half = form_within("x.csv", b"a,b,c", false, &FileRules::default(), &limits).unwrap_err();
    assert_eq!(half.code, "HEADER_TOO_LONG");
}

#[test]
fn debug_shows_no_content() {
    let row = &rows("x.csv", "Name,Email\nRao,rao@example.com\n")[0];
    assert_eq!(format!("{row:?}"), "Row(line 2, 2 cells, 19 bytes)");
}

/// Lines that are no records, however the file is written: `D` stands for the delimiter.
const NO_RECORDS: [&str; 16] = [
    "last nameDcityDturnover",
    "Last_NameDCityDTurnover",
    "---------D----D--------",
    "--D--D---",
    "NULLDNULLDNULL",
    "N/ADN/ADN/A",
    "GesamtergebnisDD31.00",
    "Total généralDD31.00",
    "総計DD31.00",
    "Общий итогDD31.00",
    "VégösszegDD31.00",
    "DTotalD31.00",
    "(2 rows affected)DD",
    "<br />DD",
    "PHP Notice:  Undefined index: x in /var/www/x.php on line 3DD",
    "Copyright (c) AcmeDD",
];

#[test]
fn lines_that_are_no_records_are_told_from_records_in_every_dialect_and_place() {
    for delimiter in [',', ';', '\t', '|'] {
        for line_end in ["\n", "\r\n"] {
            for line in NO_RECORDS {
                for place in 0..3 {
                    let mut rows = vec!["RaoDLeedsD10.50", "TotaloDYorkD20.50", "DDParis"];
                    rows.insert(place, line);
                    let text = format!("Last NameDCityDTurnover\n{}\n", rows.join("\n"));
                    let text = text.replace('D', &delimiter.to_string()).replace('\n', line_end);
                    let read = cells("x.csv", &text);
                    assert_eq!(
                        read[place],
                        ["!NOT_A_RECORD"],
                        "{line} with {delimiter:?} at {place}: {read:?}"
                    );
                    assert_eq!(
                        read.iter().filter(|row| row[0] == "!NOT_A_RECORD").count(),
                        1,
                        "{line}: {read:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_blank_cell_is_no_name_of_a_nameless_column() {
    let text = ",Last Name,,Email\n,Rao,,rao@example.com\n";
    assert_eq!(cells("x.csv", text), [["", "Rao", "", "rao@example.com"]]);
}
