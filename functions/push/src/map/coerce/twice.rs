//! Letters that were read in the wrong encoding before they came here: `MÃ¼ller` is what is left of `Müller`.

use encoding_rs::{Encoding, MACINTOSH, WINDOWS_1251, WINDOWS_1252};

/// What the second byte of a letter looks like to a program that reads DOS text, after `├` for the first.
const DOS_SECOND: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®⌐¬½¼¡«»░▒▓│┤ÁÂÀ©╡╢╖╕╣║╗╝¢¥╜╛┐";

/// Whether letters of ASCII's neighbours stand so that UTF-8 may have been read as windows-1252 (`Ã` with another sign outside
/// ASCII behind it) or windows-1251 (`Г`, `Р` or `С`). Of other encodings tell signs that are no letters.
pub(super) fn may_be_read_twice(bytes: &[u8]) -> bool {
    bytes.windows(3).any(|at| match at[0] {
        0xC3 => (0x82..=0xB4).contains(&at[1]) && at[2] >= 0x80,
        0xD0 => matches!(at[1], 0x93 | 0xA0 | 0xA1) && at[2] >= 0xC2,
        _ => false,
    })
}

/// Whether a text is UTF-8 that was read in another encoding, as nobody writes by himself.
pub(super) fn read_twice(text: &str) -> bool {
    if may_be_read_twice(text.as_bytes())
        && (first_read(text, WINDOWS_1252).is_some()
            || first_read(text, WINDOWS_1251).is_some_and(|first| is_clear(&first)))
    {
        return true;
    }
    let is_dos = |(at, _): (usize, &str)| text[at + '├'.len_utf8()..].starts_with(|c| DOS_SECOND.contains(c));
    text.match_indices('├').any(is_dos)
        || text.contains(['√', '≈', 'ƒ']) && first_read(text, MACINTOSH).is_some_and(|first| is_clear(&first))
}

/// The text as it was before it was read in that encoding, if that makes sense.
fn first_read(text: &str, encoding: &'static Encoding) -> Option<String> {
    let (bytes, _, is_lossy) = encoding.encode(text);
    if is_lossy {
        return None;
    }
    // É and ® make a letter that no language has: a trade mark's name is meant.
    let usual = |c: char| {
        c.is_ascii()
            || matches!(c, '\u{A0}'..='\u{17F}' | '\u{218}'..='\u{21B}' | '\u{370}'..='\u{52F}' | '\u{5D0}'..='\u{6FF}')
            || matches!(c, '\u{900}'..='\u{1FFF}' | '\u{2010}'..='\u{2122}' | '\u{3000}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}')
            || c >= '\u{1F000}'
    };
    let first = std::str::from_utf8(&bytes).ok()?;
    first.chars().all(usual).then(|| first.to_owned())
}

/// Whether it is by more than chance that a text makes sense: two letters do, or one among those of ASCII.
fn is_clear(first: &str) -> bool {
    let others = first.chars().filter(|c| !c.is_ascii()).count();
    let latin = |c: char| !c.is_ascii() && c.is_alphabetic() && c < '\u{250}';
    others > 1 || first.contains(latin) && first.contains(|c: char| c.is_ascii_alphabetic())
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
            "M√ºller",
            "Jos√©",
            "≈Å√≥d≈∫",
            "M├╝ller",
            "Stra├ƒe",
            "MГјller",
            "РњРѕСЃРєРІР°",
            "РђРЅРЅР°",
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
            "√9 = 3",
            "≈ 5 km",
            "ƒ 500",
            "├── a",
            "Россия",
            "Сергей Рыжёв",
            "Рёбра",
            "Галина",
            "Её",
            "ООО «Ромашка»",
            "Їжак Гі",
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
