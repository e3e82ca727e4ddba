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
    use zeroize::{Zeroize, ZeroizeOnDrop};

    #[test]
    fn a_secret_is_not_shown_by_debug() {
        let token = AccessToken::new("1000.abc.def").unwrap();
        assert_eq!(format!("{token:?}"), "AccessToken(***)");
        assert_eq!(token.expose(), "1000.abc.def");
    }

    /// What is in a secret, by value: this compiles only for text that is wiped on drop.
    macro_rules! assert_wiped {
        ($($name:ident)*) => {$({
            let $name(text) = $name::new("s3cret").unwrap();
            let text: Zeroizing<String> = text;
            wiped_on_drop(&text);
        })*};
    }

    fn wiped_on_drop<T: ZeroizeOnDrop>(_: &T) {}

    #[test]
    fn every_secret_is_text_that_is_wiped_on_drop() {
        assert_wiped!(AccessToken RefreshToken ClientSecret GrantCode);
    }

    /// Tells when it is wiped.
    struct Spy(std::rc::Rc<std::cell::Cell<u32>>);

    impl Zeroize for Spy {
        fn zeroize(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }

    /// Safe code cannot look at memory that was given back. So a stand-in takes the place of the text: it is
    /// wiped when its holder is dropped, also by a panic. That a `String` is wiped to zeros is zeroize's own
    /// affair.
    #[test]
    fn what_holds_a_secret_wipes_it_when_it_goes() {
        let wiped = std::rc::Rc::new(std::cell::Cell::new(0));
        let secret = || Zeroizing::new(Spy(std::rc::Rc::clone(&wiped)));
        drop(secret());
        assert_eq!(wiped.get(), 1);
        let mut held = vec![Some(secret()), Some(secret())];
        held[0] = None;
        assert_eq!(wiped.get(), 2);
        drop(held);
        assert_eq!(wiped.get(), 3);
        let held = secret();
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
            let _held = held;
            panic!("as on a fault");
        }));
        assert_eq!(wiped.get(), 4);
    }

    #[test]
    fn a_text_that_is_wiped_is_empty() {
        let AccessToken(mut text) = AccessToken::new("1000.abc.def").unwrap();
        text.zeroize();
        assert!(text.is_empty());
    }

    #[test]
    fn blank_text_is_no_secret() {
        assert!(RefreshToken::new(" \n").is_none());
        assert_eq!(ClientSecret::new(" s3cret\n").unwrap().expose(), "s3cret");
    }
}
