//! The first of several values in one cell, where the mapping says that it is the one to be taken.

use super::phone::has_two_numbers;

/// How a cell is told to have several values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::map) enum FirstOf {
    /// They stand between these.
    Split(String),
    /// As telephone numbers are written one behind the other.
    Phones,
    /// As e-mail addresses are.
    Emails,
    /// By a semicolon, a bar or a line break.
    Marks,
}

impl FirstOf {
    /// The first value, if there are several.
    pub fn read<'a>(&self, text: &'a str) -> Option<&'a str> {
        let mut parts: Box<dyn Iterator<Item = &'a str>> = match self {
            Self::Split(separator) => Box::new(text.split(separator.as_str())),
            Self::Phones if !has_two_numbers(text) => return None,
            Self::Phones => return first_number(text),
            Self::Emails if text.matches('@').count() < 2 => return None,
            Self::Emails => Box::new(text.split([';', ',', '|', '/', ' ', '\n', '\t'])),
            Self::Marks => Box::new(text.split([';', '|', '\n'])),
        };
        let mut parts = parts.by_ref().map(str::trim).filter(|part| !part.is_empty());
        let first = parts.next()?;
        parts.next().map(|_| first)
    }
}

impl FirstOf {
    /// All values.
    pub fn all<'a>(&self, text: &'a str) -> Vec<&'a str> {
        let trimmed =
            |parts: &mut dyn Iterator<Item = &'a str>| parts.map(str::trim).filter(|part| !part.is_empty()).collect();
        match self {
            Self::Split(separator) => trimmed(&mut text.split(separator.as_str())),
            Self::Emails => trimmed(&mut text.split([';', ',', '|', '/', ' ', '\n', '\t'])),
            Self::Marks => trimmed(&mut text.split([';', '|', '\n'])),
            Self::Phones => {
                let (mut parts, mut rest) = (Vec::new(), text.trim());
                while has_two_numbers(rest)
                    && let Some(first) = first_number(rest)
                {
                    parts.push(first);
                    let behind =
                        rest[first.len()..].trim_start_matches(|c: char| c != '+' && c != '(' && !c.is_alphanumeric());
                    let word = ["or ", "and ", "oder ", "und ", "ou ", "et ", "o ", "y ", "e "];
                    rest = word
                        .iter()
                        .find_map(|word| behind.strip_prefix(word))
                        .unwrap_or(behind)
                        .trim();
                }
                if !rest.is_empty() {
                    parts.push(rest);
                }
                parts
            }
        }
    }
}

/// What stands before the mark that ends the first number.
fn first_number(text: &str) -> Option<&str> {
    let marks = [
        ";", ",", "|", "\n", "&", "/", "+", " or ", " and ", " oder ", " und ", " ou ", " et ", " o ", " y ", " e ",
    ];
    let mut places: Vec<usize> = marks
        .iter()
        .flat_map(|mark| text.match_indices(mark).map(|(at, _)| at))
        .collect();
    places.sort_unstable();
    let digits = |part: &str| part.chars().filter(|c| super::given::digit_of(*c).is_some()).count();
    let mut fronts = places.into_iter().map(|at| text[..at].trim());
    fronts.rfind(|front| digits(front) >= 7 && !has_two_numbers(front))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_told_apart() {
        for (how, text, all) in [
            (FirstOf::Split("~".into()), "a ~ b~", vec!["a", "b"]),
            (
                FirstOf::Phones,
                "030 1234567 / 0171 4567890",
                vec!["030 1234567", "0171 4567890"],
            ),
            (
                FirstOf::Phones,
                "030/1234567 / 0171/4567890",
                vec!["030/1234567", "0171/4567890"],
            ),
            (
                FirstOf::Phones,
                "+49 30 1234567 +49 171 4567890",
                vec!["+49 30 1234567", "+49 171 4567890"],
            ),
            (
                FirstOf::Phones,
                "030 1234567 oder 0171 4567890",
                vec!["030 1234567", "0171 4567890"],
            ),
            (FirstOf::Phones, "030/1234567", vec!["030/1234567"]),
            (FirstOf::Emails, "ann@a.de; bob@b.de", vec!["ann@a.de", "bob@b.de"]),
            (FirstOf::Marks, "x", vec!["x"]),
            (FirstOf::Marks, "", vec![]),
        ] {
            assert_eq!(how.all(text), all, "{how:?} {text}");
        }
    }

    #[test]
    fn the_first_is_taken_where_there_are_several() {
        for (how, text, first) in [
            (FirstOf::Split("~".into()), "a ~ b", Some("a")),
            (FirstOf::Split("~".into()), "a", None),
            (FirstOf::Phones, "030 1234567 / 0171 4567890", Some("030 1234567")),
            (FirstOf::Phones, "030/1234567 / 0171/4567890", Some("030/1234567")),
            (
                FirstOf::Phones,
                "+49 30 1234567 +49 171 4567890",
                Some("+49 30 1234567"),
            ),
            (FirstOf::Phones, "030/1234567", None),
            (FirstOf::Emails, "ann@a.de; bob@b.de", Some("ann@a.de")),
            (FirstOf::Emails, "ann@a.de", None),
            (FirstOf::Marks, "x | y", Some("x")),
            (FirstOf::Marks, "x, y", None),
        ] {
            assert_eq!(how.read(text), first, "{how:?} {text}");
        }
    }
}
