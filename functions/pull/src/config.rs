//! Pull's settings, from the environment that the template gives it.

use std::time::Duration;

use shared::config::{ConfigError, Environment, StackSettings};
use shared::pulled_modules::PulledModules;

use crate::context::Settings;

/// Pull's settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// How pull works.
    pub settings: Settings,
    /// What every function that asks Bigin is given.
    pub stack: StackSettings,
    /// The pull state machine, by ARN.
    pub pull_state_machine: String,
    /// The level of the logs.
    pub log_level: Option<String>,
}

impl Config {
    /// Reads the settings.
    ///
    /// # Errors
    /// Every variable that is missing or wrong, by name.
    pub fn read(mut environment: Environment) -> Result<Self, ConfigError> {
        let defaults = Settings::default();
        let stack = StackSettings::read(&mut environment);
        let slice_budget = environment.parsed_or("SLICE_BUDGET_S", defaults.slice_budget.as_secs());
        let pull_state_machine = environment.required("PULL_STATE_MACHINE");
        let record_events = environment.parsed_or("PULL_RECORD_EVENTS", defaults.record_events);
        let modules = PulledModules::read(environment.optional("PULL_MODULES").as_deref());
        let log_level = environment.optional("LOG_LEVEL");
        let config = stack.and_then(|stack| {
            Some(Self {
                settings: Settings {
                    stack: stack.stack.clone(),
                    modules,
                    record_events: record_events?,
                    slice_budget: Duration::from_secs(slice_budget?),
                    ..defaults
                },
                stack,
                pull_state_machine: pull_state_machine?,
                log_level,
            })
        });
        environment.finish(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 6] = [
        "ACCESS_TOKEN_SECRET",
        "DATA_BUCKET",
        "PULL_STATE_MACHINE",
        "REFRESH_FUNCTION",
        "STACK_NAME",
        "STATE_TABLE",
    ];

    #[test]
    fn the_templates_environment_is_understood() {
        let pairs = NAMES.map(|name| (name, name.to_lowercase()));
        let more = [
            ("PULL_MODULES", "Contacts, Companies".to_owned()),
            ("PULL_RECORD_EVENTS", "true".to_owned()),
            ("SLICE_BUDGET_S", "30".to_owned()),
        ];
        let config = Config::read(Environment::from_pairs(pairs.into_iter().chain(more))).unwrap();
        let named = PulledModules::Named(vec!["Contacts".to_owned(), "Companies".to_owned()]);
        assert_eq!(
            (config.settings.modules, config.settings.slice_budget),
            (named, Duration::from_secs(30))
        );
        assert!(config.settings.record_events);
        assert_eq!(config.pull_state_machine, "pull_state_machine");
    }

    #[test]
    fn every_missing_variable_is_named() {
        let error = Config::read(Environment::from_pairs([("SLICE_BUDGET_S", "long")]))
            .unwrap_err()
            .to_string();
        for name in NAMES.into_iter().chain(["SLICE_BUDGET_S"]) {
            assert!(error.contains(name), "{name} is missing in: {error}");
        }
    }
}
