//! What an object's key says: `inbox/<Module>/[<mapping>/]<name>.<ending>`, or the same under `check/`.

use serde::{Deserialize, Serialize};

/// Which of the two prefixes the object lies under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Area {
    /// Is pushed.
    Inbox,
    /// Is planned only.
    Check,
}

/// A key, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxKey {
    /// Which prefix.
    pub area: Area,
    /// The module as the key names it: an API name, Bigin's own name or the organisation's label.
    pub module: String,
    /// The mapping, where the key names one.
    pub mapping: Option<String>,
    /// The file's name with its ending.
    pub file: String,
}

/// A key that is not where a file is expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the key is not inbox/<Module>/[<mapping>/]<name>.<ending>: {problem}; move the file to, for example, inbox/Contacts/customers.csv"
)]
pub struct MisplacedKey {
    problem: &'static str,
}

impl InboxKey {
    /// Takes a key apart. The key is plain text, not URL-encoded.
    ///
    /// # Errors
    /// The key lies elsewhere, names no module, or goes deeper than a mapping.
    pub fn parse(key: &str) -> Result<Self, MisplacedKey> {
        let misplaced = |problem| Err(MisplacedKey { problem });
        let (area, rest) = match key.split_once('/') {
            Some(("inbox", rest)) => (Area::Inbox, rest),
            Some(("check", rest)) => (Area::Check, rest),
            _ => return misplaced("it does not start with inbox/ or check/"),
        };
        let parts: Vec<_> = rest.split('/').collect();
        let (module, mapping, file) = match parts.as_slice() {
            [_] => return misplaced("it names no module"),
            [module, file] => (*module, None, *file),
            [module, mapping, file] => (*module, Some(*mapping), *file),
            _ => return misplaced("it has more folders than a module and a mapping"),
        };
        if module.trim().is_empty() || mapping.is_some_and(|mapping| mapping.trim().is_empty()) {
            return misplaced("a folder has no name");
        }
        if file.is_empty() {
            return misplaced("it names no file");
        }
        Ok(Self {
            area,
            module: module.to_owned(),
            mapping: mapping.map(str::to_owned),
            file: file.to_owned(),
        })
    }
}

/// The file's name without folders and endings, reduced to what is safe and readable in another object's key.
pub fn stem(key: &str) -> String {
    let file = key.rsplit('/').next().unwrap_or_default();
    let file = file.strip_suffix(".gz").unwrap_or(file);
    let stem = file
        .rsplit_once('.')
        .map_or(file, |(stem, _)| if stem.is_empty() { file } else { stem });
    let safe: String = stem
        .chars()
        .map(|c| {
            if c.is_control() || matches!(c, '/' | '\\') {
                '_'
            } else {
                c
            }
        })
        .take(120)
        .collect();
    if safe.is_empty() { "unnamed".to_owned() } else { safe }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_area_module_mapping_and_file() {
        let key = InboxKey::parse("inbox/Contacts/shop/Kunden März.csv.gz").unwrap();
        assert_eq!(
            (key.area, key.module.as_str(), key.mapping.as_deref()),
            (Area::Inbox, "Contacts", Some("shop"))
        );
        assert_eq!(key.file, "Kunden März.csv.gz");
        assert_eq!(InboxKey::parse("check/Deals/q1.ndjson").unwrap().area, Area::Check);
    }

    #[test]
    fn a_key_elsewhere_is_refused() {
        for key in [
            "inbox/x.csv",
            "inbox/a/b/c/d.csv",
            "inbox//x.csv",
            "inbox/Contacts/",
            "reports/x",
            "inbox",
        ] {
            assert!(InboxKey::parse(key).is_err(), "{key}");
        }
    }

    #[test]
    fn a_stem_keeps_the_name_and_loses_the_endings() {
        assert_eq!(stem("inbox/Contacts/顧客 2026.csv.gz"), "顧客 2026");
        assert_eq!(stem("inbox/Contacts/.csv"), ".csv");
        assert_eq!(stem("inbox/Contacts/a.b.csv"), "a.b");
        assert_eq!(stem("inbox/Contacts/"), "unnamed");
    }

    proptest::proptest! {
        #[test]
        fn no_key_leaves_its_prefix(key: String) {
            let stem = stem(&key);
            proptest::prop_assert!(!stem.contains('/') && !stem.is_empty());
            let _ = InboxKey::parse(&key);
        }
    }
}
