//! Letters that were read in the wrong encoding before they came here: `MÃ¼ller` is what is left of `Müller`.

use encoding_rs::WINDOWS_1252;

/// Whether one of the letters that begin a character of UTF-8 (U+00C2 to U+00F4) has another sign outside ASCII behind it.
pub(super) fn may_be_read_twice(bytes: &[u8]) -> bool {
    bytes
        .windows(3)
        .any(|at| at[0] == 0xC3 && (0x82..=0xB4).contains(&at[1]) && at[2] >= 0x80)
}

/// Whether a text is UTF-8 that was read as windows-1252, as nobody writes by himself.
pub(super) fn read_twice(text: &str) -> bool {
    if !may_be_read_twice(text.as_bytes()) {
        return false;
    }
    let (bytes, _, is_lossy) = WINDOWS_1252.encode(text);
    if is_lossy {
        return false;
    }
    // É and ® make a letter that no language has: a trade mark's name is meant.
    let usual = |c: char| {
        c.is_ascii()
            || matches!(c, '\u{A0}'..='\u{17F}' | '\u{218}'..='\u{21B}' | '\u{370}'..='\u{52F}' | '\u{5D0}'..='\u{6FF}')
            || matches!(c, '\u{900}'..='\u{1FFF}' | '\u{2010}'..='\u{2122}' | '\u{3000}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}')
            || c >= '\u{1F000}'
    };
    std::str::from_utf8(&bytes).is_ok_and(|first| first.chars().all(usual))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn letters_that_were_read_twice_are_told_from_letters() {
        for text in [
            "Ãœber",
            "StraÃŸe",
            "MÃ¼ller",
            "Ã–zil",
            "JosÃ©",
            "Oâ€™Neil",
            "5 â‚¬",
            "Ð¼Ð¸Ñ€",
            "Â©",
            "å±±ç”°",
        ] {
            assert!(read_twice(text), "{text}");
        }
        for text in [
            "Müller",
            "NESCAFÉ®",
            "NESTLÉ™",
            "São João",
            "MANHÃ",
            "«CAFÉ»",
            "Ñandú",
            "Ångström",
            "Škoda",
            "山田",
            "Ã¼ Müller",
            "Łódź",
            "Straße",
            "5 €",
            "",
        ] {
            assert!(!read_twice(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_letters_were_read_twice_are_recognised(text in "[a-zA-Z ]{0,5}[à-ÿčěřůąęłőűșțğışΑ-ωА-яא-ת]{1,4}[a-z]{0,5}") {
            let (read, _) = WINDOWS_1252.decode_without_bom_handling(text.as_bytes());
            prop_assert!(read_twice(&read));
            prop_assert!(!read_twice(&text));
        }
    }
}
