//! What programs wrap around a value: `="01067"`, a leading apostrophe, quotes around an address. Taken off where nothing
//! else can be meant.

use super::cleaned::Care;

/// Quotes that open, each with those that close it.
const QUOTES: [(char, &str); 12] = [
    ('"', "\""),
    ('\'', "'"),
    ('`', "`'´"),
    ('´', "´"),
    ('“', "”“\""),
    ('„', "“”\""),
    ('‟', "”"),
    ('‘', "’‘'"),
    ('‚', "‘’'"),
    ('«', "»"),
    ('»', "«"),
    ('‹', "›"),
];

/// The value without what is wrapped around it; `None` where nothing is.
pub(super) fn bare(text: &str, care: Care) -> Option<String> {
    let mut bare: Option<String> = None;
    while let Some(inner) = one(bare.as_deref().unwrap_or(text), care) {
        bare = Some(inner);
    }
    bare
}

fn one(text: &str, care: Care) -> Option<String> {
    if let Some(formula) = text.strip_prefix('=') {
        return quoted_formula(formula);
    }
    // A program that makes quotes typographic has turned the guard, too.
    if let Some(rest) = text
        .strip_prefix(['’', '‘', '`', '´'])
        .filter(|rest| rest.len() > 4 && is_number_like(rest))
    {
        return Some(rest.trim().to_owned());
    }
    if let Some(rest) = text.strip_prefix('\'') {
        let inner = rest.strip_suffix('\'').filter(|inner| !inner.is_empty());
        if let Some(inner) = inner.filter(|inner| care == Care::Value || is_number_like(inner)) {
            return Some(inner.trim().to_owned());
        }
        if inner.is_none() && !rest.is_empty() && (care == Care::Value || is_guarded(rest)) {
            return Some(rest.trim().to_owned());
        }
    }
    if care != Care::Value {
        return None;
    }
    let mut chars = text.chars();
    let (first, last) = (chars.next()?, chars.next_back()?);
    let closing = QUOTES.iter().find(|(open, _)| *open == first)?.1;
    let inner = chars.as_str().trim();
    (closing.contains(last) && !inner.is_empty() && !inner.contains(first)).then(|| inner.to_owned())
}

/// `="01067"`: a text that a spreadsheet is to take for no number. Quotes within are doubled; a writer that did not know
/// has doubled the outer ones, too.
fn quoted_formula(formula: &str) -> Option<String> {
    let inner = formula
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .or_else(|| formula.strip_prefix('“').and_then(|rest| rest.strip_suffix('”')))?;
    let twice = inner.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    if let Some(inner) = twice.filter(|inner| !inner.is_empty() && !inner.contains('"')) {
        return Some(inner.to_owned());
    }
    let single = inner.replace("\"\"", "");
    (!single.contains('"')).then(|| inner.replace("\"\"", "\""))
}

/// Whether an apostrophe before that is a guard: before what a spreadsheet would take for a formula or a number. `'t Hooft`
/// and `'90s` are none.
fn is_guarded(rest: &str) -> bool {
    if rest.len() > 1 && rest.starts_with(['=', '+', '-', '@', '\t']) {
        return true;
    }
    is_number_like(rest.strip_prefix('\'').unwrap_or(rest))
}

/// A number that would change if it were taken for one, or that is too long for a year.
fn is_number_like(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let of_numbers = |byte: u8| byte.is_ascii_digit() || b" .,/:-+()".contains(&byte);
    text.bytes().all(of_numbers) && (digits >= 5 || (digits >= 2 && text.starts_with('0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guards_are_taken_off_in_every_field() {
        for care in [Care::Text, Care::Lines, Care::Name, Care::Value] {
            for (text, value) in [
                ("=\"01067\"", "01067"),
                ("=\"say \"\"hi\"\"\"", "say \"hi\""),
                ("=\"\"01067\"\"", "01067"),
                ("'01067", "01067"),
                ("'+49 30 1234567", "+49 30 1234567"),
                ("'=1+1", "=1+1"),
                ("'4901234567894", "4901234567894"),
                ("'01067'", "01067"),
            ] {
                assert_eq!(bare(text, care).as_deref(), Some(value), "{text} {care:?}");
            }
        }
    }

    #[test]
    fn what_may_be_meant_stays_in_a_text_and_goes_from_a_value() {
        for (text, value) in [
            ("'ann@example.com'", "ann@example.com"),
            ("“ann@example.com”", "ann@example.com"),
            ("„ann@example.com“", "ann@example.com"),
            ("\"'ann@example.com'\"", "ann@example.com"),
            ("«12,5»", "12,5"),
            ("'90", "90"),
        ] {
            assert_eq!(bare(text, Care::Text), None, "{text}");
            assert_eq!(bare(text, Care::Value).as_deref(), Some(value), "{text}");
        }
        for text in [
            "'t Hooft",
            "'90s hits",
            "=1+1",
            "O'Reilly",
            "'",
            "''",
            "\"a\" and \"b\"",
            "=\"a\"&\"b\"",
        ] {
            assert_eq!(bare(text, Care::Text), None, "{text}");
        }
    }
}
