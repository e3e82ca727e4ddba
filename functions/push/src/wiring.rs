//! Push as it runs on AWS: every trait filled in with the service it stands for.

use std::sync::Arc;

use bigin::https::{self, ClientUnusable};
use bigin::{Bigin, CALL_TIMEOUT};
use shared::clock::SystemClock;
use shared::intake::PushIntake;
use shared::state::{DynamoTable, Standing};
use shared::tokens::{AccessTokenStore, SecretsManagerSecret};

use crate::bucket::S3Bucket;
use crate::config::Config;
use crate::deliver::Tokens;
use crate::direct::StateMachine;
use crate::handler::{Doors, Push};
use crate::queue::SqsQueue;
use crate::relay::{Means, Relay};
use crate::token_desk::{RefreshFunction, TokenDesk};

/// The means on AWS.
#[derive(Debug, Clone, Copy)]
pub struct AwsMeans;

impl Means for AwsMeans {
    type Table = DynamoTable;
    type Objects = S3Bucket;
    type Tokens = TokenDesk<SecretsManagerSecret, RefreshFunction, SystemClock>;
    type Clock = SystemClock;
}

/// The doors on AWS.
#[derive(Debug, Clone, Copy)]
pub struct AwsDoors;

impl Doors for AwsDoors {
    type Queue = SqsQueue;
    type Intake = PushIntake;
    type Imports = StateMachine;
}

/// Connects push with AWS and Bigin.
///
/// # Errors
/// There is no HTTP client to be had.
pub async fn connect(config: Config) -> Result<Push<AwsMeans, AwsDoors>, ClientUnusable> {
    let sdk = shared::aws::load()?;
    let store = AccessTokenStore::new(SecretsManagerSecret::new(&sdk, &config.access_token_secret));
    let refresh = RefreshFunction::new(&sdk, &config.refresh_function);
    let table = DynamoTable::new(&sdk, &config.state_table);
    let relay: Relay<AwsMeans> = Relay::new(
        config.settings,
        S3Bucket::new(&sdk, &config.data_bucket),
        table.clone(),
        TokenDesk::new(store, refresh, SystemClock),
        Bigin::new(https::client(CALL_TIMEOUT)?),
        SystemClock,
    );
    // The first connection costs most; at start-up the function has the whole processor. What comes of it is looked at
    // when it is needed.
    let tokens = Arc::clone(&relay.tokens);
    let _ = tokio::join!(Standing::read(&table), tokens.pass());
    Ok(Push {
        relay,
        queue: SqsQueue::new(&sdk, &config.records_queue_url),
        intake: PushIntake::new(&sdk, &config.own_name),
        imports: StateMachine::new(&sdk, &config.import_state_machine),
    })
}
