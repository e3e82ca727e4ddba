//! Words, texts, numbers and signs of a query.

use crate::query::Trouble;
use crate::settings::CoqlQuote;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name or a keyword, as written.
    Word(String),
    Text(String),
    Number(f64),
    Whole(u64),
    Sign(&'static str),
}

impl Token {
    /// Whether it is that keyword; letter case does not count.
    pub(super) fn is(&self, keyword: &str) -> bool {
        matches!(self, Self::Word(word) if word.eq_ignore_ascii_case(keyword))
    }
}

/// Longer signs first.
const SIGNS: [&str; 12] = ["!=", "<>", "<=", ">=", "=", "<", ">", "(", ")", ",", ".", "*"];

/// Takes a query apart.
pub(super) fn tokens(query: &str, quote: CoqlQuote) -> Result<Vec<Token>, Trouble> {
    let mut tokens = Vec::new();
    let mut rest = query.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            '\'' => text(&rest[1..], quote)?,
            '0'..='9' | '-' | '+' => number(rest)?,
            _ if first.is_alphabetic() || first == '_' || first == '$' => word(rest),
            _ => {
                let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
                let sign = sign.ok_or_else(|| syntax(rest, "unexpected character"))?;
                (Token::Sign(sign), &rest[sign.len()..])
            }
        };
        tokens.push(token);
        rest = after.trim_start();
    }
    Ok(tokens)
}

fn syntax(near: &str, message: &'static str) -> Trouble {
    Trouble::Syntax {
        near: near.chars().take(20).collect(),
        message,
    }
}

/// What follows an opening quote, up to the closing one.
fn text(rest: &str, quote: CoqlQuote) -> Result<(Token, &str), Trouble> {
    let (backslash, doubled) = (quote != CoqlQuote::Doubled, quote != CoqlQuote::Backslash);
    let mut text = String::new();
    let mut characters = rest.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' if backslash => match characters.next() {
                Some((_, escaped)) => text.push(escaped),
                None => break,
            },
            '\'' if doubled && characters.peek().is_some_and(|(_, next)| *next == '\'') => {
                characters.next();
                text.push('\'');
            }
            '\'' => return Ok((Token::Text(text), &rest[at + 1..])),
            _ => text.push(character),
        }
    }
    Err(syntax(rest, "a text has no closing quote"))
}

fn number(rest: &str) -> Result<(Token, &str), Trouble> {
    let end = rest[1..]
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .map_or(rest.len(), |end| end + 1);
    let digits = &rest[..end];
    let token = match digits.parse() {
        Ok(whole) => Token::Whole(whole),
        Err(_) => Token::Number(digits.parse().map_err(|_| syntax(rest, "not a number"))?),
    };
    Ok((token, &rest[end..]))
}

fn word(rest: &str) -> (Token, &str) {
    let end = rest
        .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
        .unwrap_or(rest.len());
    (Token::Word(rest[..end].to_owned()), &rest[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only_text(query: &str, quote: CoqlQuote) -> Option<String> {
        match tokens(query, quote).ok()?.as_slice() {
            [Token::Text(text)] => Some(text.clone()),
            _ => None,
        }
    }

    #[test]
    fn quotes_are_escaped_as_the_switch_says() {
        assert_eq!(only_text(r"'O\'Neil'", CoqlQuote::Backslash).as_deref(), Some("O'Neil"));
        assert_eq!(only_text(r"'O\'Neil'", CoqlQuote::Doubled), None);
        assert_eq!(only_text("'O''Neil'", CoqlQuote::Doubled).as_deref(), Some("O'Neil"));
        assert_eq!(only_text("'O''Neil'", CoqlQuote::Backslash), None);
        assert_eq!(only_text(r"'a\'b''c'", CoqlQuote::Both).as_deref(), Some("a'b'c"));
        assert_eq!(only_text(r"'a\b'", CoqlQuote::Doubled).as_deref(), Some(r"a\b"));
    }

    #[test]
    fn a_query_comes_apart() {
        let found = tokens("select id from A where N >= -1.5", CoqlQuote::Both).unwrap();
        assert_eq!(found.len(), 8);
        assert_eq!((&found[6], &found[7]), (&Token::Sign(">="), &Token::Number(-1.5)));
        assert!(found[0].is("SELECT"));
    }
}
