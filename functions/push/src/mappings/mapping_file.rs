//! Finds and reads the mapping file of a module.

use bigin::ModuleName;

use shared::bucket::{BucketError, Objects};
use shared::module_names::own_names;

/// More than that is no mapping.
pub const LARGEST: u64 = 128 << 10;

/// A mapping file as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingFile {
    /// Its key.
    pub key: String,
    /// Its text.
    pub text: String,
}

/// Why there is no mapping to work with.
#[derive(Debug, thiserror::Error)]
pub enum MappingFileError {
    /// The mapping that was named is not there.
    #[error("there is no mapping {name:?} for {module}: it would lie at {key}")]
    Missing {
        /// The name.
        name: String,
        /// The module.
        module: ModuleName,
        /// Where it would lie.
        key: String,
    },
    /// It is not text.
    #[error("{key} is not UTF-8 text")]
    NotText {
        /// Its key.
        key: String,
    },
    /// It is too large to be a mapping.
    #[error(
        "{key} has more than {LARGEST} bytes, too many for a mapping: make a mapping of its own for each kind of file"
    )]
    TooLarge {
        /// Its key.
        key: String,
    },
    /// The bucket.
    #[error(transparent)]
    Bucket(BucketError),
}

/// Where a mapping may lie: under the module's API name, under the name that was used for it, or under Bigin's own.
pub fn keys(module: &ModuleName, written: &str, mapping: Option<&str>) -> Vec<String> {
    let mut folders = vec![module.as_str().to_owned(), written.trim().to_owned()];
    folders.extend(own_names(module).iter().map(|name| capitalised(name)));
    folders.extend(folders.clone().iter().map(|name| name.to_lowercase()));
    let mut keys: Vec<String> = Vec::new();
    for folder in folders.into_iter().filter(|folder| !folder.is_empty()) {
        let key = match mapping {
            Some(mapping) => format!("mappings/{folder}/{mapping}.toml"),
            None => format!("mappings/{folder}.toml"),
        };
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// The module's mapping, or the one that is named. `None` where no mapping is named and the module has none.
///
/// # Errors
/// A named mapping is missing, or the file cannot be read.
pub async fn find<O: Objects>(
    bucket: &O,
    module: &ModuleName,
    written: &str,
    mapping: Option<&str>,
) -> Result<Option<MappingFile>, MappingFileError> {
    for key in keys(module, written, mapping) {
        let bytes = match bucket.get(&key, LARGEST).await {
            Ok(Some(bytes)) => bytes,
            Ok(None) => continue,
            Err(BucketError::TooLarge { .. }) => return Err(MappingFileError::TooLarge { key }),
            Err(error) => return Err(MappingFileError::Bucket(error)),
        };
        return match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(MappingFile { key, text })),
            Err(_) => Err(MappingFileError::NotText { key }),
        };
    }
    match mapping {
        None => Ok(None),
        Some(name) => Err(MappingFileError::Missing {
            name: name.to_owned(),
            module: module.clone(),
            key: format!("mappings/{module}/{name}.toml"),
        }),
    }
}

fn capitalised(name: &str) -> String {
    let mut chars = name.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_may_lie_under_any_name_of_its_module() {
        let module = ModuleName::parse("Accounts").unwrap();
        let keys = keys(&module, "Kunden", None);
        assert_eq!(keys[0], "mappings/Accounts.toml", "the API name goes first");
        for folder in ["Kunden", "Companies", "Company", "accounts", "kunden", "companies"] {
            assert!(keys.contains(&format!("mappings/{folder}.toml")), "{folder}: {keys:?}");
        }
        assert_eq!(
            super::keys(&module, "accounts", Some("shop"))[0],
            "mappings/Accounts/shop.toml"
        );
    }
}
