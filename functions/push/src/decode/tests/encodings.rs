use super::*;
use crate::decode::Encoding;

const SAMPLE: &str = "Name;City\r\nMüller;Köln\r\n山田;東京\r\n𝒳 Ltd;\"São\r\nPaulo\"\r\n";

#[test]
fn utf_16_is_read_with_and_without_a_mark() {
    for little_endian in [true, false] {
        for mark in ["\u{feff}", ""] {
            let bytes = utf16(&format!("{mark}{SAMPLE}"), little_endian);
            let form = form("x.csv", &bytes).unwrap();
            let expected = if little_endian {
                Encoding::Utf16Le
            } else {
                Encoding::Utf16Be
            };
            assert_eq!((form.encoding, form.bom), (expected, !mark.is_empty()));
            assert_eq!(form.warnings.is_empty(), !mark.is_empty());
            let rows = rows("x.csv", &bytes);
            assert_eq!(lines(&rows), [2, 3, 4]);
            assert_eq!(cells_of(&rows[2]), ["𝒳 Ltd", "São\r\nPaulo"]);
        }
    }
}

#[test]
fn utf_16_in_which_a_character_is_cut_breaks_its_row_alone() {
    let mut bytes = utf16("\u{feff}a,b\n1,x\n3,4\n", true);
    let at = bytes.windows(2).position(|unit| unit == b"x\0").unwrap();
    bytes[at..at + 2].copy_from_slice(&0xd83d_u16.to_le_bytes());
    assert_eq!(cells("x.csv", &bytes), [vec!["!INVALID_ENCODING"], vec!["3", "4"]]);
    bytes.pop();
    assert_eq!(cells("x.csv", &bytes)[1], ["!INVALID_ENCODING"]);
}

#[test]
fn windows_1252_is_told_by_its_letters_and_said() {
    let text = b"Name;Stra\xdfe;Preis\nM\xfcller;K\xf6nigsallee 1;5 \x80\nO\x92Neil;Caf\xe9 Ren\xe9e;7 \x80\n";
    let form = form("x.csv", text).unwrap();
    assert_eq!(form.encoding, Encoding::named("windows-1252").unwrap());
    assert_eq!(form.header[1], "Straße");
    assert!(form.warnings[0].contains("windows-1252"));
    assert_eq!(
        cells("x.csv", text),
        [["Müller", "Königsallee 1", "5 €"], ["O’Neil", "Café Renée", "7 €"]]
    );
}

#[test]
fn what_makes_no_words_or_is_only_read_by_name_is_refused() {
    let shift_jis = b"\x96\xbc\x91O,\x89\xef\x8e\xd0\n\x8eR\x93c,\x83\x84\x83}\x83_\x93d\x8b@\n";
    let mac_roman = b"Name,City\nM\x9fller,D\x9fsseldorf\nRen\x8ee,Orl\x8eans\nFran\x8dois,N\x94mes\n";
    let dos_850 = b"Name,City\nM\x81ller,D\x81sseldorf\nJ\x84ger,K\x94ln\n";
    for bytes in [&shift_jis[..], mac_roman, dos_850] {
        let fault = form("x.csv", bytes).unwrap_err();
        assert_eq!(fault.code, "ENCODING_UNKNOWN");
        assert!(fault.action.contains("encoding = "), "{fault}");
    }
    for (name, bytes, read) in [
        ("macintosh", &mac_roman[..], ["Müller", "Düsseldorf"]),
        ("ibm850", dos_850, ["Müller", "Düsseldorf"]),
        ("cp850", dos_850, ["Müller", "Düsseldorf"]),
    ] {
        let rules = FileRules {
            encoding: Encoding::named(name),
            ..FileRules::default()
        };
        assert_eq!(cells_of(&rows_by(&rules, bytes)[0]), read, "{name}");
    }
}

/// Of each language, names that the table of letters was not made of.
const NAMES: &str = include_str!("names.txt");

/// Which languages are written in which encoding.
const WRITTEN: [(&str, &str); 20] = [
    (
        "windows-1252",
        "German French Spanish Portuguese Italian Dutch Swedish Danish Norwegian Finnish Icelandic Estonian",
    ),
    ("windows-1250", "Polish Czech Slovak Hungarian Slovenian Croatian"),
    ("iso-8859-2", "Polish Czech Slovak Hungarian Slovenian Croatian"),
    ("windows-1254", "Turkish"),
    ("windows-1257", "Lithuanian Latvian Estonian"),
    ("iso-8859-13", "Lithuanian Latvian"),
    ("windows-1251", "Russian Bulgarian Ukrainian Macedonian"),
    ("koi8-r", "Russian"),
    ("iso-8859-5", "Russian Bulgarian Macedonian"),
    ("windows-1253", "Greek"),
    ("iso-8859-7", "Greek"),
    ("windows-1255", "Hebrew"),
    ("windows-1256", "Arabic"),
    (
        "macintosh",
        "German French Spanish Portuguese Italian Dutch Swedish Danish Norwegian",
    ),
    ("mac-latin2", "Polish Czech Hungarian"),
    (
        "ibm850",
        "German French Spanish Portuguese Italian Dutch Swedish Danish Norwegian",
    ),
    ("ibm437", "German French Spanish Swedish"),
    ("ibm852", "Polish Czech Slovak Hungarian Croatian"),
    ("ibm857", "Turkish"),
    ("ibm866", "Russian Bulgarian"),
];

#[test]
fn a_file_in_any_encoding_is_read_as_it_was_written_or_refused_and_by_name_always_read() {
    let mut random = fastrand::Rng::with_seed(16);
    let mut wrong = Vec::new();
    for (name, languages) in WRITTEN {
        let Some(Encoding::CodePage(page)) = Encoding::named(name) else {
            panic!("{name}")
        };
        let (mut files, mut refused) = (0, 0);
        for language in languages.split(' ') {
            let names = NAMES
                .lines()
                .find_map(|line| line.strip_prefix(&format!("{language}: ")));
            let names: Vec<&str> = names.unwrap_or_else(|| panic!("{language}")).split(' ').collect();
            for rows in [1, 2, 3, 5, 10, 20, 40, 1, 2, 3, 5, 10] {
                let chosen: Vec<&str> = (0..rows).map(|_| names[random.usize(..names.len())]).collect();
                let text = format!(
                    "Number;Name\r\n{}\r\n",
                    chosen
                        .iter()
                        .enumerate()
                        .map(|(n, name)| format!("{n};{name}"))
                        .collect::<Vec<_>>()
                        .join("\r\n")
                );
                let Some(bytes) = page.bytes_of(&text) else { continue };
                let rules = FileRules {
                    encoding: Encoding::named(name),
                    ..FileRules::default()
                };
                let by_name: Vec<String> = rows_by(&rules, &bytes)
                    .iter()
                    .map(|row| cells_of(row)[1].clone())
                    .collect();
                assert_eq!(by_name, chosen, "{name}");
                files += 1;
                let Ok(form) = form("x.csv", &bytes) else {
                    refused += 1;
                    continue;
                };
                let reading = read_on(&form, None, Limits::default(), &bytes, 1000);
                if reading.fault.is_some() {
                    refused += 1;
                    continue;
                }
                let read: Vec<_> = reading.rows.iter().map(|(_, row)| cells_of(row)).collect();
                for (cells, name_written) in read.iter().zip(&chosen) {
                    let is_rejected = cells[0].starts_with('!');
                    if !is_rejected && cells[1] != *name_written {
                        wrong.push(format!(
                            "{name} {language} {rows}: {name_written} as {} by {:?}",
                            cells[1], form.encoding
                        ));
                    }
                }
            }
        }
        println!("encodings: {name}: {refused} of {files} files refused without the name");
    }
    assert!(
        wrong.is_empty(),
        "{} wrong values: {}",
        wrong.len(),
        wrong[..wrong.len().min(30)].join("\n")
    );
}

/// Names of other countries among those of one whose letters are in the same places of two encodings.
#[test]
fn a_few_names_of_another_country_are_never_read_as_those_of_a_third() {
    let names_of = |language: &str| -> Vec<&str> {
        let names = NAMES
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{language}: ")));
        names.unwrap().split(' ').filter(|name| !name.is_ascii()).collect()
    };
    let romanised = vec!["Māori", "Tāne", "Whānau", "Tōkyō", "Ōsaka", "Kyūshū", "Kōbe", "Sūtra"];
    let mut random = fastrand::Rng::with_seed(16);
    let (mut wrong, mut files, mut refused) = (Vec::new(), 0, 0);
    for (encoding, foreign) in [
        ("windows-1250", names_of("Czech")),
        ("windows-1250", names_of("Polish")),
        ("windows-1250", names_of("Hungarian")),
        ("windows-1250", names_of("Slovenian")),
        ("windows-1250", names_of("Croatian")),
        ("windows-1254", names_of("Turkish")),
        ("windows-1257", names_of("Latvian")),
        ("windows-1257", names_of("Lithuanian")),
        ("windows-1257", romanised),
    ] {
        let Some(Encoding::CodePage(page)) = Encoding::named(encoding) else {
            panic!()
        };
        let german = names_of("German");
        for round in 0..40 {
            let mut names: Vec<&str> = (0..40).map(|_| german[random.usize(..german.len())]).collect();
            for _ in 0..=round % 4 {
                names.insert(random.usize(..names.len()), foreign[random.usize(..foreign.len())]);
            }
            let Some(bytes) = page.bytes_of(&format!("Name,City\n{},x\n", names.join(",x\n"))) else {
                continue;
            };
            files += 1;
            if let Err(fault) = form("x.csv", &bytes) {
                assert_eq!(fault.code, "ENCODING_UNKNOWN");
                refused += 1;
                continue;
            }
            let read = cells("x.csv", &bytes);
            let differs = |(cells, name): &(&Vec<String>, &&str)| !cells[0].starts_with('!') && cells[0] != **name;
            let told = |(cells, name): (&Vec<String>, &&str)| format!("{encoding}: {name} as {}", cells[0]);
            wrong.extend(read.iter().zip(&names).filter(differs).map(told));
        }
    }
    println!(
        "encodings: {refused} of {files} German files with names of another country are refused, {} names are wrong",
        wrong.len()
    );
    assert!(
        wrong.is_empty(),
        "{} wrong: {}",
        wrong.len(),
        wrong[..wrong.len().min(40)].join("\n")
    );
    // Western names among German ones are read: most such files are not refused.
    let Some(Encoding::CodePage(page)) = Encoding::named("windows-1252") else {
        panic!()
    };
    let western: Vec<&str> = ["German", "French", "Spanish", "Danish", "Swedish", "Dutch"]
        .into_iter()
        .flat_map(names_of)
        .collect();
    let german = names_of("German");
    let (mut files, mut refused) = (0, 0);
    for round in 0..100 {
        let mut names: Vec<&str> = (0..60).map(|_| german[random.usize(..german.len())]).collect();
        names.extend((0..=round % 20).map(|_| western[random.usize(..western.len())]));
        let Some(bytes) = page.bytes_of(&format!("Name,City\n{},x\n", names.join(",x\n"))) else {
            continue;
        };
        files += 1;
        refused += usize::from(form("x.csv", &bytes).is_err());
    }
    println!("encodings: {refused} of {files} German files with Western names are refused");
    assert!(refused * 4 < files, "{refused} of {files}");
}

#[test]
fn few_letters_prove_the_most_usual_encoding_alone() {
    let latin4 = Encoding::named("iso-8859-4").unwrap();
    let Encoding::CodePage(page) = latin4 else { panic!() };
    let bytes = page
        .bytes_of("Name,City\nKĩspĩni,Bĩrũ\nKĩkorea,Kĩkambodia\nUkirĩni,Kĩmalesia\n")
        .unwrap();
    assert_eq!(form("x.csv", &bytes).unwrap_err().code, "ENCODING_UNKNOWN");
    assert!(form("x.csv", b"Name,City\nM\xfcller,Bonn\n").is_ok());
}

#[test]
fn a_row_in_another_encoding_refuses_a_utf_8_file_and_a_character_that_was_cut_its_row_alone() {
    let bytes = b"Name,City\nM\xc3\xbcller,K\xc3\xb6ln\nM\xfcller,Bonn\nRao,Pune\n";
    let fault = fault("x.csv", bytes);
    assert_eq!((fault.code.as_str(), fault.line), ("ENCODING_MIXED", Some(3)));
    let cut = b"Name,City\nM\xc3\xbcller,K\xc3\xb6l\xe2\x82\nRao,Pune\n";
    assert_eq!(cells("x.csv", cut), [vec!["!INVALID_ENCODING"], vec!["Rao", "Pune"]]);
}

#[test]
fn a_zero_in_a_word_is_no_utf_16() {
    let small = b"External_ID,Last Name\r\nn1,A\0nn\r\nn2,Bob\r\n";
    assert_eq!(form("x.csv", small).unwrap_err().code, "BINARY_FILE");
    let mut long = b"Number,Name\nn1,A\0nn\n".to_vec();
    for number in 0..100 {
        long.extend_from_slice(format!("{number},Bob\n").as_bytes());
    }
    assert_eq!(
        cells("x.csv", &long)[..2],
        [vec!["!CONTROL_CHARACTER"], vec!["0", "Bob"]]
    );
}

/// A header and so much ASCII that the first stretch has nothing else in it.
fn long_ascii_start() -> Vec<u8> {
    let mut bytes = b"Name,City\n".to_vec();
    while bytes.len() <= FIRST_STRETCH {
        bytes.extend_from_slice(b"Rao,Pune\n");
    }
    bytes
}

#[test]
fn a_file_that_turns_out_to_be_windows_1252_late_gets_second_thoughts() {
    let mut bytes = long_ascii_start();
    let plain = bytes.len() / 9 - 1;
    bytes.extend_from_slice(b"M\xfcller,K\xf6ln\nJ\xe4ger,Bonn\n");
    let form = form("x.csv", &bytes).unwrap();
    assert_eq!(form.encoding, Encoding::Utf8);
    let reading = read_on(&form, None, Limits::default(), &bytes, 100_000);
    assert_eq!(cells_of(&reading.rows[plain].1), ["!INVALID_ENCODING"]);
    let better = reading.second_thoughts.unwrap().unwrap();
    let reading = read_on(&better, None, Limits::default(), &bytes, 100_000);
    assert_eq!(cells_of(&reading.rows[plain].1), ["Müller", "Köln"]);
    let again = read_on(
        &better,
        Some(reading.rows[plain + 1].0),
        Limits::default(),
        &bytes,
        100_000,
    );
    assert_eq!(again.rows, reading.rows[plain + 1..]);
}

#[test]
fn a_part_in_another_encoding_behind_the_first_stretch_refuses_the_file() {
    let mut bytes = long_ascii_start();
    bytes.extend_from_slice("Müller,Köln\n".as_bytes());
    bytes.extend_from_slice(b"J\xe4ger,Bonn\n");
    let form = form("x.csv", &bytes).unwrap();
    let reading = read_on(&form, None, Limits::default(), &bytes, 100_000);
    assert_eq!(reading.fault.unwrap().code, "ENCODING_MIXED");
}

#[test]
fn a_first_stretch_may_end_within_a_character() {
    let bytes = "Name,City\nRao,Köln\n".as_bytes();
    let cut = bytes.iter().position(|byte| *byte == 0xc3).unwrap() + 1;
    assert_eq!(form_of("x.csv", &bytes[..cut], false).unwrap().encoding, Encoding::Utf8);
}

#[test]
fn what_gives_itself_away_neither_by_bytes_nor_by_a_mark_is_refused() {
    let utf32: Vec<u8> = "Name,City\r\nMüller,Köln\r\n"
        .chars()
        .flat_map(|c| u32::from(c).to_le_bytes())
        .collect();
    for bytes in [
        &utf32[..],
        b"Name,City\nM+APw-ller,K+APY-ln\n",
        b"Name,City\n~{VPND~},~{1f>)~}\n",
        b"Name,City\n\x1b$B;3ED\x1b(B,x\n",
    ] {
        assert_eq!(form("x.csv", bytes).unwrap_err().code, "ENCODING_UNKNOWN");
    }
    let rules = FileRules {
        encoding: Encoding::named("iso-2022-jp"),
        ..FileRules::default()
    };
    assert_eq!(
        cells_of(&rows_by(&rules, b"Name,City\n\x1b$B;3ED\x1b(B,x\n")[0]),
        ["山田", "x"]
    );
}

#[test]
fn lines_of_an_east_asian_encoding_that_are_utf_8_by_chance_make_no_mixed_file() {
    let gbk = encoding_rs::GBK;
    let names = ["黄雪", "裂翔", "开雪", "赵雪", "高山", "雅丽", "小明", "欢呼"];
    let mut bytes = b"Email,Name\r\n".to_vec();
    for number in 0..200 {
        let name = if number % 9 == 4 { "\u{7bf}" } else { "" };
        bytes.extend_from_slice(format!("g{number}@example.com,{name}").as_bytes());
        bytes.extend_from_slice(&gbk.encode(names[number % names.len()]).0);
        bytes.extend_from_slice(b"\r\n");
    }
    // Some lines are valid UTF-8 as a whole.
    bytes.extend_from_slice("x@example.com,\u{7bf}\u{6f4}\r\n".as_bytes());
    bytes.extend_from_slice(b"y@example.com,\xbb\xc6\r\n");
    assert_eq!(form("x.csv", &bytes).unwrap_err().code, "ENCODING_UNKNOWN");
}
