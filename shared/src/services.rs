//! The services that a function which asks Bigin works with: AWS's in the function, stand-ins in memory in tests.

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use bigin::https::{self, ClientUnusable};
use bigin::{Bigin, CALL_TIMEOUT};

use crate::authorized_bigin::AuthorizedBigin;
use crate::bucket::{Objects, S3Bucket};
use crate::clock::{Clock, SystemClock};
use crate::config::StackSettings;
use crate::state::{DynamoTable, Standing, Table};
use crate::tokens::{AccessTokenStore, RefreshFunction, SecretsManagerSecret, TokenProvider, Tokens};

/// The kinds of services: AWS and the machine's clock in the function, memory and a clock set by hand in tests.
pub trait Services: Clone + Send + Sync + 'static {
    /// The state table.
    type Table: Table;
    /// The data bucket.
    type Objects: Objects;
    /// Where access tokens come from.
    type Tokens: Tokens;
    /// Time.
    type Clock: Clock + Clone + 'static;
}

/// Those on AWS.
#[derive(Debug, Clone, Copy)]
pub struct AwsServices;

impl Services for AwsServices {
    type Table = DynamoTable;
    type Objects = S3Bucket;
    type Tokens = TokenProvider<SecretsManagerSecret, RefreshFunction, SystemClock>;
    type Clock = SystemClock;
}

/// The services themselves. Cheap to clone.
#[derive(Clone)]
pub struct Connections<S: Services> {
    /// The data bucket.
    pub bucket: S::Objects,
    /// The state table.
    pub table: S::Table,
    /// Where access tokens come from.
    pub tokens: Arc<S::Tokens>,
    /// The Bigin API.
    pub bigin: Bigin,
    /// Time.
    pub clock: S::Clock,
}

impl Connections<AwsServices> {
    /// Connects with AWS and Bigin.
    ///
    /// # Errors
    /// There is no HTTP client to be had.
    pub async fn open(sdk: &SdkConfig, settings: &StackSettings) -> Result<Self, ClientUnusable> {
        let store = AccessTokenStore::new(SecretsManagerSecret::new(sdk, &settings.access_token_secret));
        let refresh = RefreshFunction::new(sdk, &settings.refresh_function);
        let connections = Self {
            bucket: S3Bucket::new(sdk, &settings.data_bucket),
            table: DynamoTable::new(sdk, &settings.state_table),
            tokens: TokenProvider::new(store, refresh, SystemClock),
            bigin: Bigin::new(https::client(CALL_TIMEOUT)?),
            clock: SystemClock,
        };
        // The first connection costs most; at start-up the function has the whole processor. What comes of it is looked at
        // when it is needed.
        let _ = tokio::join!(Standing::read(&connections.table), connections.tokens.pass());
        Ok(connections)
    }
}

impl<S: Services> Connections<S> {
    /// Bigin, asked with these tokens. The first failed call is repeated after that wait; it doubles with each further one.
    pub fn authorized(&self, first_wait: Duration) -> AuthorizedBigin<S::Tokens, S::Table, S::Clock> {
        AuthorizedBigin::new(
            self.bigin.clone(),
            Arc::clone(&self.tokens),
            self.table.clone(),
            self.clock.clone(),
            first_wait,
        )
    }
}
