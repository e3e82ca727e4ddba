//! The revoke function: wiring only.

use bigin::https;
use bigin::oauth::TOKEN_TIMEOUT;
use lambda_runtime::{LambdaEvent, run, service_fn};
use revoke::{Ages, Config, Function, Revoker, S3Reports, SqsQueues, Watch};
use serde_json::Value;
use shared::clock::SystemClock;
use shared::intake::PushIntake;
use shared::state::DynamoTable;
use shared::tokens::{DocumentStore, SecretsManagerSecret, ZohoIssuer};
use shared::{aws, panics, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let config = Config::from_process()?;
    telemetry::init(config.log_level.as_deref());
    let sdk = aws::load()?;
    let access = SecretsManagerSecret::new(&sdk, &config.secrets.access_token);
    let function = Function {
        revoker: Revoker {
            table: DynamoTable::new(&sdk, &config.state_table),
            self_client: DocumentStore::new(access.another(&config.secrets.self_client)),
            access: DocumentStore::new(access),
            issuer: ZohoIssuer::new(https::client(TOKEN_TIMEOUT)?, config.zoho.hosts),
            intake: PushIntake::new(&sdk, &config.push_function),
            clock: SystemClock,
        },
        watch: Watch {
            queues: SqsQueues::new(&sdk, Ages::new(&sdk)?, SystemClock, config.queues),
            reports: S3Reports::new(&sdk, &config.data_bucket),
        },
        stack: config.stack,
    };
    let function = &function;
    run(service_fn(|event: LambdaEvent<Value>| async move {
        panics::contained(function.handle(&event.payload)).await
    }))
    .await
}
