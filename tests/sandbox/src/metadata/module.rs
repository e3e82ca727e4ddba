//! The modules and their names.

/// A module whose records the sandbox keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum ModuleName {
    Contacts,
    Accounts,
    Pipelines,
    Products,
    Tasks,
    Events,
    Calls,
    Notes,
}

impl ModuleName {
    pub(crate) const ALL: [Self; 8] = [
        Self::Contacts,
        Self::Accounts,
        Self::Pipelines,
        Self::Products,
        Self::Tasks,
        Self::Events,
        Self::Calls,
        Self::Notes,
    ];

    /// The module of that API name; letter case counts.
    pub(crate) fn parse(api_name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|module| module.api_name() == api_name)
    }

    pub(crate) fn api_name(self) -> &'static str {
        match self {
            Self::Contacts => "Contacts",
            Self::Accounts => "Accounts",
            Self::Pipelines => "Pipelines",
            Self::Products => "Products",
            Self::Tasks => "Tasks",
            Self::Events => "Events",
            Self::Calls => "Calls",
            Self::Notes => "Notes",
        }
    }

    /// What users call one record and several.
    pub(crate) fn labels(self) -> (&'static str, &'static str) {
        match self {
            Self::Contacts => ("Contact", "Contacts"),
            Self::Accounts => ("Company", "Companies"),
            Self::Pipelines => ("Deal", "Deals"),
            Self::Products => ("Product", "Products"),
            Self::Tasks => ("Task", "Tasks"),
            Self::Events => ("Event", "Events"),
            Self::Calls => ("Call", "Calls"),
            Self::Notes => ("Note", "Notes"),
        }
    }

    /// The field that names a record where another one points to it.
    pub(crate) fn name_field(self) -> &'static str {
        match self {
            Self::Contacts => "Full_Name",
            Self::Accounts => "Account_Name",
            Self::Pipelines => "Deal_Name",
            Self::Products => "Product_Name",
            Self::Tasks | Self::Calls => "Subject",
            Self::Events => "Event_Title",
            Self::Notes => "Note_Title",
        }
    }

    /// Its place in lists that have one entry a module.
    pub(crate) fn place(self) -> usize {
        self as usize
    }

    /// Its id, the same in every organisation of the sandbox.
    pub(crate) fn id(self) -> u64 {
        5_876_876_000_000_002_000 + 1_000 * (self as u64)
    }

    /// The module of an activity's parent by the word that activities use: `Deals`, not `Pipelines`.
    pub(crate) fn related(word: &str) -> Option<Self> {
        match word {
            "Contacts" => Some(Self::Contacts),
            "Accounts" => Some(Self::Accounts),
            "Deals" => Some(Self::Pipelines),
            _ => None,
        }
    }

    /// The module that a related list shows; users' `Deals` is understood too.
    pub(crate) fn of_list(list: &str) -> Option<Self> {
        Self::parse(list).or_else(|| Self::related(list))
    }

    /// The word that activities use for it.
    pub(crate) fn related_word(self) -> &'static str {
        if self == Self::Pipelines {
            "Deals"
        } else {
            self.api_name()
        }
    }
}
