//! Which column of a header each name of a mapping means.

use super::directory::{Directory, is_our_own};
use super::mapping::{ColumnRule, Mapping};
use super::names::Names;

/// What the mapping says of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Said<'a> {
    /// Nothing.
    Nothing,
    /// It is left out.
    LeftOut,
    /// How it fills a field.
    Rule(&'a ColumnRule),
    /// The column has the name of a field, and the mapping sends that name, written otherwise, to another field.
    Unclear(&'a str),
}

/// What the mapping says of each column of a header, in its order, and which of its columns the header does not have.
pub(super) struct HeaderNames<'a> {
    pub said: Vec<Said<'a>>,
    pub missing: Vec<&'a str>,
}

impl<'a> HeaderNames<'a> {
    /// A name as it stands goes before a folded one. A folded one counts only where one name of the mapping means one
    /// column, and no other column has the name as it stands.
    pub fn new(header: &[String], mapping: &'a Mapping, directory: &Directory) -> Self {
        let rules: Vec<(&str, &ColumnRule)> = mapping.columns.iter().map(|(name, rule)| (&**name, rule)).collect();
        let ignored = mapping.ignore.iter().map(String::as_str);
        let names = Names::new(rules.iter().map(|(name, _)| *name).chain(ignored).zip(0..));
        let exact: Vec<Option<usize>> = header.iter().map(|name| names.exactly(name)).collect();
        let folded: Vec<Option<usize>> = header
            .iter()
            .map(|name| {
                let is_exact = names.exactly(name).is_some() || is_our_own(name.trim());
                names
                    .folded(name)
                    .filter(|place| !is_exact && !exact.contains(&Some(*place)))
            })
            .collect();
        let only = |place: usize| folded.iter().filter(|found| **found == Some(place)).count() == 1;
        let mut missing: Vec<&str> = rules.iter().map(|(name, _)| *name).collect();
        let said = header
            .iter()
            .zip(exact.iter().zip(&folded))
            .map(|(column, (exact, folded))| {
                let Some(place) = exact.or(folded.filter(|place| only(*place))) else {
                    return Said::Nothing;
                };
                let Some((name, rule)) = rules.get(place) else {
                    return Said::LeftOut;
                };
                missing.retain(|missing| missing != name);
                let own = directory.exactly(column);
                let target = directory.resolve(rule.field.as_deref().unwrap_or(name)).ok();
                if exact.is_none() && own.is_some() && own != target {
                    Said::Unclear(name)
                } else {
                    Said::Rule(rule)
                }
            })
            .collect();
        Self { said, missing }
    }
}
