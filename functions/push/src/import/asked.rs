//! What an execution of the import was started with: the bucket's event, or a request by hand.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::bucket::ObjectVersion;

/// The object to import, as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The bucket.
    pub bucket: String,
    /// The object's key, not URL-encoded: EventBridge sends it as it is.
    pub key: String,
    /// The version, where the event names one.
    pub version_id: Option<String>,
    /// The entity tag, where the event names one.
    pub etag: Option<String>,
    /// The order of the versions of this key (Amazon S3 user guide, "Event message structure").
    pub sequencer: Option<String>,
    /// When the object was put.
    pub put_at: Option<Timestamp>,
    /// Plan only.
    pub dry_run: bool,
    /// Import although this version was imported before.
    pub force: bool,
    /// Whether somebody asked by hand, and wants an answer whatever comes of it.
    pub by_hand: bool,
}

/// A start of an execution that names no object.
#[derive(Debug, thiserror::Error)]
#[error("the import was started with neither an S3 event nor {{\"bucket\", \"key\"}} ({0})")]
pub struct NothingAsked(#[from] serde_json::Error);

#[derive(Deserialize)]
#[serde(untagged)]
enum Wire {
    Event { detail: Detail, time: Option<Timestamp> },
    ByHand(ByHand),
}

#[derive(Deserialize)]
struct Detail {
    bucket: BucketName,
    object: AskedObject,
}

#[derive(Deserialize)]
struct BucketName {
    name: String,
}

#[derive(Deserialize)]
struct AskedObject {
    key: String,
    #[serde(default)]
    etag: Option<String>,
    #[serde(default)]
    sequencer: Option<String>,
    #[serde(default, rename = "version-id")]
    version_id: Option<String>,
}

/// A request by hand.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct ByHand {
    /// The bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
    /// Plan only.
    #[serde(default)]
    pub dry_run: bool,
    /// Import although this version was imported before.
    #[serde(default)]
    pub force: bool,
}

/// The event that an import of this version is started with where the bucket's own was lost, or is slow to come.
pub fn event_of(bucket: &str, object: &ObjectVersion, put_at: Timestamp) -> Value {
    json!({"time": put_at, "detail": {
        "bucket": {"name": bucket},
        "object": {"key": object.key, "etag": object.tag(), "version-id": object.version_id},
    }})
}

impl Asked {
    /// Reads what an execution was started with.
    ///
    /// # Errors
    /// It names no object.
    pub fn read(input: &Value) -> Result<Self, NothingAsked> {
        let some = |text: Option<String>| text.filter(|text| !text.is_empty());
        Ok(match Wire::deserialize(input)? {
            Wire::Event { detail, time } => Self {
                bucket: detail.bucket.name,
                key: detail.object.key,
                version_id: some(detail.object.version_id).filter(|id| id != "null"),
                etag: some(detail.object.etag).map(|etag| etag.trim_matches('"').to_owned()),
                sequencer: some(detail.object.sequencer),
                put_at: time,
                dry_run: false,
                force: false,
                by_hand: false,
            },
            Wire::ByHand(ByHand {
                bucket,
                key,
                dry_run,
                force,
            }) => Self {
                bucket,
                key,
                version_id: None,
                etag: None,
                sequencer: None,
                put_at: None,
                dry_run,
                force,
                by_hand: true,
            },
        })
    }
}

/// Orders two sequencers: the shorter is padded with zeros on the right, then they compare as text (Amazon S3 user
/// guide, "Event message structure").
pub fn is_newer(one: &str, than: &str) -> bool {
    let width = one.len().max(than.len());
    let padded = |sequencer: &str| format!("{sequencer:0<width$}").to_ascii_uppercase();
    padded(one) > padded(than)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_names_object_version_and_order() {
        let asked = Asked::read(
            &json!({"version": "0", "detail-type": "Object Created", "source": "aws.s3",
            "time": "2026-11-24T09:00:00Z",
            "detail": {"bucket": {"name": "b"}, "object": {"key": "inbox/Contacts/a b+ü.csv", "size": 5, "etag": "e",
                "sequencer": "0062E99A88DC407460", "version-id": "v1"}}}),
        )
        .unwrap();
        assert_eq!(asked.key, "inbox/Contacts/a b+ü.csv");
        assert_eq!(
            (asked.version_id.as_deref(), asked.sequencer.as_deref()),
            (Some("v1"), Some("0062E99A88DC407460"))
        );
        assert!(!asked.dry_run && asked.put_at.is_some());
    }

    #[test]
    fn a_request_by_hand_may_be_dry_or_forced() {
        let asked = Asked::read(&json!({"bucket": "b", "key": "inbox/Contacts/x.csv", "force": true})).unwrap();
        assert!(asked.force && !asked.dry_run);
        assert!(Asked::read(&json!({"bucket": "b"})).is_err());
        assert!(Asked::read(&json!({"bucket": "b", "key": "k", "froce": true})).is_err());
    }

    #[test]
    fn sequencers_of_different_lengths_are_compared_as_s3_says() {
        assert!(is_newer("0062E99A88DC407461", "0062E99A88DC40746"));
        assert!(!is_newer("0062E99A", "0062E99A88"));
        assert!(!is_newer("00", "00"));
    }
}
