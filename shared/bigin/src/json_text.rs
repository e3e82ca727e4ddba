//! Takes JSON apart without reading its values: each stays in the very characters that it came in, so that no digit of an
//! amount is lost on the way through a floating point number.

/// The members of an object: names and values as they are written. `None` where the text is no object. The text must be
/// valid JSON.
pub(super) fn members(text: &str) -> Option<Vec<(&str, &str)>> {
    let mut rest = text.trim().strip_prefix('{')?;
    let mut members = Vec::new();
    loop {
        rest = rest.trim_start().trim_start_matches(',').trim_start();
        if rest.starts_with('}') {
            return Some(members);
        }
        let (name, behind) = value(rest)?;
        let (value, behind) = value(behind.trim_start().strip_prefix(':')?.trim_start())?;
        members.push((name, value));
        rest = behind;
    }
}

/// The elements of a list, as they are written. `None` where the text is no list. The text must be valid JSON.
pub(super) fn elements(text: &str) -> Option<Vec<&str>> {
    let mut rest = text.trim().strip_prefix('[')?;
    let mut elements = Vec::new();
    loop {
        rest = rest.trim_start().trim_start_matches(',').trim_start();
        if rest.starts_with(']') {
            return Some(elements);
        }
        let (element, behind) = value(rest)?;
        elements.push(element);
        rest = behind;
    }
}

/// The value at the beginning of a text, and what stands behind it.
fn value(text: &str) -> Option<(&str, &str)> {
    let end = match text.as_bytes().first()? {
        b'"' => string_end(text.as_bytes(), 0)?,
        b'{' | b'[' => nested_end(text.as_bytes())?,
        _ => text.find([',', '}', ']', ' ', '\n', '\r', '\t']).unwrap_or(text.len()),
    };
    // The end lies behind an ASCII sign, so between characters.
    (end > 0).then(|| text.split_at(end))
}

/// Behind the string that begins at that place.
fn string_end(bytes: &[u8], begin: usize) -> Option<usize> {
    let mut at = begin + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Behind the object or list at the beginning.
fn nested_end(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, 0);
    loop {
        match bytes.get(at)? {
            b'"' => {
                at = string_end(bytes, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn values_stay_in_their_own_characters() {
        let text = r#" { "a" : 1234567890123456.123456789, "b\"{" :{"c":[1,"}]"]} ,"d":null, "e":"\\\"," } "#;
        let expected = [
            (r#""a""#, "1234567890123456.123456789"),
            (r#""b\"{""#, r#"{"c":[1,"}]"]}"#),
            (r#""d""#, "null"),
            (r#""e""#, r#""\\\",""#),
        ];
        assert_eq!(members(text).unwrap(), expected);
        assert_eq!(
            elements(r#"[1, "a,b",[2,[3]] ,{}]"#).unwrap(),
            ["1", r#""a,b""#, "[2,[3]]", "{}"]
        );
        assert_eq!((members("{}").unwrap().len(), elements("[ ]").unwrap().len()), (0, 0));
    }

    #[test]
    fn what_is_something_else_has_no_members_and_no_elements() {
        for text in ["", "null", "[1]", "{", "{\"a\"", "{\"a\":\"b"] {
            assert_eq!(members(text), None, "{text}");
        }
        for text in ["", "null", "{}", "[", "[1", "[[1]"] {
            assert_eq!(elements(text), None, "{text}");
        }
    }

    fn any_json() -> impl proptest::strategy::Strategy<Value = Value> {
        use proptest::prelude::*;
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[\\PC\"\\\\{}\\[\\],:\n]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::btree_map("[a\"\\\\{}\\[\\],:é]{0,4}", inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest::proptest! {
        #[test]
        fn taking_apart_agrees_with_the_parser(value in any_json(), pretty: bool) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            match &value {
                Value::Object(map) => {
                    let taken: serde_json::Map<String, Value> = members(&text)
                        .unwrap()
                        .into_iter()
                        .map(|(name, value)| (serde_json::from_str(name).unwrap(), serde_json::from_str(value).unwrap()))
                        .collect();
                    proptest::prop_assert_eq!(&taken, map);
                }
                Value::Array(list) => {
                    let taken: Vec<Value> =
                        elements(&text).unwrap().into_iter().map(|value| serde_json::from_str(value).unwrap()).collect();
                    proptest::prop_assert_eq!(&taken, list);
                }
                _ => proptest::prop_assert_eq!((members(&text), elements(&text)), (None, None)),
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "[\\[\\]{}\",:a\\\\ ]{0,40}|.*") {
            let _ = (members(&text), elements(&text));
        }
    }
}
