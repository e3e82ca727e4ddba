//! What revoke needs from its environment.

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
    /// The data bucket, for the last reports.
    pub data_bucket: String,
    /// The queues by the names that status gives them.
    pub queues: Vec<(&'static str, String)>,
    /// Push, whose intake is switched.
    pub push_function: String,
    /// The stack's name, a dimension of its metrics.
    pub stack: String,
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
        let data_bucket = environment.required("DATA_BUCKET");
        let queues = [
            ("records", environment.required("RECORDS_QUEUE_URL")),
            (
                "records_dead_letter",
                environment.required("RECORDS_DEAD_LETTER_QUEUE_URL"),
            ),
            (
                "events_dead_letter",
                environment.required("EVENTS_DEAD_LETTER_QUEUE_URL"),
            ),
        ];
        let push_function = environment.required("PUSH_FUNCTION");
        let stack = environment.required("STACK_NAME");
        let log_level = environment.optional("LOG_LEVEL");
        let config = || {
            Some(Self {
                zoho: zoho?,
                secrets: secrets?,
                state_table: state_table?,
                data_bucket: data_bucket?,
                queues: queues
                    .into_iter()
                    .map(|(name, url)| Some((name, url?)))
                    .collect::<Option<_>>()?,
                push_function: push_function?,
                stack: stack?,
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
            "STATE_TABLE",
            "DATA_BUCKET",
            "RECORDS_QUEUE_URL",
            "EVENTS_DEAD_LETTER_QUEUE_URL",
            "PUSH_FUNCTION",
        ] {
            assert!(error.contains(name), "{name} is missing in: {error}");
        }
    }
}
