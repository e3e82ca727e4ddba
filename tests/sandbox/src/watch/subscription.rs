//! One element of `watch` in a request, read and checked.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::channels::{Channel, Watched, watched};
use crate::clock::later;
use crate::fault::Fault;
use crate::json::{Object, object};
use crate::settings::Settings;

/// The most characters of a token, and the furthest end of a channel.
const LONGEST_TOKEN: usize = 50;
const FURTHEST: SignedDuration = SignedDuration::from_hours(24);

/// One element of `watch`.
pub(super) struct Subscription<'a> {
    number: usize,
    element: &'a Map<String, Value>,
}

impl<'a> Subscription<'a> {
    pub(super) fn read(number: usize, element: &'a Value) -> Result<Self, Fault> {
        let element = element.as_object().ok_or_else(|| {
            let details = object! {"expected_data_type" => "jsonobject", "json_path" => format!("$.watch[{number}]")};
            Fault::new("INVALID_DATA", details, "invalid data")
        })?;
        Ok(Self { number, element })
    }

    fn details(&self, name: &str) -> Object {
        object! {"api_name" => name.to_owned(), "json_path" => format!("$.watch[{}].{name}", self.number)}
    }

    fn missing(&self, name: &str) -> Fault {
        Fault::new("MANDATORY_NOT_FOUND", self.details(name), "required field not found")
    }

    fn invalid(&self, name: &str, more: Object) -> Fault {
        let mut details = more;
        details.0.extend(self.details(name).0);
        Fault::new("INVALID_DATA", details, "invalid data")
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.element.get(name).filter(|value| !value.is_null())
    }

    /// A long: digits, as text or as a number.
    pub(super) fn channel_id(&self) -> Result<u64, Fault> {
        let value = self.get("channel_id").ok_or_else(|| self.missing("channel_id"))?;
        let id = value.as_u64().or_else(|| value.as_str()?.parse().ok());
        id.ok_or_else(|| self.invalid("channel_id", object! {"expected_data_type" => "long"}))
    }

    /// What is to be heard of, if the element says it.
    pub(super) fn events(&self) -> Result<Option<Vec<Watched>>, Fault> {
        let Some(events) = self.get("events") else {
            return Ok(None);
        };
        let list = object! {"expected_data_type" => "jsonarray"};
        let names = events.as_array().filter(|names| !names.is_empty());
        let names = names.ok_or_else(|| self.invalid("events", list))?;
        let mut events = Vec::new();
        for (place, name) in names.iter().enumerate() {
            let event = name.as_str().and_then(watched);
            let event = event.ok_or_else(|| self.invalid(&format!("events[{place}]"), Object::new()))?;
            if !events.contains(&event) {
                events.push(event);
            }
        }
        Ok(Some(events))
    }

    pub(super) fn notify_url(&self) -> Result<Option<String>, Fault> {
        let Some(value) = self.get("notify_url") else {
            return Ok(None);
        };
        let url = value.as_str().and_then(|text| url::Url::parse(text).ok());
        let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some());
        match (url, value.as_str()) {
            (Some(_), Some(text)) => Ok(Some(text.to_owned())),
            _ => Err(self.invalid("notify_url", Object::new())),
        }
    }

    fn token(&self) -> Result<Option<String>, Fault> {
        let Some(value) = self.get("token") else {
            return Ok(None);
        };
        let token = value
            .as_str()
            .ok_or_else(|| self.invalid("token", object! {"expected_data_type" => "string"}))?;
        if token.chars().count() > LONGEST_TOKEN {
            return Err(self.invalid("token", object! {"maximum_length" => LONGEST_TOKEN}));
        }
        Ok(Some(token.to_owned()))
    }

    /// When it ends; the default when the element does not say it, or says more than a day ahead, or what is past.
    fn expires(&self, now: Timestamp, settings: &Settings) -> Result<Timestamp, Fault> {
        let default = later(now, settings.watch_default_s);
        let Some(value) = self.get("channel_expiry") else {
            return Ok(default);
        };
        let wanted: Option<Timestamp> = value.as_str().and_then(|text| text.parse().ok());
        let wanted =
            wanted.ok_or_else(|| self.invalid("channel_expiry", object! {"expected_data_type" => "datetime"}))?;
        let ahead = wanted.duration_since(now);
        let fits = ahead.is_positive() && ahead <= FURTHEST;
        Ok(if fits { wanted } else { default })
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, Fault> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let flag = value.as_bool();
        let wrong = || self.invalid(name, object! {"expected_data_type" => "boolean"});
        flag.map(Some).ok_or_else(wrong)
    }

    /// A whole channel, as POST and PUT want it.
    pub(super) fn channel(&self, now: Timestamp, settings: &Settings) -> Result<Channel, Fault> {
        Ok(Channel {
            id: self.channel_id()?,
            events: self.events()?.ok_or_else(|| self.missing("events"))?,
            notify_url: self.notify_url()?.ok_or_else(|| self.missing("notify_url"))?,
            token: self.token()?,
            expires: self.expires(now, settings)?,
            related: self
                .flag("notify_on_related_action")?
                .unwrap_or(settings.watch_related_default),
            values: self.flag("return_affected_field_values")?.unwrap_or(false),
        })
    }

    /// The channel with the parts that the element names, as PATCH wants it; `_delete_events` takes the named events out.
    pub(super) fn patched(&self, channel: &Channel, now: Timestamp, settings: &Settings) -> Result<Channel, Fault> {
        let mut patched = channel.clone();
        if let Some(events) = self.events()? {
            if self.flag("_delete_events")? == Some(true) {
                patched.events.retain(|event| !events.contains(event));
            } else {
                let new: Vec<_> = events
                    .into_iter()
                    .filter(|event| !channel.events.contains(event))
                    .collect();
                patched.events.extend(new);
            }
        }
        patched.notify_url = self.notify_url()?.unwrap_or(patched.notify_url);
        patched.token = self.token()?.or(patched.token);
        if self.get("channel_expiry").is_some() {
            patched.expires = self.expires(now, settings)?;
        }
        patched.related = self.flag("notify_on_related_action")?.unwrap_or(patched.related);
        patched.values = self.flag("return_affected_field_values")?.unwrap_or(patched.values);
        Ok(patched)
    }
}
