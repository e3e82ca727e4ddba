//! What refresh needs from its environment.

use jiff::SignedDuration;
use shared::config::{ConfigError, Environment, SecretNames, ZohoSettings};
use shared::state::waits::Patience;

/// The settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where Zoho is.
    pub zoho: ZohoSettings,
    /// The secrets.
    pub secrets: SecretNames,
    /// The state table.
    pub state_table: String,
    /// Push, whose intake is switched.
    pub push_function: String,
    /// The stack's name, a dimension of its metrics.
    pub stack: String,
    /// After what time somebody must hear of what waits.
    pub patience: Patience,
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
        let stack = environment.required("STACK_NAME");
        let log_level = environment.optional("LOG_LEVEL");
        let usual = Patience::default();
        let mut minutes = |name: &str, usual: SignedDuration| {
            let minutes: Option<u32> = environment.parsed_or(name, u32::try_from(usual.as_mins()).unwrap_or(0));
            minutes.map(|minutes| SignedDuration::from_mins(i64::from(minutes)))
        };
        let [held, outage, turn, pause] = [
            ("HELD_ALARM_MIN", usual.held),
            ("OUTAGE_ALARM_MIN", usual.outage),
            ("TURN_ALARM_MIN", usual.turn),
            ("PAUSE_ALARM_MIN", usual.pause),
        ]
        .map(|(name, usual)| minutes(name, usual));
        let config = || {
            Some(Self {
                zoho: zoho?,
                secrets: secrets?,
                state_table: state_table?,
                push_function: push_function?,
                stack: stack?,
                patience: Patience {
                    held: held?,
                    outage: outage?,
                    turn: turn?,
                    pause: pause?,
                },
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
    fn patience_is_the_templates_or_the_usual() {
        let names = [
            "SELF_CLIENT_SECRET",
            "ACCESS_TOKEN_SECRET",
            "STATE_TABLE",
            "PUSH_FUNCTION",
            "STACK_NAME",
        ];
        let pairs = names.map(|name| (name, "x")).into_iter().chain([("DATA_CENTER", "eu")]);
        let read = |more: &[(&'static str, &'static str)]| {
            Config::read(Environment::from_pairs(pairs.clone().chain(more.iter().copied())))
        };
        assert_eq!(read(&[]).unwrap().patience, Patience::default());
        let patience = read(&[("TURN_ALARM_MIN", "7")]).unwrap().patience;
        let turn = SignedDuration::from_mins(7);
        assert_eq!(
            patience,
            Patience {
                turn,
                ..Patience::default()
            }
        );
        assert!(
            read(&[("TURN_ALARM_MIN", "long")])
                .unwrap_err()
                .to_string()
                .contains("TURN_ALARM_MIN")
        );
    }

    #[test]
    fn every_missing_setting_is_named() {
        let error = Config::read(Environment::default()).unwrap_err().to_string();
        for name in [
            "SELF_CLIENT_SECRET",
            "ACCESS_TOKEN_SECRET",
            "STATE_TABLE",
            "PUSH_FUNCTION",
            "STACK_NAME",
        ] {
            assert!(error.contains(name), "{name} is missing in: {error}");
        }
    }
}
