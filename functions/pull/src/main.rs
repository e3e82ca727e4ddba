//! The pull function: wiring only.

use lambda_runtime::{LambdaEvent, service_fn};
use pull::config::Config;
use pull::wiring;
use serde_json::Value;
use shared::config::Environment;
use shared::{panics, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let config = Config::read(Environment::from_process())?;
    telemetry::init(config.log_level.as_deref());
    let pull = wiring::connect(config).await?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| {
        panics::contained(pull.invoked(event))
    }))
    .await
}
