//! Settings from the environment, read once. All problems are told together, each naming its variable.

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;

use bigin::data_centre::{DataCentre, ZohoHosts};

/// The variables of a function's environment, and what is wrong with those that were asked for. An empty variable
/// counts as absent: the template sets some to nothing.
#[derive(Debug, Default)]
pub struct Environment {
    variables: HashMap<String, String>,
    problems: Vec<String>,
}

/// The function cannot start with these settings.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the function's settings are wrong: {}; correct the parameters of the stack, or the function's environment, and deploy again", .0.join("; "))]
pub struct ConfigError(Vec<String>);

impl Environment {
    /// The process's own variables.
    pub fn from_process() -> Self {
        Self::from_pairs(
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        )
    }

    /// Variables given by hand.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let variables = pairs
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        Self {
            variables,
            problems: Vec::new(),
        }
    }

    /// A variable that may be absent.
    pub fn optional(&self, name: &str) -> Option<String> {
        self.variables
            .get(name)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
    }

    /// A variable that must be there. `None` has been noted as a problem.
    pub fn required(&mut self, name: &str) -> Option<String> {
        let value = self.optional(name);
        if value.is_none() {
            self.problems.push(format!("{name} is not set"));
        }
        value
    }

    /// A variable of some type that must be there. `None` has been noted as a problem.
    pub fn parsed<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        let text = self.required(name)?;
        self.parse(name, &text)
    }

    /// A variable of some type, with a value for when it is absent. `None` has been noted as a problem.
    pub fn parsed_or<T: FromStr<Err: Display>>(&mut self, name: &str, otherwise: T) -> Option<T> {
        match self.optional(name) {
            Some(text) => self.parse(name, &text),
            None => Some(otherwise),
        }
    }

    /// Notes what is wrong with a variable.
    pub fn problem(&mut self, name: &str, problem: impl Display) {
        self.problems.push(format!("{name}: {problem}"));
    }

    /// Hands the finished settings out, unless there are problems.
    ///
    /// # Errors
    /// Every variable that is wrong, by name.
    pub fn finish<T>(self, settings: Option<T>) -> Result<T, ConfigError> {
        match settings {
            Some(settings) if self.problems.is_empty() => Ok(settings),
            _ => Err(ConfigError(self.problems)),
        }
    }

    fn parse<T: FromStr<Err: Display>>(&mut self, name: &str, text: &str) -> Option<T> {
        text.parse().map_err(|problem| self.problem(name, problem)).ok()
    }
}

/// Where Zoho is: `DATA_CENTER` and, for a stand-in or a data centre we do not know, `ACCOUNTS_URL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZohoSettings {
    /// The accounts server, and the API hosts that are believed.
    pub hosts: ZohoHosts,
}

impl ZohoSettings {
    /// Reads the settings. `None` has been noted as a problem.
    pub fn read(environment: &mut Environment) -> Option<Self> {
        let data_centre = environment.parsed_or("DATA_CENTER", DataCentre::Us)?;
        let hosts = match environment.optional("ACCOUNTS_URL") {
            None => ZohoHosts::of(data_centre),
            Some(url) => ZohoHosts::with_accounts_url(data_centre, &url)
                .map_err(|problem| environment.problem("ACCOUNTS_URL", problem))
                .ok()?,
        };
        Some(Self { hosts })
    }
}

/// The two secrets of the stack, by ARN: `SELF_CLIENT_SECRET` and `ACCESS_TOKEN_SECRET`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretNames {
    /// The secret with the self client and its refresh token.
    pub self_client: String,
    /// The secret with the access token.
    pub access_token: String,
}

impl SecretNames {
    /// Reads the settings. `None` has been noted as a problem.
    pub fn read(environment: &mut Environment) -> Option<Self> {
        let (self_client, access_token) = (
            environment.required("SELF_CLIENT_SECRET"),
            environment.required("ACCESS_TOKEN_SECRET"),
        );
        Some(Self {
            self_client: self_client?,
            access_token: access_token?,
        })
    }
}

/// What a function that asks Bigin is given of the stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackSettings {
    /// The stack's name.
    pub stack: String,
    /// The secret with the access token.
    pub access_token_secret: String,
    /// The data bucket.
    pub data_bucket: String,
    /// The function that refreshes the access token.
    pub refresh_function: String,
    /// The state table.
    pub state_table: String,
}

impl StackSettings {
    /// Reads the settings. `None` has been noted as a problem.
    pub fn read(environment: &mut Environment) -> Option<Self> {
        // The API domain stands beside the token; a wrong data centre is told here all the same.
        let zoho = ZohoSettings::read(environment);
        let names = [
            "STACK_NAME",
            "ACCESS_TOKEN_SECRET",
            "DATA_BUCKET",
            "REFRESH_FUNCTION",
            "STATE_TABLE",
        ];
        let [stack, access_token_secret, data_bucket, refresh_function, state_table] =
            names.map(|name| environment.required(name));
        zoho?;
        Some(Self {
            stack: stack?,
            access_token_secret: access_token_secret?,
            data_bucket: data_bucket?,
            refresh_function: refresh_function?,
            state_table: state_table?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_problems_are_told_together() {
        let mut environment = Environment::from_pairs([("WIDTH", "many"), ("DATA_CENTER", "moon"), ("EMPTY", " ")]);
        let (table, width) = (environment.required("STATE_TABLE"), environment.parsed::<u32>("WIDTH"));
        let zoho = ZohoSettings::read(&mut environment);
        assert_eq!(environment.required("EMPTY"), None);
        let error = environment.finish(table.zip(width).zip(zoho)).unwrap_err().to_string();
        for name in ["STATE_TABLE", "WIDTH", "DATA_CENTER", "EMPTY"] {
            assert!(error.contains(name), "{name} is missing in: {error}");
        }
    }

    #[test]
    fn a_variable_set_to_nothing_is_absent() {
        let mut environment = Environment::from_pairs([("DATA_CENTER", "eu"), ("ACCOUNTS_URL", "")]);
        let settings = ZohoSettings::read(&mut environment);
        assert_eq!(
            environment.finish(settings).unwrap().hosts,
            ZohoHosts::of(DataCentre::Eu)
        );
    }

    #[test]
    fn plain_http_to_another_machine_is_refused_as_accounts_url() {
        let mut environment = Environment::from_pairs([("ACCOUNTS_URL", "http://accounts.example")]);
        let settings = ZohoSettings::read(&mut environment);
        assert!(
            environment
                .finish(settings)
                .unwrap_err()
                .to_string()
                .contains("ACCOUNTS_URL")
        );
    }

    #[test]
    fn a_default_stands_in_for_an_absent_variable_but_not_for_a_wrong_one() {
        let mut environment = Environment::from_pairs([("B", "x")]);
        assert_eq!(environment.parsed_or("A", 5_u32), Some(5));
        assert_eq!(environment.parsed_or("B", 5_u32), None);
        assert!(environment.finish(Some(())).is_err());
    }
}
