//! Where a value is looked for.

use bigin::{ColumnName, ModuleName};

use crate::map::ReferenceRule;
use crate::record::MatchKey;

/// Where a value is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// A field of a module's records.
    Records {
        /// The module.
        module: ModuleName,
        /// The field.
        by: ColumnName,
    },
    /// The e-mail addresses of the users who may own records.
    UserEmails,
    /// The full names of the users who may own records.
    UserNames,
    /// The names of the team pipelines.
    TeamPipelines,
}

impl Place {
    /// Where a reference's value is looked for; `None` where the rule names no field.
    pub fn of_rule(rule: &ReferenceRule) -> Option<Self> {
        match (rule.module.as_str(), rule.by.as_str()) {
            ("users", by) if by.eq_ignore_ascii_case("email") => Some(Self::UserEmails),
            ("users", "full_name" | "name") => Some(Self::UserNames),
            ("layouts", "name") => Some(Self::TeamPipelines),
            ("users" | "layouts", _) => None,
            (module, by) => Some(Self::Records {
                module: ModuleName::parse(module).ok()?,
                by: ColumnName::parse(by)?,
            }),
        }
    }

    /// Where a match key's value is looked for; `None` for what is no field.
    pub fn of_key(module: &ModuleName, key: &MatchKey) -> Option<Self> {
        Some(Self::Records {
            module: module.clone(),
            by: ColumnName::parse(key.field())?,
        })
    }

    /// What is found there.
    pub(super) fn what(&self) -> String {
        match self {
            Self::Records { module, .. } => format!("record of {module}"),
            Self::UserEmails | Self::UserNames => "active user".to_owned(),
            Self::TeamPipelines => "team pipeline".to_owned(),
        }
    }

    /// The field that has the value, in words.
    pub(super) fn field(&self) -> &str {
        match self {
            Self::Records { by, .. } => by.as_str(),
            Self::UserEmails => "e-mail address",
            Self::UserNames => "full name",
            Self::TeamPipelines => "name",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use bigin::FieldName;

    use super::*;
    use crate::map::{OnAmbiguous, OnMissing};

    fn of(module: &str, by: &str) -> Option<Place> {
        Place::of_rule(&ReferenceRule {
            field: FieldName::new("X"),
            module: String::from_str(module).unwrap(),
            by: by.to_owned(),
            on_missing: OnMissing::Reject,
            on_ambiguous: OnAmbiguous::Reject,
        })
    }

    #[test]
    fn users_and_pipelines_are_no_modules() {
        assert_eq!(of("users", "email"), Some(Place::UserEmails));
        assert_eq!(of("users", "full_name"), Some(Place::UserNames));
        assert_eq!(of("layouts", "name"), Some(Place::TeamPipelines));
        assert!(matches!(of("Accounts", "Account_Name"), Some(Place::Records { .. })));
    }

    #[test]
    fn what_is_no_field_is_no_place() {
        for (module, by) in [
            ("Accounts", "a,b"),
            ("Accounts", "Name' or 'x"),
            ("", "Name"),
            ("users", "zuid"),
            ("layouts", "id"),
        ] {
            assert_eq!(of(module, by), None, "{module} {by}");
        }
    }
}
