//! Yes and no, in the words of many languages.

use serde_json::Value;

use super::damage;
use super::given::Given;
use crate::map::codes;
use crate::map::flaw::Flaw;

/// Words for yes, in small letters.
const YES: &[&str] = &[
    "true",
    "yes",
    "1",
    "y",
    "t",
    "on",
    "x",
    "✓",
    "✔",
    "☑",
    "wahr",
    "ja",
    "j",
    "vrai",
    "oui",
    "o",
    "verdadero",
    "sí",
    "si",
    "s",
    "vero",
    "sì",
    "verdadeiro",
    "sim",
    "waar",
    "tak",
    "prawda",
    "ano",
    "áno",
    "igen",
    "igaz",
    "da",
    "да",
    "истина",
    "так",
    "ναι",
    "kyllä",
    "sant",
    "sann",
    "evet",
    "doğru",
    "हाँ",
    "हां",
    "はい",
    "真",
    "是",
    "예",
    "네",
    "نعم",
    "بله",
    "כן",
    "ใช่",
    "có",
    "ya",
];

/// Words for no, in small letters.
const NO: &[&str] = &[
    "false",
    "no",
    "0",
    "n",
    "f",
    "off",
    "☐",
    "falsch",
    "nein",
    "faux",
    "non",
    "falso",
    "não",
    "nao",
    "onwaar",
    "nee",
    "nie",
    "fałsz",
    "ne",
    "nem",
    "hamis",
    "nu",
    "нет",
    "ложь",
    "ні",
    "не",
    "όχι",
    "ei",
    "nei",
    "nej",
    "usann",
    "falsk",
    "hayır",
    "yanlış",
    "नहीं",
    "いいえ",
    "偽",
    "否",
    "아니오",
    "아니요",
    "لا",
    "خیر",
    "לא",
    "ไม่ใช่",
    "không",
    "tidak",
];

/// Writes true or false.
pub(super) fn write(given: Given<'_>, json: &mut String) -> Result<(), Flaw> {
    let value = match given {
        Given::Json(Value::Bool(value)) => Some(*value),
        Given::Json(Value::Number(number)) => meaning(&number.to_string()),
        _ => given
            .plain_text()
            .ok_or_else(|| given.wrong_type("true or false"))
            .map(meaning)?,
    };
    let Some(value) = value else {
        return Err(given.plain_text().and_then(damage::in_text).unwrap_or_else(|| {
            Flaw::new(
                codes::INVALID_BOOLEAN,
                format!(
                    "{} is neither yes nor no: use true or false, yes or no, 1 or 0",
                    given.kind()
                ),
            )
        }));
    };
    json.push_str(if value { "true" } else { "false" });
    Ok(())
}

fn meaning(text: &str) -> Option<bool> {
    let is_in = |words: &[&str], text: &str| words.contains(&text);
    if is_in(YES, text) {
        return Some(true);
    }
    if is_in(NO, text) {
        return Some(false);
    }
    // What a program that has only numbers with decimals makes of 1 and 0.
    if let Some((whole, fraction)) = text.split_once(['.', ','])
        && !fraction.is_empty()
        && fraction.bytes().all(|byte| byte == b'0')
    {
        return match whole {
            "1" => Some(true),
            "0" => Some(false),
            _ => None,
        };
    }
    // The longest word has six letters; nothing longer is worth folding.
    if text.len() > 40 {
        return None;
    }
    let folded = text.to_lowercase();
    match (is_in(YES, &folded), is_in(NO, &folded)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_means_both() {
        for word in YES {
            assert!(!NO.contains(word), "{word}");
            assert_eq!(word.to_lowercase(), *word);
        }
    }

    #[test]
    fn words_of_many_languages_are_understood_in_any_case() {
        for word in [
            "TRUE", "Yes", "ja", "OUI", "Sí", "ДА", "はい", "نعم", "1", "X", "1.0", "1,00",
        ] {
            assert_eq!(meaning(word), Some(true), "{word}");
        }
        for word in ["False", "NO", "Nein", "non", "Нет", "いいえ", "لا", "0", "0.0"] {
            assert_eq!(meaning(word), Some(false), "{word}");
        }
        for word in ["", "maybe", "2", "yes please", "1.5", "10.0", "1.", "-1.0"] {
            assert_eq!(meaning(word), None, "{word}");
        }
    }
}
