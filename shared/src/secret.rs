//! Secret text that cannot be printed, and the four secrets that Zoho hands out.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Declares a secret: text that `Debug` never shows, that has no `Display`, and that is wiped from memory on drop.
macro_rules! secret {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Zeroizing<String>);

        impl $name {
            /// Takes ownership of the text; `None` when there is nothing in it but blanks.
            pub fn new(text: impl Into<String>) -> Option<Self> {
                let text = Zeroizing::new(text.into());
                let trimmed = text.trim();
                (!trimmed.is_empty()).then(|| Self(Zeroizing::new(trimmed.to_owned())))
            }

            /// The text itself, for the one place that sends it to Zoho or stores it.
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(***)"))
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                *self.0 == *other.0
            }
        }

        impl Eq for $name {}
    };
}

secret! {
    /// The token a call to Bigin carries; it lives for an hour.
    AccessToken
}
secret! {
    /// The token that makes access tokens; it lives until it is revoked.
    RefreshToken
}
secret! {
    /// The self client's secret from Zoho's API console.
    ClientSecret
}
secret! {
    /// The one-time code from Zoho's API console; good for 3 to 10 minutes and one exchange.
    GrantCode
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown_by_debug() {
        let token = AccessToken::new("1000.abc.def").unwrap();
        assert_eq!(format!("{token:?}"), "AccessToken(***)");
        assert_eq!(token.expose(), "1000.abc.def");
    }

    #[test]
    fn blank_text_is_no_secret() {
        assert!(RefreshToken::new(" \n").is_none());
        assert_eq!(ClientSecret::new(" s3cret\n").unwrap().expose(), "s3cret");
    }
}
