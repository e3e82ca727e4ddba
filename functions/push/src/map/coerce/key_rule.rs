//! What a value must be like so that a record may be matched, looked up or deleted by it. A key that many
//! records share by mistake would make one record of them.

use std::sync::Arc;

use super::placeholder::is_placeholder;
use super::{damage, doubt};
use crate::map::codes;
use crate::map::flaw::Flaw;
use crate::record::{fold, folded};

/// What a key must be like.
#[derive(Debug, Clone, Default)]
pub(in crate::map) struct KeyRule {
    /// Values that are keys although they look as if they stood for none, folded.
    allowed: Arc<[String]>,
}

impl KeyRule {
    /// `allowed`: keys that the mapping names.
    pub fn new(allowed: &[String]) -> Self {
        Self {
            allowed: allowed.iter().map(|key| fold(key)).collect(),
        }
    }

    /// Whether the value may be a key.
    ///
    /// # Errors
    /// It is damaged, or stands for no value.
    pub fn check(&self, value: &str) -> Result<(), Flaw> {
        self.check_folded(value, &folded(value))
    }

    /// The same of a value of which it is known how it is compared.
    ///
    /// # Errors
    /// It is damaged, or stands for no value.
    pub fn check_folded(&self, value: &str, folded: &str) -> Result<(), Flaw> {
        let Some(flaw) = fault_of(value, folded) else {
            return Ok(());
        };
        if self.allowed.iter().any(|allowed| allowed == folded) {
            return Ok(());
        }
        Err(flaw)
    }
}

/// Whether a record must not be made out of nothing but that name.
pub(in crate::map) fn stands_for_none(value: &str) -> bool {
    fault_of(value, &folded(value)).is_some()
}

fn fault_of(value: &str, folded: &str) -> Option<Flaw> {
    if let Some(damage) = damage::of_key(value) {
        return Some(damage);
    }
    if !is_placeholder(folded) {
        // An address has been looked at by its own rule.
        return if value.contains('@') {
            None
        } else {
            doubt::of_key(value)
        };
    }
    Some(Flaw::new(
        codes::PLACEHOLDER_KEY,
        "a text that stands for no value (such as N/A, - or 0) where a record is to be found by it: different records \
             would become one. If it means none, name it under none in the mapping; if it is a real key, under allow_keys",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_and_placeholders_are_no_keys_unless_they_are_allowed() {
        let (rule, lax) = (
            KeyRule::default(),
            KeyRule::new(&["N/A".into(), "0".into(), "1E+05".into()]),
        );
        for (value, code) in [
            ("N/A", codes::PLACEHOLDER_KEY),
            ("0", codes::PLACEHOLDER_KEY),
            ("Unknown", codes::PLACEHOLDER_KEY),
            ("9.78E+12", codes::SPREADSHEET_DAMAGE),
            ("978E+10", codes::SPREADSHEET_DAMAGE),
            ("#NAME?", codes::SPREADSHEET_DAMAGE),
            ("#BEZUG!", codes::SPREADSHEET_DAMAGE),
            ("4876876000000620000", codes::SPREADSHEET_DAMAGE),
        ] {
            assert_eq!(rule.check(value).unwrap_err().code, code, "{value}");
        }
        assert!(lax.check("n/a").is_ok() && lax.check("0").is_ok() && lax.check("1e+05").is_ok());
        assert!(lax.check("-").is_err());
        for value in ["ann@example.com", "12E45", "4711", "Rue 5E", "C#", "#1"] {
            assert!(rule.check(value).is_ok(), "{value}");
        }
    }
}
