//! The authorize function: wiring only.

use std::time::Duration;

use authorize::{Authorize, Config, ZohoClient};
use bigin::Bigin;
use bigin::https;
use lambda_runtime::{LambdaEvent, run, service_fn};
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
    // Short enough that a whole run, with its calls asked again, fits into the function's minute.
    let http = https::client(Duration::from_secs(8))?;
    let access = SecretsManagerSecret::new(&sdk, &config.secrets.access_token);
    let authorize = Authorize {
        data_center: config.zoho.hosts.data_centre(),
        table: DynamoTable::new(&sdk, &config.state_table),
        self_client: DocumentStore::new(access.another(&config.secrets.self_client)),
        access: DocumentStore::new(access),
        zoho: ZohoClient {
            issuer: ZohoIssuer::new(http.clone(), config.zoho.hosts),
            bigin: Bigin::new(http),
        },
        intake: PushIntake::new(&sdk, &config.push_function),
        clock: SystemClock,
    };
    let authorize = &authorize;
    run(service_fn(|event: LambdaEvent<Value>| async move {
        panics::contained(authorize.handle(event.payload)).await
    }))
    .await
}
