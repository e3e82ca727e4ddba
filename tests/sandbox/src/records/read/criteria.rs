//! Search criteria such as `((Last_Name:equals:Doe)and(Email:starts_with:d))`.

/// What a record must fulfil.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Criteria {
    All(Vec<Criteria>),
    Any(Vec<Criteria>),
    One {
        field: String,
        comparator: Comparator,
        values: Vec<String>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparator {
    Equals,
    NotEqual,
    StartsWith,
    In,
    GreaterThan,
    GreaterEqual,
    LessThan,
    LessEqual,
    Between,
}

/// The most conditions, and brackets in brackets.
const MOST_CONDITIONS: usize = 10;
const DEEPEST: usize = 30;

/// Reads criteria; the error says which part cannot be read.
pub(crate) fn parse(text: &str) -> Result<Criteria, &'static str> {
    let mut parser = Parser {
        rest: text.trim(),
        conditions: 0,
        depth: 0,
    };
    let criteria = parser.group()?;
    if parser.rest.is_empty() {
        Ok(criteria)
    } else {
        Err("the criteria go on after their last bracket")
    }
}

struct Parser<'a> {
    rest: &'a str,
    conditions: usize,
    depth: usize,
}

impl Parser<'_> {
    /// One or several parts joined by `and` or `or`, each in brackets.
    fn group(&mut self) -> Result<Criteria, &'static str> {
        let mut parts = vec![self.part()?];
        let mut all = true;
        loop {
            self.rest = self.rest.trim_start();
            let Some(word) = ["and", "or"].into_iter().find(|word| starts_with(self.rest, word)) else {
                break;
            };
            if parts.len() > 1 && all != (word == "and") {
                return Err("and and or are mixed without brackets");
            }
            all = word == "and";
            self.rest = self.rest[word.len()..].trim_start();
            parts.push(self.part()?);
        }
        Ok(match parts.pop() {
            Some(only) if parts.is_empty() => only,
            last => {
                parts.extend(last);
                if all {
                    Criteria::All(parts)
                } else {
                    Criteria::Any(parts)
                }
            }
        })
    }

    fn part(&mut self) -> Result<Criteria, &'static str> {
        self.rest = self.rest.strip_prefix('(').ok_or("a bracket is missing")?.trim_start();
        if !self.rest.starts_with('(') {
            return self.condition();
        }
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("too many brackets");
        }
        let inner = self.group()?;
        self.depth -= 1;
        self.rest = self
            .rest
            .trim_start()
            .strip_prefix(')')
            .ok_or("a bracket is not closed")?;
        Ok(inner)
    }

    /// `field:comparator:value)`.
    fn condition(&mut self) -> Result<Criteria, &'static str> {
        self.conditions += 1;
        if self.conditions > MOST_CONDITIONS {
            return Err("more than 10 conditions");
        }
        let (field, rest) = self.rest.split_once(':').ok_or("a condition has no comparator")?;
        let (word, rest) = rest.split_once(':').ok_or("a condition has no value")?;
        let comparator = Comparator::parse(word.trim()).ok_or("the comparator is not supported")?;
        let (values, rest) = values(rest).ok_or("a bracket is not closed")?;
        self.rest = rest;
        Ok(Criteria::One {
            field: field.trim().to_owned(),
            comparator,
            values,
        })
    }
}

impl Comparator {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "equals" => Self::Equals,
            "not_equal" => Self::NotEqual,
            "starts_with" => Self::StartsWith,
            "in" => Self::In,
            "greater_than" => Self::GreaterThan,
            "greater_equal" => Self::GreaterEqual,
            "less_than" => Self::LessThan,
            "less_equal" => Self::LessEqual,
            "between" => Self::Between,
            _ => return None,
        })
    }
}

fn starts_with(text: &str, word: &str) -> bool {
    text.get(..word.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(word))
}

/// Values up to the closing bracket, separated by commas; a backslash takes the next character as it is.
fn values(rest: &str) -> Option<(Vec<String>, &str)> {
    let mut values = vec![String::new()];
    let mut characters = rest.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => {
                let (_, escaped) = characters.next()?;
                values.last_mut()?.push(escaped);
            }
            ',' => values.push(String::new()),
            ')' => return Some((values, &rest[at + 1..])),
            _ => values.last_mut()?.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn criteria_nest() {
        let parsed = parse("((Last_Name:equals:Doe)and((Email:starts_with:d)or(Title:in:a,b)))").unwrap();
        let Criteria::All(parts) = parsed else {
            panic!("not all: {parsed:?}")
        };
        assert!(matches!(&parts[1], Criteria::Any(parts) if parts.len() == 2));
    }

    #[test]
    fn signs_in_values_are_escaped_with_a_backslash() {
        let parsed = parse(r"(Account_Name:equals:Roof \(North\)\, Ltd)").unwrap();
        assert!(matches!(parsed, Criteria::One { values, .. } if values == ["Roof (North), Ltd"]));
    }

    #[test]
    fn broken_criteria_are_refused() {
        for text in [
            "",
            "x",
            "(a:equals:b",
            "(a:b)",
            "(a:is_like:b)",
            "((a:equals:b)and(c:equals:d)or(e:equals:f))",
            "(a:equals:b)x",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "[()a-c:,\\\\ andor]{0,60}|.*") {
            let _ = parse(&text);
        }
    }
}
