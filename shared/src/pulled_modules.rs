//! Which modules are pulled by themselves: the parameter `PullModules`, as pull and push read it.

use bigin::ModuleName;

use crate::module_names::by_own_name;

/// Which modules are pulled by themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum PulledModules {
    /// None.
    #[default]
    Off,
    /// Every one that can be read.
    All,
    /// These, by their API names, Bigin's own names or the organisation's labels.
    Named(Vec<String>),
}

impl PulledModules {
    /// Reads the parameter: nothing, `all`, or names with commas between them.
    pub fn read(text: Option<&str>) -> Self {
        let names: Vec<_> = text
            .unwrap_or_default()
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        match names.as_slice() {
            [] => Self::Off,
            [all] if all.eq_ignore_ascii_case("all") => Self::All,
            _ => Self::Named(names),
        }
    }

    /// Whether the module may be among them. A name that Bigin alone knows, the organisation's label, may mean any module:
    /// to find out would cost a question.
    pub fn may_have(&self, module: &ModuleName) -> bool {
        match self {
            Self::Off => false,
            Self::All => true,
            Self::Named(names) => names.iter().any(|name| match by_own_name(name) {
                Some(other) => other == *module,
                None => true,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_module_is_pulled_unless_one_is_named() {
        for (text, modules) in [
            (None, PulledModules::Off),
            (Some(" , "), PulledModules::Off),
            (Some("all"), PulledModules::All),
            (Some("All"), PulledModules::All),
            (
                Some("Contacts, Companies"),
                PulledModules::Named(vec!["Contacts".into(), "Companies".into()]),
            ),
        ] {
            assert_eq!(PulledModules::read(text), modules);
        }
    }

    #[test]
    fn a_module_may_be_among_them_by_bigins_own_name_or_by_a_label_that_is_not_known() {
        let accounts = ModuleName::parse("Accounts").unwrap();
        for (text, may) in [
            ("", false),
            ("all", true),
            ("companies", true),
            ("Contacts", false),
            ("Contacts, Kunden", true),
        ] {
            assert_eq!(PulledModules::read(Some(text)).may_have(&accounts), may, "{text}");
        }
    }
}
