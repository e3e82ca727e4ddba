//! The intake against a Lambda that is busy with the mapping itself.
#![allow(clippy::unwrap_used, reason = "tests")]

use aws_config::{Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use shared::aws;
use shared::intake::{Intake, IntakeError, PushIntake};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A Lambda that lists one mapping, and answers a switch of it with this status and error.
async fn lambda(status: u16, error: &'static str) -> SdkConfig {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 64 << 10];
            let length = connection.read(&mut request).await.unwrap();
            let (status, kind, body) = if request[..length].starts_with(b"GET") {
                (
                    200,
                    "",
                    r#"{"EventSourceMappings": [{"UUID": "1", "State": "Enabled"}]}"#,
                )
            } else {
                (status, error, "{}")
            };
            let answer = format!(
                "HTTP/1.1 {status} it\r\ncontent-type: application/json\r\nx-amzn-errortype: {kind}\r\n\
                 content-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            connection.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let credentials = Credentials::new("test", "test", None, None, "test");
    let config = aws::load().unwrap().into_builder();
    config
        .endpoint_url(format!("http://{address}"))
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

async fn switched(status: u16, error: &'static str) -> Result<bool, IntakeError> {
    PushIntake::new(&lambda(status, error).await, "push")
        .set_open(false)
        .await
}

#[tokio::test]
async fn a_mapping_that_is_being_switched_or_deleted_is_left_to_the_next_look() {
    assert_eq!(switched(202, "").await, Ok(true));
    for (status, error) in [
        (400, "ResourceInUseException"),
        (409, "ResourceConflictException"),
        (404, "ResourceNotFoundException"),
    ] {
        assert_eq!(switched(status, error).await, Ok(false), "{error}");
    }
}

#[tokio::test]
async fn any_other_refusal_is_told() {
    let refused = switched(403, "AccessDeniedException").await.unwrap_err();
    assert!(refused.to_string().contains("AccessDenied"), "{refused}");
}
