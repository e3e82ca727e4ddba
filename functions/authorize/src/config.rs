//! What authorize needs from its environment.

use shared::config::{ConfigError, Environment, SecretNames, ZohoSettings};

/// The settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where Zoho is.
    pub zoho: ZohoSettings,
    /// The secrets.
    pub secrets: SecretNames,
    /// The state table.
    pub state_table: String,
    /// Push, whose intake is opened.
    pub push_function: String,
    /// The level of the logs.
    pub log_level: Option<String>,
}

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// Every variable that is wrong, by name.
    pub fn from_process() -> Result<Self, ConfigError> {
        Self::read(Environment::from_process())
    }

    /// Reads these variables.
    ///
    /// # Errors
    /// Every variable that is wrong, by name.
    pub fn read(mut environment: Environment) -> Result<Self, ConfigError> {
        let zoho = ZohoSettings::read(&mut environment);
        let secrets = SecretNames::read(&mut environment);
        let state_table = environment.required("STATE_TABLE");
        let push_function = environment.required("PUSH_FUNCTION");
        let log_level = environment.optional("LOG_LEVEL");
        let config = || {
            Some(Self {
                zoho: zoho?,
                secrets: secrets?,
                state_table: state_table?,
                push_function: push_function?,
                log_level,
            })
        };
        environment.finish(config())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_setting_is_named() {
        let error = Config::read(Environment::default()).unwrap_err().to_string();
        for name in [
            "SELF_CLIENT_SECRET",
            "ACCESS_TOKEN_SECRET",
            "STATE_TABLE",
            "PUSH_FUNCTION",
        ] {
            assert!(error.contains(name), "{name} is missing in: {error}");
        }
    }
}
