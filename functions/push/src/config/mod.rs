//! Push's settings, from the environment that the template gives it.

mod settings;

use std::time::Duration;

use jiff::SignedDuration;
use shared::config::{ConfigError, Environment, StackSettings};
use shared::pulled_modules::PulledModules;

pub use settings::Settings;

/// Push's settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// How push works.
    pub settings: Settings,
    /// What every function that asks Bigin is given.
    pub stack: StackSettings,
    /// The import state machine, by ARN.
    pub import_state_machine: String,
    /// `RecordsQueue`, by address.
    pub records_queue_url: String,
    /// Push's own name: its intake is found by it.
    pub own_name: String,
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
        let concurrency = environment.parsed_or("BIGIN_CONCURRENCY", defaults.bigin_concurrency);
        let pull_calls = environment.parsed_or("PULL_CALLS", defaults.pull_calls);
        let pulled = PulledModules::read(environment.optional("PULL_MODULES").as_deref());
        let slice_budget = environment.parsed_or("SLICE_BUDGET_S", defaults.slice_budget.as_secs());
        let event_within_s = environment.parsed_or("EVENT_WITHIN_S", defaults.event_within.as_secs());
        let inbox_days = environment.parsed_or("INBOX_RETENTION_DAYS", defaults.inbox_days);
        let defer_after_s = environment.parsed_or("DEFER_AFTER_S", defaults.defer_after.as_secs());
        let import_state_machine = environment.required("IMPORT_STATE_MACHINE");
        let records_queue_url = environment.required("RECORDS_QUEUE_URL");
        // Lambda itself sets this one.
        let own_name = environment.required("AWS_LAMBDA_FUNCTION_NAME");
        let log_level = environment.optional("LOG_LEVEL");
        let config = stack.and_then(|stack| {
            Some(Self {
                settings: Settings {
                    stack: stack.stack.clone(),
                    bigin_concurrency: concurrency?,
                    pull_calls: pull_calls?,
                    pulled,
                    slice_budget: Duration::from_secs(slice_budget?),
                    event_within: SignedDuration::from_secs(event_within_s?),
                    inbox_days: inbox_days?,
                    defer_after: SignedDuration::from_secs(defer_after_s?),
                    ..defaults
                },
                stack,
                import_state_machine: import_state_machine?,
                records_queue_url: records_queue_url?,
                own_name: own_name?,
                log_level,
            })
        });
        environment.finish(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 8] = [
        "ACCESS_TOKEN_SECRET",
        "AWS_LAMBDA_FUNCTION_NAME",
        "DATA_BUCKET",
        "IMPORT_STATE_MACHINE",
        "RECORDS_QUEUE_URL",
        "REFRESH_FUNCTION",
        "STACK_NAME",
        "STATE_TABLE",
    ];

    #[test]
    fn the_templates_environment_is_understood() {
        let pairs = NAMES.map(|name| (name, name.to_lowercase()));
        let more = [
            ("BIGIN_CONCURRENCY", "9".to_owned()),
            ("PULL_CALLS", "1".to_owned()),
            ("PULL_MODULES", "all".to_owned()),
            ("SLICE_BUDGET_S", "30".to_owned()),
        ];
        let config = Config::read(Environment::from_pairs(pairs.into_iter().chain(more))).unwrap();
        assert_eq!(
            (config.settings.bigin_concurrency, config.settings.slice_budget),
            (9, Duration::from_secs(30))
        );
        assert_eq!(
            config.settings.import_width(),
            6,
            "the queue's two and pull's one are left"
        );
        assert_eq!(config.settings.pulled, PulledModules::All);
        assert_eq!(config.own_name, "aws_lambda_function_name");
    }

    #[test]
    fn every_missing_variable_is_named() {
        let error = Config::read(Environment::from_pairs([("BIGIN_CONCURRENCY", "many")]))
            .unwrap_err()
            .to_string();
        for name in NAMES.into_iter().chain(["BIGIN_CONCURRENCY"]) {
            assert!(error.contains(name), "{name} is missing in: {error}");
        }
    }
}
