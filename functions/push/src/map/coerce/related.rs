//! The module of the record that an activity or a note is about.

use super::given::Given;
use crate::map::codes;
use crate::map::flaw::Flaw;

/// Modules whose records activities and notes are about (contract: `Related_To` with `$related_module`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::map) enum Related {
    Contacts,
    Accounts,
    Pipelines,
}

impl Related {
    pub const ALL: [Self; 3] = [Self::Contacts, Self::Accounts, Self::Pipelines];

    /// The module's API name.
    pub fn module(self) -> &'static str {
        match self {
            Self::Contacts => "Contacts",
            Self::Accounts => "Accounts",
            Self::Pipelines => "Pipelines",
        }
    }

    /// What `$related_module` calls it: the pipelines' module is Deals there.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pipelines => "Deals",
            other => other.module(),
        }
    }
}

/// Reads a module by any of its names.
pub(in crate::map) fn read(given: Given<'_>) -> Result<Related, Flaw> {
    match given.text()?.to_lowercase().as_str() {
        "contacts" | "contact" => Ok(Related::Contacts),
        "accounts" | "account" | "companies" | "company" => Ok(Related::Accounts),
        "deals" | "deal" | "pipelines" | "pipeline" => Ok(Related::Pipelines),
        _ => Err(Flaw::new(
            codes::INVALID_RELATED_MODULE,
            format!("{} is none of Contacts, Accounts and Deals", given.kind()),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_known_by_any_of_its_names() {
        for (name, word) in [
            ("contacts", "Contacts"),
            ("Company", "Accounts"),
            ("Pipelines", "Deals"),
            ("DEALS", "Deals"),
        ] {
            assert_eq!(read(Given::Cell(name)).map(Related::as_str), Ok(word));
        }
        assert_eq!(read(Given::Cell("deal")).map(Related::module), Ok("Pipelines"));
        let flaw = read(Given::Cell("Tasks")).map_err(|flaw| flaw.code);
        assert_eq!(flaw, Err(codes::INVALID_RELATED_MODULE));
    }
}
