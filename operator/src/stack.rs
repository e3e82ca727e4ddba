//! The deployed stack, as an operator reaches it.

mod versions;

use std::collections::HashMap;
use std::path::Path;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_lambda::config::http::HttpResponse;
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName, SendMessageBatchRequestEntry};
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::error::OperatorError;

pub use versions::ObjectVersion;

/// The most messages that SQS takes in one call.
pub const MOST_MESSAGES_A_CALL: usize = 10;

/// For so long nobody else is given a dead letter that was taken, so that it can be sent and deleted.
const OUT_OF_SIGHT_S: i32 = 60;

/// A stack. Its functions have fixed names, `<stack>-push` and so on; the names of bucket and queues are read from
/// their own settings when they are first needed.
#[derive(Debug)]
pub struct Stack {
    name: String,
    lambda: aws_sdk_lambda::Client,
    s3: aws_sdk_s3::Client,
    sqs: aws_sdk_sqs::Client,
    push_settings: OnceCell<HashMap<String, String>>,
    revoke_settings: OnceCell<HashMap<String, String>>,
}

/// An object of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its key.
    pub key: String,
    /// When it was written, in seconds since 1970.
    pub written_s: i64,
}

/// A function, as Lambda has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployed {
    /// Whether it can be invoked, and its last change went well.
    pub is_active: bool,
    /// Whether a change of it is under way.
    pub is_changing: bool,
    /// Its state, in Lambda's words.
    pub state: String,
    /// The processor that it is built for.
    pub architecture: String,
    /// Its environment. No value of it is a secret.
    pub settings: HashMap<String, String>,
}

impl Deployed {
    /// A setting, where it has one.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str)
    }
}

impl Stack {
    /// The stack of that name, in the account and region of AWS's own settings.
    pub async fn load(name: &str) -> Self {
        let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
        Self::of(name, &config)
    }

    fn of(name: &str, config: &SdkConfig) -> Self {
        // An invocation whose answer was lost may have been carried out: it is never asked for twice.
        let once = aws_sdk_lambda::config::Builder::from(config)
            .retry_config(RetryConfig::disabled())
            .build();
        // The local AWS has no names of buckets below its own.
        let s3 = aws_sdk_s3::config::Builder::from(config).force_path_style(config.endpoint_url().is_some());
        Self {
            name: name.to_owned(),
            lambda: aws_sdk_lambda::Client::from_conf(once),
            s3: aws_sdk_s3::Client::from_conf(s3.build()),
            sqs: aws_sdk_sqs::Client::new(config),
            push_settings: OnceCell::new(),
            revoke_settings: OnceCell::new(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Invokes one of its functions and waits for the answer.
    ///
    /// # Errors
    /// AWS or the function refused or failed.
    pub async fn invoke(&self, function: &str, payload: &Value) -> Result<Value, OperatorError> {
        let full = format!("{}-{function}", self.name);
        let request = self
            .lambda
            .invoke()
            .function_name(&full)
            .payload(Blob::new(payload.to_string()));
        let answer = request
            .send()
            .await
            .map_err(|error| of_lambda(&full, "invoking", &error))?;
        let body = answer.payload.map(Blob::into_inner).unwrap_or_default();
        let said: Value = serde_json::from_slice(&body).map_err(|error| OperatorError::Unreadable {
            what: format!("the answer of {full}"),
            problem: error.to_string(),
        })?;
        if answer.function_error.is_none() {
            return Ok(said);
        }
        let text = |name: &str| {
            said.get(name)
                .and_then(Value::as_str)
                .unwrap_or("an unknown error")
                .to_owned()
        };
        Err(OperatorError::Function {
            function: full,
            kind: text("errorType"),
            message: text("errorMessage"),
        })
    }

    /// Puts a file into the bucket; answers its version.
    ///
    /// # Errors
    /// The file cannot be read, or AWS refused or failed.
    pub async fn put_file(&self, key: &str, path: &Path) -> Result<Option<String>, OperatorError> {
        let body = ByteStream::from_path(path).await.map_err(|error| OperatorError::File {
            path: path.to_owned(),
            problem: format!("cannot be read: {error}"),
        })?;
        self.put(key, body).await
    }

    /// Puts what there is of an object under another key; answers the new object's version.
    ///
    /// # Errors
    /// AWS refused or failed.
    pub async fn put_bytes(&self, key: &str, bytes: Vec<u8>) -> Result<Option<String>, OperatorError> {
        self.put(key, ByteStream::from(bytes)).await
    }

    async fn put(&self, key: &str, body: ByteStream) -> Result<Option<String>, OperatorError> {
        let request = self.s3.put_object().bucket(self.bucket().await?).key(key).body(body);
        let put = request.send().await;
        Ok(put
            .map_err(|error| OperatorError::aws(format!("writing {key}"), &error))?
            .version_id)
    }

    /// An object's bytes.
    ///
    /// # Errors
    /// There is none, or AWS refused or failed.
    pub async fn get(&self, key: &str) -> Result<Vec<u8>, OperatorError> {
        let request = self.s3.get_object().bucket(self.bucket().await?).key(key);
        let got = request.send().await;
        let got = got.map_err(|error| OperatorError::aws(format!("reading {key}"), &error))?;
        let body = got.body.collect().await.map_err(|error| OperatorError::Aws {
            what: format!("reading {key}"),
            problem: error.to_string(),
        })?;
        Ok(body.to_vec())
    }

    /// The objects whose keys begin so.
    ///
    /// # Errors
    /// AWS refused or failed.
    pub async fn list(&self, prefix: &str) -> Result<Vec<Found>, OperatorError> {
        let mut pages = self
            .s3
            .list_objects_v2()
            .bucket(self.bucket().await?)
            .prefix(prefix)
            .into_paginator()
            .send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| OperatorError::aws(format!("listing {prefix}"), &error))?;
            found.extend(page.contents.unwrap_or_default().into_iter().filter_map(|object| {
                Some(Found {
                    key: object.key?,
                    written_s: object.last_modified.map_or(0, |at| at.secs()),
                })
            }));
        }
        Ok(found)
    }

    /// The folders right below a prefix, each with its slash.
    ///
    /// # Errors
    /// AWS refused or failed.
    pub async fn folders(&self, prefix: &str) -> Result<Vec<String>, OperatorError> {
        let request = self
            .s3
            .list_objects_v2()
            .bucket(self.bucket().await?)
            .prefix(prefix)
            .delimiter("/");
        let page = request.send().await;
        let page = page.map_err(|error| OperatorError::aws(format!("listing {prefix}"), &error))?;
        let folders = page.common_prefixes.unwrap_or_default();
        Ok(folders.into_iter().filter_map(|folder| folder.prefix).collect())
    }

    /// Sends messages to the records queue, ten a call at most. Answers how many SQS refused.
    ///
    /// # Errors
    /// AWS refused or failed; those before may have been sent.
    pub async fn send(&self, messages: &[&str]) -> Result<usize, OperatorError> {
        let queue = self.setting("RECORDS_QUEUE_URL").await?;
        let mut call = self.sqs.send_message_batch().queue_url(queue);
        for (number, message) in messages.iter().enumerate() {
            let entry = SendMessageBatchRequestEntry::builder()
                .id(number.to_string())
                .message_body(*message)
                .build();
            let entry = entry.map_err(|error| OperatorError::Aws {
                what: "sending messages".to_owned(),
                problem: error.to_string(),
            })?;
            call = call.entries(entry);
        }
        let sent = call
            .send()
            .await
            .map_err(|error| OperatorError::aws("sending messages", &error))?;
        Ok(sent.failed.len())
    }

    /// About how many messages the records dead-letter queue has that may be taken.
    ///
    /// # Errors
    /// AWS refused or failed.
    pub async fn count_dead_letters(&self) -> Result<u64, OperatorError> {
        let wanted = QueueAttributeName::ApproximateNumberOfMessages;
        let request = self.sqs.get_queue_attributes().queue_url(self.dead_letters().await?);
        let answer = request.attribute_names(wanted.clone()).send().await;
        let answer = answer.map_err(|error| OperatorError::aws("looking at the records dead-letter queue", &error))?;
        let count = answer.attributes.unwrap_or_default().remove(&wanted);
        count
            .and_then(|count| count.parse().ok())
            .ok_or_else(|| OperatorError::Unreadable {
                what: "how many messages the records dead-letter queue has".to_owned(),
                problem: "AWS does not say".to_owned(),
            })
    }

    /// Takes some messages out of the records dead-letter queue's sight. None means that there are none now.
    ///
    /// # Errors
    /// AWS refused or failed.
    pub async fn take_dead_letters(&self) -> Result<Vec<Message>, OperatorError> {
        let request = self.sqs.receive_message().queue_url(self.dead_letters().await?);
        let request = request
            .max_number_of_messages(10)
            .visibility_timeout(OUT_OF_SIGHT_S)
            .wait_time_seconds(2)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names("All");
        let answer = request.send().await;
        let answer = answer.map_err(|error| OperatorError::aws("reading the records dead-letter queue", &error))?;
        Ok(answer.messages.unwrap_or_default())
    }

    /// Puts a dead letter back on the records queue and takes it off its own, in this order: what dies between the two
    /// is on both, and never on none.
    ///
    /// # Errors
    /// AWS refused or failed.
    pub async fn bring_back(&self, letter: &Message) -> Result<(), OperatorError> {
        let group = letter.attributes.as_ref();
        let group = group.and_then(|attributes| attributes.get(&MessageSystemAttributeName::MessageGroupId));
        let queue = self.setting("RECORDS_QUEUE_URL").await?;
        let mut request = self
            .sqs
            .send_message()
            .queue_url(queue)
            .set_message_body(letter.body.clone())
            .set_message_attributes(letter.message_attributes.clone())
            .set_message_group_id(group.cloned());
        if queue.to_ascii_lowercase().ends_with(".fifo") {
            // Under the id that it was first sent with, the queue would let nothing in for five minutes, and say nothing.
            let once = letter.message_id.as_ref().map(|id| format!("redrive-{id}"));
            request = request.set_message_deduplication_id(once);
        }
        let sent = request.send().await;
        sent.map_err(|error| OperatorError::aws("sending a dead letter again", &error))?;
        let delete = self.sqs.delete_message().queue_url(self.dead_letters().await?);
        let deleted = delete.set_receipt_handle(letter.receipt_handle.clone()).send().await;
        deleted.map_err(|error| OperatorError::aws("deleting a dead letter that was sent again", &error))?;
        Ok(())
    }

    async fn bucket(&self) -> Result<&str, OperatorError> {
        self.setting("DATA_BUCKET").await
    }

    async fn setting(&self, name: &str) -> Result<&str, OperatorError> {
        let settings = self.push_settings.get_or_try_init(|| self.settings_of("push")).await?;
        self.of_settings(settings, "push", name)
    }

    async fn dead_letters(&self) -> Result<&str, OperatorError> {
        let settings = self
            .revoke_settings
            .get_or_try_init(|| self.settings_of("revoke"))
            .await?;
        self.of_settings(settings, "revoke", "RECORDS_DEAD_LETTER_QUEUE_URL")
    }

    fn of_settings<'s>(
        &self,
        settings: &'s HashMap<String, String>,
        function: &str,
        name: &str,
    ) -> Result<&'s str, OperatorError> {
        let value = settings.get(name).map(String::as_str);
        value.ok_or_else(|| OperatorError::Unreadable {
            what: format!("the settings of {}-{function}", self.name),
            problem: format!("{name} is not among them"),
        })
    }

    async fn settings_of(&self, function: &str) -> Result<HashMap<String, String>, OperatorError> {
        Ok(self.deployed(function).await?.settings)
    }

    /// How one of its functions is deployed.
    ///
    /// # Errors
    /// There is none, or AWS refused or failed.
    pub async fn deployed(&self, function: &str) -> Result<Deployed, OperatorError> {
        let full = format!("{}-{function}", self.name);
        let answer = self
            .lambda
            .get_function_configuration()
            .function_name(&full)
            .send()
            .await;
        let answer = answer.map_err(|error| of_lambda(&full, "looking at", &error))?;
        let state = answer
            .state
            .map_or_else(|| "Active".to_owned(), |state| state.as_str().to_owned());
        let change = answer.last_update_status;
        let change = change.map_or_else(|| "Successful".to_owned(), |status| status.as_str().to_owned());
        let architectures = answer.architectures.unwrap_or_default();
        Ok(Deployed {
            is_active: state == "Active" && change == "Successful",
            is_changing: state == "Pending" || change == "InProgress",
            state: format!("{state}, its last change {change}"),
            architecture: architectures
                .first()
                .map_or_else(|| "x86_64".to_owned(), |architecture| architecture.as_str().to_owned()),
            settings: answer
                .environment
                .and_then(|environment| environment.variables)
                .unwrap_or_default(),
        })
    }
}

/// Of a call to Lambda about a function: one that is not there says that the stack is not.
fn of_lambda<E>(function: &str, what: &str, error: &SdkError<E, HttpResponse>) -> OperatorError
where
    E: ProvideErrorMetadata + std::error::Error,
{
    if shared::aws::has_code(error, "ResourceNotFoundException") {
        return OperatorError::NoStack {
            function: function.to_owned(),
        };
    }
    OperatorError::aws(format!("{what} {function}"), error)
}
