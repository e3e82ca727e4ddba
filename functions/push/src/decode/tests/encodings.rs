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
    assert_eq!(form.encoding, Encoding::Windows1252);
    assert_eq!(form.header[1], "Straße");
    assert!(form.warnings[0].contains("Windows-1252"));
    assert_eq!(
        cells("x.csv", text),
        [["Müller", "Königsallee 1", "5 €"], ["O’Neil", "Café Renée", "7 €"]]
    );
}

#[test]
fn other_eight_bit_encodings_are_refused_rather_than_guessed() {
    let cyrillic_1251 =
        b"\xd4\xe0\xec\xe8\xeb\xe8\xff;\xc3\xee\xf0\xee\xe4\n\xc8\xe2\xe0\xed\xee\xe2;\xcc\xee\xf1\xea\xe2\xe0\n";
    let shift_jis = b"\x96\xbc\x91O,\x89\xef\x8e\xd0\n\x8eR\x93c,\x83\x84\x83}\x83_\x93d\x8b@\n";
    let mac_roman = b"Name,City\nM\x9fller,D\x9fsseldorf\nRen\x8ee,Orl\x8eans\nFran\x8dois,N\x94mes\n";
    let dos_850 = b"Name,City\nM\x81ller,D\x81sseldorf\nJ\x84ger,K\x94ln\n";
    for bytes in [&cyrillic_1251[..], shift_jis, mac_roman, dos_850] {
        let fault = form("x.csv", bytes).unwrap_err();
        assert_eq!(fault.code, "ENCODING_UNKNOWN");
        assert_eq!(fault.action, "save it as CSV UTF-8");
    }
}

#[test]
fn a_damaged_row_in_a_utf_8_file_breaks_nothing_but_itself() {
    let bytes = b"Name,City\nM\xc3\xbcller,K\xc3\xb6ln\nM\xfcller,Bonn\nRao,Pune\n";
    let rows = rows("x.csv", bytes);
    assert_eq!(rows.iter().map(cells_of).collect::<Vec<_>>()[1], ["!INVALID_ENCODING"]);
    assert_eq!(cells_of(&rows[2]), ["Rao", "Pune"]);
    assert_eq!(
        (rows[1].raw_bytes(), rows[1].raw()),
        (&b"M\xfcller,Bonn"[..], "M\u{fffd}ller,Bonn")
    );
    let Content::Broken(reject) = rows[1].content() else {
        panic!()
    };
    assert_eq!(reject.field.as_deref(), Some("Name"));
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
    let better = reading.second_thoughts.unwrap();
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
fn a_utf_8_file_with_some_damage_gets_no_second_thoughts() {
    let mut bytes = long_ascii_start();
    bytes.extend_from_slice("Müller,Köln\n".as_bytes());
    bytes.extend_from_slice(b"J\xe4ger,Bonn\n");
    let form = form("x.csv", &bytes).unwrap();
    assert_eq!(
        read_on(&form, None, Limits::default(), &bytes, 100_000).second_thoughts,
        None
    );
}

#[test]
fn a_first_stretch_may_end_within_a_character() {
    let bytes = "Name,City\nRao,Köln\n".as_bytes();
    let cut = bytes.iter().position(|byte| *byte == 0xc3).unwrap() + 1;
    assert_eq!(form_of("x.csv", &bytes[..cut], false).unwrap().encoding, Encoding::Utf8);
}
