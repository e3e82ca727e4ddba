//! Names as people write them: compared without letter case, spaces and punctuation, and the nearest right one for a
//! wrong one.

use strsim::osa_distance;
use unicode_normalization::UnicodeNormalization;

/// A name reduced to its letters and digits, in small letters: `E-Mail` and `email` are the same.
pub(super) fn fold(name: &str) -> String {
    // Lower-casing may give marks of its own (İ becomes i and a dot above), which are no letters either.
    if name.is_ascii() {
        return name
            .bytes()
            .filter(u8::is_ascii_alphanumeric)
            .map(|byte| char::from(byte.to_ascii_lowercase()))
            .collect();
    }
    name.nfc()
        .flat_map(char::to_lowercase)
        .filter(|c| c.is_alphanumeric())
        .collect()
}

/// The signs of a name that tell it from another: `Sales ($)` is not `Sales (%)`.
pub(super) fn signs(name: &str) -> Vec<char> {
    let tells_apart = |c: &char| {
        matches!(
            c,
            '$' | '%' | '#' | '&' | '@' | '*' | '+' | '<' | '>' | '=' | '£' | '¥' | '¢' | '‰' | '№' | '±' | '°'
        ) || ('\u{20A0}'..='\u{20CF}').contains(c)
    };
    name.chars().filter(tells_apart).collect()
}

/// A text as TOML writes it.
pub(super) fn toml_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The nearest of the candidates, best first and three at most; none that is far off.
pub(super) fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = fold(wanted);
    let mut found: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter_map(|candidate| distance_of(&wanted, &fold(candidate)).map(|distance| (distance, candidate)))
        .collect();
    found.sort_by_key(|(distance, _)| *distance);
    found.dedup_by(|a, b| a.1 == b.1);
    found.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

/// "did you mean ...?", or nothing where no candidate comes near.
pub(super) fn did_you_mean<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(wanted, candidates).as_slice() {
        [] => String::new(),
        names => format!("; did you mean {}?", names.join(" or ")),
    }
}

/// How far two folded names are apart; `None` when they have little in common.
fn distance_of(wanted: &str, candidate: &str) -> Option<usize> {
    let longest = wanted.chars().count().max(candidate.chars().count());
    let shortest = wanted.chars().count().min(candidate.chars().count());
    if shortest == 0 {
        return None;
    }
    let distance = osa_distance(wanted, candidate);
    // One inside the other is near, however long the rest: Name for Last_Name, Telephone for Phone.
    let inside = shortest >= 4 && (wanted.contains(candidate) || candidate.contains(wanted));
    (distance <= (longest / 3).max(1) || inside).then_some(distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letter_case_spaces_and_punctuation_do_not_count() {
        for (one, other) in [
            ("E-Mail", "email"),
            ("Last_Name", " last name "),
            ("Straße/Nr.", "STRAßE NR"),
            ("Κωδικός-Πελάτη", "κωδικός πελάτη"),
            ("会社 名", "会社名"),
            ("İl", "il"),
            ("Stra\u{DF}e", "stra\u{DF}e\u{200B}"),
            ("Gro\u{308}\u{DF}e", "gr\u{F6}\u{DF}e"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} and {other}");
        }
        assert_ne!(fold("Phone"), fold("Phone 2"));
    }

    #[test]
    fn the_nearest_names_come_first_and_far_ones_not_at_all() {
        let fields = ["Email", "Last_Name", "First_Name", "Phone", "Mobile", "Email_Opt_Out"];
        assert_eq!(nearest("Emial", fields)[0], "Email");
        assert_eq!(nearest("Lastname1", fields)[0], "Last_Name");
        assert_eq!(nearest("Telephone", fields), ["Phone"]);
        assert!(nearest("Kundennummer", fields).is_empty());
        assert!(nearest("", fields).is_empty());
    }
}
