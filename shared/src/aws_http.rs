//! The SDK's HTTP client: HTTP/1.1, which is all that the services in use here speak.
//!
//! Why not the SDK's own client (aws-smithy-http-client): it brings HTTP/2 along, which made each function 0.8 MB larger
//! when this file took its place. This client rests on hyper and rustls as reqwest does, so that there is one HTTP stack
//! and one TLS stack.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{CaptureConnection, HttpConnector as Tcp, capture_connection};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use tower_service::Service;

/// A client that opens connections within `connect` and trusts whom `tls` trusts. All service clients share its
/// connections.
pub(crate) fn client(tls: ClientConfig, connect: Duration) -> SharedHttpClient {
    let mut tcp = Tcp::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    let client = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .build(InTime { connector, connect });
    SharedHttpClient::new(AwsHttp(client))
}

#[derive(Clone)]
struct AwsHttp(Client<InTime, SdkBody>);

impl fmt::Debug for AwsHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AwsHttp")
    }
}

impl HttpClient for AwsHttp {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for AwsHttp {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into()))),
        };
        let connection = capture_connection(&mut request);
        if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
            capture.set_connection_retriever(move || Some(retriable(connection.clone())));
        }
        let answer = self.0.request(request);
        HttpConnectorFuture::new(async move {
            // Whatever happens to a connection may not happen to the next one: the SDK tries those again.
            let answer = answer.await.map_err(|error| ConnectorError::io(error.into()))?;
            HttpResponse::try_from(answer.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// What the SDK needs to have a call that failed for a moment tried again over another connection.
fn retriable(connection: CaptureConnection) -> ConnectionMetadata {
    ConnectionMetadata::builder()
        .proxied(false)
        .poison_fn(move || {
            if let Some(connection) = connection.connection_metadata().as_ref() {
                connection.poison();
            }
        })
        .build()
}

/// Opens connections, TLS included, or gives up in time.
#[derive(Clone)]
struct InTime {
    connector: HttpsConnector<Tcp>,
    connect: Duration,
}

impl Service<Uri> for InTime {
    type Response = <HttpsConnector<Tcp> as Service<Uri>>::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(context)
    }

    fn call(&mut self, address: Uri) -> Self::Future {
        let connecting = tokio::time::timeout(self.connect, self.connector.call(address));
        Box::pin(async move { connecting.await.unwrap_or_else(|_| Err("no connection in time".into())) })
    }
}

#[cfg(test)]
mod tests {
    use aws_config::retry::RetryConfig;
    use aws_config::timeout::TimeoutConfig;
    use aws_config::{BehaviorVersion, Region};
    use aws_sdk_secretsmanager::config::{Credentials, SharedCredentialsProvider};
    use aws_sdk_secretsmanager::{Client as Secrets, Config};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::aws::problem;
    use bigin::roots;

    const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: 24\r\n\r\n\
                          {\"SecretString\":\"value\"}";

    fn secrets(endpoint: &str, attempts: u32) -> Secrets {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(client(roots::zoho().unwrap(), Duration::from_millis(300)))
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
                "key", "secret", None, None, "test",
            )))
            .retry_config(
                RetryConfig::standard()
                    .with_max_attempts(attempts)
                    .with_initial_backoff(Duration::from_millis(1)),
            )
            .timeout_config(TimeoutConfig::builder().build())
            .endpoint_url(endpoint);
        Secrets::from_conf(config.build())
    }

    async fn listening() -> (TcpListener, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address.to_string())
    }

    async fn read_request(connection: &mut TcpStream) {
        let mut request = Vec::new();
        while !request.windows(2).any(|end| end == b"\"}") {
            assert_ne!(
                connection.read_buf(&mut request).await.unwrap(),
                0,
                "the request was cut"
            );
        }
    }

    #[tokio::test]
    async fn a_call_whose_connection_is_cut_is_tried_again_over_another() {
        let (listener, address) = listening().await;
        let server = tokio::spawn(async move {
            let (mut first, _) = listener.accept().await.unwrap();
            read_request(&mut first).await;
            drop(first);
            let (mut second, _) = listener.accept().await.unwrap();
            for _ in 0..2 {
                read_request(&mut second).await;
                second.write_all(ANSWER.as_bytes()).await.unwrap();
            }
        });
        let secrets = secrets(&format!("http://{address}"), 2);
        // The second call goes over the connection that the first has left open.
        for _ in 0..2 {
            let answer = secrets.get_secret_value().secret_id("secret").send().await.unwrap();
            assert_eq!(answer.secret_string(), Some("value"));
        }
        server.await.unwrap();
    }

    #[tokio::test]
    async fn a_server_that_does_not_shake_hands_is_given_up_in_time() {
        let (_silent, address) = listening().await;
        let secrets = secrets(&format!("https://{address}"), 1);
        let error = secrets.get_secret_value().secret_id("secret").send().await.unwrap_err();
        assert_eq!(problem(&error), "AWS could not be reached: no connection in time");
    }
}
