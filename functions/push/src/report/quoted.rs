//! A cell of a delimited text, in quotes where it needs them.

/// Adds a cell. Quotes stand around it where a reader would take it for something else without them.
pub fn push_quoted(out: &mut Vec<u8>, text: &str, delimiter: char) {
    let needs = |c: char| matches!(c, '"' | '\r' | '\n') || c == delimiter;
    if !text.contains(needs) && text.trim().len() == text.len() {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_where_it_would_be_read_as_something_else() {
        for (text, wanted) in [
            ("a", "a"),
            ("a,b", "\"a,b\""),
            (" z", "\" z\""),
            ("x\"y", "\"x\"\"y\""),
            ("a;b", "a;b"),
        ] {
            let mut out = Vec::new();
            push_quoted(&mut out, text, ',');
            assert_eq!(String::from_utf8(out).unwrap(), wanted);
        }
    }
}
