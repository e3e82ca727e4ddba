//! Finds the name of a mapping or a module for what a file or a message says. The text is looked up as it
//! stands first. Then it is looked up folded, and counts where exactly one name fits.

use std::collections::HashMap;

use super::words::{fold, signs};

/// Names with what each means.
#[derive(Debug, Clone)]
pub(super) struct Names<T> {
    exact: HashMap<String, T>,
    folded: HashMap<String, Vec<(String, T)>>,
}

impl<T: Copy + PartialEq> Names<T> {
    pub fn new<'a>(names: impl IntoIterator<Item = (&'a str, T)>) -> Self {
        let (mut exact, mut folded) = (HashMap::new(), HashMap::<String, Vec<(String, T)>>::new());
        for (name, meaning) in names {
            exact.entry(name.trim().to_owned()).or_insert(meaning);
            folded.entry(fold(name)).or_default().push((name.to_owned(), meaning));
        }
        Self { exact, folded }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty()
    }

    /// What the name means as it stands.
    pub fn exactly(&self, name: &str) -> Option<T> {
        self.exact.get(name.trim()).copied()
    }

    /// What the name means when letter case, blanks and punctuation do not count; `None` where that is not one thing.
    pub fn folded(&self, name: &str) -> Option<T> {
        let mut found = self.alike(name);
        let first = found.next()?;
        found.all(|other| other == first).then_some(first)
    }

    /// All that the name may mean when it is folded. Signs that tell names apart, such as $ and %, must not differ.
    pub fn alike(&self, name: &str) -> impl Iterator<Item = T> {
        let folded = fold(name);
        let wanted = signs(name);
        let found = self.folded.get(&folded).filter(|_| !folded.is_empty());
        found
            .into_iter()
            .flatten()
            .filter(move |(known, _)| {
                let known = signs(known);
                wanted.is_empty() || known.is_empty() || wanted == known
            })
            .map(|(_, meaning)| *meaning)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_as_it_stands_goes_before_a_folded_one_which_counts_only_alone() {
        let names = Names::new([
            ("Sales ($)", 1),
            ("Sales (%)", 2),
            ("E-Mail", 3),
            ("e mail", 4),
            ("Phone", 5),
        ]);
        assert_eq!(
            (
                names.exactly("Sales ($)"),
                names.exactly("Sales (%)"),
                names.exactly("sales")
            ),
            (Some(1), Some(2), None)
        );
        assert_eq!(
            (
                names.folded("SALES ($)"),
                names.folded("sales %"),
                names.folded("sales")
            ),
            (Some(1), Some(2), None)
        );
        assert_eq!(
            (names.folded("email"), names.exactly("e mail"), names.folded("phone #")),
            (None, Some(4), Some(5))
        );
        assert_eq!(
            (names.folded("Sales (€)"), names.folded("()"), names.folded("")),
            (None, None, None)
        );
    }
}
