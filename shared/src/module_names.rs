//! Which module a name means: its API name, Bigin's own name, or the organisation's label, in any letter case.

use bigin::{Module, ModuleName};

/// Bigin's own names for its modules beside their API names (Bigin developer guide, "Modules Metadata").
const OWN_NAMES: [(&str, &[&str]); 10] = [
    ("Contacts", &["contact"]),
    ("Accounts", &["account", "companies", "company"]),
    ("Pipelines", &["pipeline", "deals", "deal"]),
    ("Products", &["product"]),
    ("Tasks", &["task"]),
    ("Events", &["event"]),
    ("Calls", &["call"]),
    ("Notes", &["note"]),
    // Known so that they can be refused by name, whatever the organisation lists.
    ("Attachments", &["attachment"]),
    ("Associated_Products", &[]),
];

/// A name that means no module.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this organisation has no module {name:?}{}", list(known))]
pub struct UnknownModule {
    /// The name.
    pub name: String,
    /// The modules there are, where Bigin said.
    pub known: Vec<String>,
}

impl UnknownModule {
    /// A name that means no module, where Bigin does not let its modules be listed.
    pub fn unlisted(name: &str) -> Self {
        Self {
            name: name.chars().take(100).collect(),
            known: Vec::new(),
        }
    }
}

fn list(known: &[String]) -> String {
    if known.is_empty() {
        return " that the authorization lets us know of: use an API name, as in Contacts or Accounts".to_owned();
    }
    format!("; it has {}", known.join(", "))
}

/// The module that Bigin's own names and API names mean, without asking Bigin.
pub fn by_own_name(name: &str) -> Option<ModuleName> {
    let folded = fold(name);
    OWN_NAMES
        .iter()
        .find(|(api_name, names)| fold(api_name) == folded || names.contains(&folded.as_str()))
        .and_then(|(api_name, _)| ModuleName::parse(api_name).ok())
}

/// Bigin's own names for a module, in lower case.
pub fn own_names(module: &ModuleName) -> &'static [&'static str] {
    OWN_NAMES
        .iter()
        .find(|(api_name, _)| *api_name == module.as_str())
        .map_or(&[], |(_, names)| *names)
}

/// The module that a name means in an organisation with these modules.
///
/// # Errors
/// None has that name.
pub fn by_label(name: &str, modules: &[Module]) -> Result<ModuleName, UnknownModule> {
    let folded = fold(name);
    let labels = |module: &Module| {
        [
            Some(&module.api_name),
            module.singular_label.as_ref(),
            module.plural_label.as_ref(),
        ]
        .into_iter()
        .flatten()
        .any(|label| fold(label) == folded)
    };
    let served = || modules.iter().filter(|module| module.api_supported);
    served()
        .find(|module| labels(module))
        .and_then(|module| ModuleName::parse(&module.api_name).ok())
        .ok_or_else(|| UnknownModule {
            name: name.chars().take(100).collect(),
            known: served().map(|module| module.api_name.clone()).collect(),
        })
}

fn fold(name: &str) -> String {
    name.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(api_name: &str, plural: &str) -> Module {
        Module {
            api_name: api_name.into(),
            singular_label: None,
            plural_label: Some(plural.into()),
            api_supported: true,
        }
    }

    #[test]
    fn bigins_own_names_mean_their_modules_in_any_case() {
        for (name, api_name) in [
            ("Companies", "Accounts"),
            ("deals", "Pipelines"),
            ("CONTACTS", "Contacts"),
            ("Company", "Accounts"),
        ] {
            assert_eq!(by_own_name(name).unwrap().as_str(), api_name);
        }
        assert_eq!(by_own_name("Kunden"), None);
    }

    #[test]
    fn the_organisations_label_means_its_module() {
        let modules = [module("Accounts", "Kunden"), module("Contacts", "人々")];
        assert_eq!(by_label("kunden", &modules).unwrap().as_str(), "Accounts");
        assert_eq!(by_label("人々", &modules).unwrap().as_str(), "Contacts");
        let unknown = by_label("Leads", &modules).unwrap_err();
        assert!(unknown.to_string().contains("Accounts, Contacts"));
    }
}
