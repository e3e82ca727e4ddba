//! The whole way of a self client: a one-time code becomes tokens, records are written and found again, the token is
//! refreshed, and the access is cut off.
//!
//! ```sh
//! cargo run -p bigin --example from_code_to_records
//! ```
//!
//! It starts the project's stand-in for Zoho. Against the real Bigin, `client_id`, `client_secret` and the code come from
//! the file that the API console lets you download, and the hosts are `ZohoHosts::of(DataCentre::Eu)` or another.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::time::Duration;

use bigin::data_centre::{DataCentre, ZohoHosts};
use bigin::oauth::TokenServer;
use bigin::secret::{ClientSecret, GrantCode};
use bigin::{Access, Bigin, CallShape, ColumnName, ModuleName, Operation, Quotable, Record, RecordOutcome, https};
use sandbox::{Config, Sandbox};
use serde_json::json;

const SCOPES: &str = "ZohoBigin.modules.ALL,ZohoBigin.settings.ALL,ZohoBigin.org.READ,ZohoBigin.coql.READ";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let zoho = Sandbox::start(Config::default()).await?;
    let client = zoho.self_client();
    let file = zoho.code(&client.client_id, SCOPES);

    // One HTTP client for both: it follows no redirect, so that no token goes where it should not.
    let http = https::client(Duration::from_secs(30))?;
    let hosts = ZohoHosts::with_accounts_url(DataCentre::Us, zoho.url())?;
    let accounts = TokenServer::new(http.clone(), hosts);
    let bigin = Bigin::new(http);

    let code = GrantCode::new(file["code"].as_str().unwrap_or_default()).ok_or("the file has no code")?;
    let secret = ClientSecret::new(client.client_secret.clone()).ok_or("the file has no client secret")?;
    let grant = accounts.exchange(&client.client_id, &secret, &code).await?;
    let refresh_token = grant.refresh_token.ok_or("a code always brings a refresh token")?;
    let access = Access {
        api_domain: grant.api_domain,
        token: grant.access_token,
    };
    let organisation = bigin.organisation(&access).await?;
    println!("authorized for {} ({})", organisation.name, organisation.id);

    let shape = CallShape {
        module: ModuleName::parse("Contacts")?,
        operation: Operation::Upsert,
        match_on: vec!["Email".to_owned()],
        trigger: Vec::new(), // nobody's workflows start
    };
    let people = [
        json!({"Last_Name": "Rao", "First_Name": "Ann", "Email": "ann.rao@example.com"}),
        json!({"First_Name": "Ole", "Email": "ole@example.com"}),
    ];
    let records: Vec<Record> = people
        .iter()
        .filter_map(|person| person.as_object().map(Record::from_object))
        .collect();
    let answer = bigin
        .write(&access, &shape, &records.iter().collect::<Vec<_>>())
        .await?;
    for outcome in &answer.outcomes {
        match outcome {
            RecordOutcome::Accepted { action, id, .. } => println!("{} {id}", action.as_str()),
            RecordOutcome::Refused(errors) => {
                for error in errors {
                    println!("refused: {} {}", error.code, error.field.as_deref().unwrap_or_default());
                }
            }
        }
    }

    let email = ColumnName::parse("Email").ok_or("no name of a column")?;
    let wanted = Quotable::of("ann.rao@example.com").ok_or("no value that a query can hold")?;
    let found = bigin.having(&access, &shape.module, &email, &[wanted]).await?;
    println!("found {} by e-mail address", found.hits.len());

    let fresh = accounts.refresh(&client.client_id, &secret, &refresh_token).await?;
    println!("a fresh access token, for {} s", fresh.lives.as_secs());
    accounts.revoke(&refresh_token).await?;
    let refused = bigin
        .organisation(&access)
        .await
        .err()
        .ok_or("a revoked token was let in")?;
    println!("revoked: {refused}");
    zoho.stop().await;
    Ok(())
}
