//! The refresh function: wiring only.

use bigin::https;
use bigin::oauth::TOKEN_TIMEOUT;
use lambda_runtime::{LambdaEvent, run, service_fn};
use refresh::{Config, Function, Refresher};
use serde_json::Value;
use shared::clock::SystemClock;
use shared::intake::PushIntake;
use shared::state::{DynamoTable, Standing};
use shared::tokens::{DocumentStore, SecretsManagerSecret, ZohoIssuer};
use shared::{aws, panics, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let config = Config::from_process()?;
    telemetry::init(config.log_level.as_deref());
    let sdk = aws::load()?;
    let table = DynamoTable::new(&sdk, &config.state_table);
    let access = SecretsManagerSecret::new(&sdk, &config.secrets.access_token);
    let function = Function {
        refresher: Refresher {
            table: table.clone(),
            self_client: DocumentStore::new(access.another(&config.secrets.self_client)),
            access: DocumentStore::new(access),
            issuer: ZohoIssuer::new(https::client(TOKEN_TIMEOUT)?, config.zoho.hosts),
            clock: SystemClock,
        },
        intake: PushIntake::new(&sdk, &config.push_function),
        stack: config.stack,
        patience: config.patience,
    };
    let function = &function;
    // The first connection costs most; at start-up the function has the whole processor.
    let _ = tokio::join!(function.refresher.access.read(), Standing::read(&table));
    run(service_fn(|event: LambdaEvent<Value>| async move {
        panics::contained(function.invoke(&event.payload, &event.context.request_id)).await
    }))
    .await
}
