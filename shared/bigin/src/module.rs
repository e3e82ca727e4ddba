//! A module's API name.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The API name of a Bigin module, such as `Contacts` or `Accounts`: letters, digits and underscores, a letter
/// first. The type keeps anything else out of a URL or an object key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ModuleName(String);

/// A text that cannot be a module's API name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} cannot be the name of a Bigin module: use letters, digits and underscores, as in Contacts or Accounts")]
pub struct NotAModuleName(pub String);

impl ModuleName {
    /// Parses an API name.
    ///
    /// # Errors
    /// The text is empty, longer than 100 characters, or has a character that API names never have.
    pub fn parse(text: &str) -> Result<Self, NotAModuleName> {
        let fits = text.len() <= 100
            && text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAModuleName(text.chars().take(100).collect()))
        }
    }

    /// The name as Bigin spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ModuleName {
    type Error = NotAModuleName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<ModuleName> for String {
    fn from(name: ModuleName) -> Self {
        name.0
    }
}

impl fmt::Display for ModuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn api_names_are_accepted_as_they_stand() {
        for name in ["Contacts", "Accounts", "Associated_Products", "CustomModule1"] {
            assert_eq!(ModuleName::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn nothing_that_could_leave_its_place_in_a_path_is_accepted() {
        for name in [
            "",
            "../Contacts",
            "Contacts/1",
            "Contacts?x",
            "_queue",
            "Ko\u{308}ntakte",
            "1st",
        ] {
            assert!(ModuleName::parse(name).is_err(), "{name}");
        }
    }
}
