//! Tags: names, in a cell or in a JSON array.

use std::borrow::Cow;

use bigin::push_text;
use serde_json::Value;

use super::given::Given;
use crate::map::flaw::Flaw;

/// The names of the tags of a cell (separated as the mapping says, else by semicolons or commas), of a JSON array of
/// texts, or of one of `{"name": ...}`.
pub(in crate::map) fn read<'a>(given: Given<'a>, split: Option<&str>) -> Result<Vec<Cow<'a, str>>, Flaw> {
    let mut names: Vec<Cow<'a, str>> = Vec::new();
    let mut add = |name: Cow<'a, str>| {
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    };
    if let Given::Json(Value::Array(items)) = given {
        for item in items {
            let name = item.get("name").unwrap_or(item);
            let name = name
                .as_str()
                .ok_or_else(|| Given::Json(item).wrong_type("a tag's name"))?;
            add(Cow::Borrowed(name.trim()));
        }
        return Ok(names);
    }
    let text = given.text()?;
    if let Some(items) = text
        .starts_with('[')
        .then(|| serde_json::from_str::<Vec<Value>>(&text).ok())
        .flatten()
    {
        for item in &items {
            let name = item
                .get("name")
                .unwrap_or(item)
                .as_str()
                .ok_or_else(|| Given::Json(item).wrong_type("a tag's name"))?;
            add(Cow::Owned(name.trim().to_owned()));
        }
        return Ok(names);
    }
    if text.contains('"') {
        for part in quoted_parts(&text, split) {
            add(Cow::Owned(part));
        }
        return Ok(names);
    }
    match (text, split) {
        (Cow::Borrowed(text), Some(split)) => {
            for part in text.split(split) {
                add(Cow::Borrowed(part.trim()));
            }
        }
        (Cow::Borrowed(text), None) => {
            for part in text.split([';', ',']) {
                add(Cow::Borrowed(part.trim()));
            }
        }
        (digits, _) => add(digits),
    }
    Ok(names)
}

/// The parts of a text some of which are in quotes, as CSV within a cell has them: a mark within quotes separates nothing.
fn quoted_parts(text: &str, split: Option<&str>) -> Vec<String> {
    let (mut parts, mut part, mut quoted) = (Vec::new(), String::new(), false);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let separator = match split {
            Some(split) => rest.starts_with(split).then_some(split.len()),
            None => matches!(c, ';' | ',').then_some(1),
        };
        if let Some(length) = separator.filter(|_| !quoted) {
            parts.push(std::mem::take(&mut part).trim().to_owned());
            rest = &rest[length..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        if c != '"' {
            part.push(c);
        } else if quoted && rest.starts_with('"') {
            part.push('"');
            rest = &rest[1..];
        } else if quoted || part.trim().is_empty() {
            quoted = !quoted;
        } else {
            // An inch, or a name in the middle.
            part.push(c);
        }
    }
    parts.push(part.trim().to_owned());
    parts
}

/// Writes an array of `{"name": ...}`.
pub(in crate::map) fn push(names: &[Cow<'_, str>], json: &mut String) {
    json.push('[');
    for (place, name) in names.iter().enumerate() {
        json.push_str(if place > 0 { ",{\"name\":" } else { "{\"name\":" });
        push_text(json, name);
        json.push('}');
    }
    json.push(']');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn written(given: Given<'_>, split: Option<&str>) -> String {
        let mut json = String::new();
        push(&read(given, split).unwrap(), &mut json);
        json
    }

    #[test]
    fn tags_come_in_cells_and_arrays() {
        let both = r#"[{"name":"VIP"},{"name":"Größe M"}]"#;
        assert_eq!(written(Given::Cell(" VIP; Größe M ;;VIP"), None), both);
        assert_eq!(written(Given::Cell("VIP|Größe M"), Some("|")), both);
        assert_eq!(written(Given::Cell("\"VIP\",\"Größe M\""), None), both);
        assert_eq!(written(Given::Cell("[\"VIP\", {\"name\": \"Größe M\"}]"), None), both);
        assert_eq!(
            written(Given::Cell("\"New, hot\", 5\" pipe"), None),
            r#"[{"name":"New, hot"},{"name":"5\" pipe"}]"#
        );
        assert_eq!(
            written(Given::Json(&json!(["VIP", {"name": "Größe M", "id": "1"}])), None),
            both
        );
        assert_eq!(written(Given::Json(&json!([])), None), "[]");
        assert!(read(Given::Json(&json!([1])), None).is_err());
    }
}
