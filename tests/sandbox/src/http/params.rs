//! Request parameters, wherever they came: query string, form or multipart.

use url::form_urlencoded;

/// Named parameters; of two of one name the later one counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// From a query string or a form body.
    pub(crate) fn parse(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    pub(crate) fn add(&mut self, name: String, value: String) {
        self.0.push((name, value));
    }

    pub(crate) fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    /// The value, unless it is missing or empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().rev().find(|(key, _)| key == name)?;
        Some(found.1.as_str()).filter(|value| !value.is_empty())
    }

    /// Whether any name or value is such a one.
    pub(crate) fn any(&self, is_such: impl Fn(&str) -> bool) -> bool {
        self.0.iter().any(|(name, value)| is_such(name) || is_such(value))
    }

    /// All but the named one, in a fixed order: what a page token is bound to.
    pub(crate) fn all_but(&self, names: &[&str]) -> Vec<(String, String)> {
        let mut rest: Vec<_> = self
            .0
            .iter()
            .filter(|(name, _)| !names.contains(&name.as_str()))
            .cloned()
            .collect();
        rest.sort();
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_of_two_values_counts_and_an_empty_one_is_none() {
        let mut params = Params::parse(b"code=a&scope=&x=1+2");
        params.extend(Params::parse(b"code=b"));
        assert_eq!(params.get("code"), Some("b"));
        assert_eq!(params.get("scope"), None);
        assert_eq!(params.get("x"), Some("1 2"));
    }
}
