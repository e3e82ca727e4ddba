//! E-mail and web addresses with what programs and people put around them.

use std::borrow::Cow;

use crate::record::invisible::{is_odd_blank, name};

/// An e-mail address without `mailto:`, the name before it, and what stands behind its domain.
pub(super) fn bare_email(text: &str) -> Cow<'_, str> {
    let mut address = text;
    if let Some(inner) = address
        .strip_suffix('>')
        .and_then(|front| front.rsplit_once('<'))
        .map(|(_, inner)| inner)
        .filter(|inner| inner.contains('@') && text.matches('@').count() == 1)
    {
        address = inner.trim();
    }
    if address
        .get(..7)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("mailto:"))
    {
        address = address[7..].trim_start_matches('/').trim();
    } else if address
        .get(..5)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("smtp:"))
    {
        // As Exchange lists addresses.
        address = address[5..].trim();
    }
    // No domain has a question mark or ends in punctuation.
    if let Some((local, domain)) = address.rsplit_once('@') {
        let domain = domain.split('?').next().unwrap_or_default();
        let domain = domain.trim_end_matches(['/', '.', ',', ';', ':', ' ']);
        address = &address[..local.len() + 1 + domain.len()];
    }
    // A blank that nobody sees as one, beside a mark that has none.
    if address.contains(is_odd_blank) {
        let mut kept = String::with_capacity(address.len());
        let chars: Vec<char> = address.chars().collect();
        for (place, c) in chars.iter().enumerate() {
            let beside = [place.checked_sub(1), Some(place + 1)];
            let beside = beside
                .into_iter()
                .flatten()
                .any(|place| matches!(chars.get(place), Some('@' | '.')));
            if !(is_odd_blank(*c) && beside) {
                kept.push(*c);
            }
        }
        return Cow::Owned(kept);
    }
    Cow::Borrowed(address)
}

/// Which blank of another kind an address has in it.
pub(super) fn odd_blank(text: &str) -> Option<String> {
    text.chars().find(|c| is_odd_blank(*c)).map(name)
}

/// A web address without the brackets around it.
pub(super) fn bare_website(text: &str) -> &str {
    text.strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'))
        .map_or(text, str::trim)
}

/// Whether there is more than one web address.
pub(super) fn has_two_websites(text: &str) -> bool {
    let parts = text.split([';', ',', '|', ' ', '\n']).filter(|part| part.contains('.'));
    text.matches("://").count() > 1 && !text.contains('?') || parts.count() > 1 && !text.contains(['?', '#'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_freed_of_what_stands_around_it() {
        for text in [
            "mailto:ann@example.com",
            "MAILTO:ann@example.com?subject=Hi",
            "ann@example.com/",
            "ann@example.com?subject=Hi",
            "SMTP:ann@example.com",
            "smtp:ann@example.com",
            "ann@example.com.",
            "ann@example.com;",
            "Ann Rao <ann@example.com>",
            "<ann@example.com>",
            "<mailto:ann@example.com>",
            "ann\u{A0}@example.com",
            "ann@example.\u{202F}com",
        ] {
            assert_eq!(bare_email(text), "ann@example.com", "{text}");
        }
        for text in [
            "ann@example.com",
            "a@b",
            "no address",
            "ann@a.de, bob@b.de",
            "an\u{A0}n@example.com",
        ] {
            assert_eq!(bare_email(text), text);
        }
        assert_eq!(bare_website("<https://example.com/>"), "https://example.com/");
        assert!(has_two_websites("https://a.com;https://b.com") && has_two_websites("www.a.com, www.b.com"));
        assert!(!has_two_websites("https://a.com/x?u=https://b.com") && !has_two_websites("https://a.com/b;c"));
    }
}
