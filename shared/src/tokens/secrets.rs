//! A secret as everything above it sees it: text in versions, of which one is current.

use std::fmt;
use std::future::Future;

use zeroize::Zeroizing;

/// Names a version of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VersionId(String);

impl VersionId {
    /// A version by its id.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a secret holds. It is never shown, and wiped from memory on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Takes ownership of the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text, for those that store or read it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(***)")
    }
}

/// The current version of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned {
    /// What it holds.
    pub text: SecretText,
    /// Which version it is.
    pub version: VersionId,
}

/// How a publish ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a lost publish means that somebody else has published"]
pub enum Publish {
    /// The text is current, as this version.
    Done(VersionId),
    /// Another version than the expected one was current: the text is not published.
    Lost,
}

/// What went wrong with a secret. No text of a secret is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Secrets Manager refused or failed.
    #[error(
        "could not {action} the secret {secret} ({problem}): if it persists, check that the secret is there and the function's role may use it"
    )]
    Failed {
        /// What was tried.
        action: &'static str,
        /// The secret's name.
        secret: String,
        /// Secrets Manager's words.
        problem: String,
    },
    /// More than a secret can hold.
    #[error(
        "the secret {secret} would have {bytes} bytes, more than the {LARGEST_SECRET} that Secrets Manager takes: nothing was \
         stored. Send the self client's file as Zoho's API console gave it"
    )]
    TooLarge {
        /// The secret's name.
        secret: String,
        /// How many bytes there would be.
        bytes: usize,
    },
    /// A secret that holds something else than it should.
    #[error(
        "the secret {secret} holds something this version cannot read ({problem}): authorize again, which writes it anew"
    )]
    Unreadable {
        /// The secret's name.
        secret: String,
        /// Where reading stopped; nothing of the content.
        problem: String,
    },
}

/// The most bytes in a secret (AWS Secrets Manager user guide, "Quotas").
pub const LARGEST_SECRET: usize = 65_536;

/// One secret. Every method is one step as far as readers of the current version can see.
pub trait Secrets: Clone + Send + Sync + 'static {
    /// The secret's name, for errors.
    fn name(&self) -> &str;

    /// The current version; `None` when the secret holds nothing yet.
    fn read(&self) -> impl Future<Output = Result<Option<Versioned>, VaultError>> + Send;

    /// Makes a text current if the expected version still is; `None`: if the secret holds nothing yet.
    fn publish(
        &self,
        expected: Option<&VersionId>,
        text: &SecretText,
    ) -> impl Future<Output = Result<Publish, VaultError>> + Send;

    /// Proves that publishing would work, without changing what is current: the text is stored beside it and taken
    /// away again. A secret that holds nothing yet keeps it, since the first version is current by itself.
    fn probe(&self, text: &SecretText) -> impl Future<Output = Result<(), VaultError>> + Send;

    /// Sees to it that no version but the current one, and copies of it, can be had by a label. False where somebody
    /// else has published meanwhile: then what was current has to be looked at anew.
    fn scrub(&self) -> impl Future<Output = Result<bool, VaultError>> + Send;
}

#[cfg(test)]
mod tests {
    use super::*;
    use zeroize::ZeroizeOnDrop;

    #[test]
    fn what_a_secret_holds_is_wiped_on_drop_and_not_shown() {
        fn wiped_on_drop<T: ZeroizeOnDrop>(_: &T) {}
        let text = SecretText::new("s3cret");
        assert_eq!(format!("{text:?}"), "SecretText(***)");
        let SecretText(text) = text;
        let text: Zeroizing<String> = text;
        wiped_on_drop(&text);
    }
}
