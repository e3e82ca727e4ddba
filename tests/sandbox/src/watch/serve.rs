//! `/actions/watch` on the wire, in the shapes that were recorded.

use serde_json::Value;

use super::subscription::Subscription;
use crate::answer::{Answer, Refusal};
use crate::channels::Channel;
use crate::fault::Fault;
use crate::http::Call;
use crate::json::{Json, Object, object};
use crate::metadata::ModuleName;
use crate::records::Desk;
use crate::records::read::{page, per_page};

/// The most channels in one call.
const MOST_CHANNELS: usize = 100;

/// `POST /actions/watch`: the same channel again begins it anew.
pub(crate) fn subscribe(desk: &mut Desk<'_>, call: &Call) -> Result<Answer, Refusal> {
    let mut results = Results::default();
    for (number, element) in elements(call)?.iter().enumerate() {
        let channel =
            Subscription::read(number, element).and_then(|subscription| subscription.channel(desk.now, desk.settings));
        results.add(channel.map(|channel| {
            let message = "Successfully subscribed for actions-watch of the given module";
            let success = success(object! {"events" => subscribed(desk, &channel)}, message);
            desk.organisation.channels.put(channel);
            success
        }));
    }
    Ok(results.answer(201))
}

/// `PUT /actions/watch` overwrites channels, `PATCH` changes parts of them.
pub(crate) fn update(desk: &mut Desk<'_>, call: &Call, by_parts: bool) -> Result<Answer, Refusal> {
    let mut results = Results::default();
    for (number, element) in elements(call)?.iter().enumerate() {
        let updated = Subscription::read(number, element).and_then(|subscription| {
            let (now, settings) = (desk.now, desk.settings);
            let id = subscription.channel_id()?;
            let known = desk.organisation.channels.find(id, now).ok_or_else(not_subscribed)?;
            *known = if by_parts {
                subscription.patched(known, now, settings)?
            } else {
                subscription.channel(now, settings)?
            };
            Ok(known.clone())
        });
        results.add(updated.map(|channel| {
            if channel.events.is_empty() {
                desk.organisation.channels.remove(channel.id, desk.now);
            }
            let details = object! {"events" => subscribed(desk, &channel)};
            success(details, "Successfully updated the subscribe details")
        }));
    }
    Ok(results.answer(200))
}

/// `GET /actions/watch`, all channels or those of `channel_id` and `module`.
pub(crate) fn list(desk: &Desk<'_>, call: &Call) -> Result<Answer, Refusal> {
    let (per_page, page) = (per_page(call)?, page(call)?);
    let channel = match call.query.get("channel_id") {
        Some(id) => Some(id.parse::<u64>().map_err(|_| Refusal::invalid_param("channel_id"))?),
        None => None,
    };
    let module = match call.query.get("module") {
        Some(name) => Some(ModuleName::parse(name).ok_or_else(|| Refusal::invalid_param("module"))?),
        None => None,
    };
    let host = zoho_host(desk);
    let alive = desk.organisation.channels.alive(desk.now);
    let wanted = alive.filter(|known| channel.is_none_or(|id| known.id == id));
    let each = wanted.flat_map(|channel| channel.modules().into_iter().map(move |module| (channel, module)));
    let mut rest = each
        .filter(|(_, own)| module.is_none_or(|module| module == *own))
        .skip((page - 1).saturating_mul(per_page));
    let shown: Vec<_> = rest
        .by_ref()
        .take(per_page)
        .map(|(channel, module)| channel.described(&host, module))
        .collect();
    if shown.is_empty() {
        return Ok(Answer::nothing());
    }
    let info = object! {
        "per_page" => per_page,
        "count" => shown.len(),
        "page" => page,
        "more_records" => rest.next().is_some(),
    };
    Ok(Answer::json(200, object! {"watch" => shown, "info" => info}))
}

/// `DELETE /actions/watch?channel_ids=1,2`.
pub(crate) fn remove(desk: &mut Desk<'_>, call: &Call) -> Result<Answer, Refusal> {
    let ids = call
        .query
        .get("channel_ids")
        .ok_or_else(|| Refusal::missing_param("channel_ids"))?;
    let ids: Vec<_> = ids.split(',').map(str::trim).collect();
    if ids.len() > MOST_CHANNELS {
        let details = object! {"limit" => MOST_CHANNELS, "param_name" => "channel_ids"};
        return Err(Refusal::limit(details, "the limit of channels in one call is exceeded"));
    }
    let host = zoho_host(desk);
    let mut results = Results::default();
    for id in ids {
        let id = id.parse().map_err(|_| Refusal::invalid_param("channel_ids"))?;
        let Some(channel) = desk.organisation.channels.remove(id, desk.now) else {
            results.add(Err(not_subscribed()));
            continue;
        };
        for module in channel.modules() {
            let details = channel.unsubscribed(&host, module);
            results.add(Ok(success(details, "Successfully un-subscribed from actions-watch")));
        }
    }
    // A channel that is not there was answered with 202.
    let status = if results.failed > 0 { 202 } else { 200 };
    Ok(Answer::json(status, object! {"watch" => Json::Array(results.all)}))
}

/// The API's host at Zoho, which addresses of modules name wherever the sandbox listens.
pub(super) fn zoho_host(desk: &Desk<'_>) -> String {
    host(&desk.settings.data_center)
}

/// The API's host of a data centre.
pub(super) fn host(data_center: &str) -> String {
    match data_center {
        "us" => "www.zohoapis.com".to_owned(),
        "au" | "cn" => format!("www.zohoapis.com.{data_center}"),
        other => format!("www.zohoapis.{other}"),
    }
}

fn elements(call: &Call) -> Result<&[Value], Refusal> {
    let elements = call.json().and_then(|body| body.get("watch")?.as_array());
    let elements = elements.filter(|elements| !elements.is_empty()).ok_or_else(|| {
        let details = object! {"expected_data_type" => "jsonarray", "api_name" => "watch"};
        Refusal::invalid_data(details, "invalid data")
    })?;
    if elements.len() > MOST_CHANNELS {
        let details = object! {"maximum_length" => MOST_CHANNELS, "api_name" => "watch"};
        return Err(Refusal::limit(details, "the limit of channels in one call is exceeded"));
    }
    Ok(elements)
}

fn subscribed(desk: &Desk<'_>, channel: &Channel) -> Vec<Object> {
    let host = zoho_host(desk);
    let modules = channel.modules();
    modules
        .into_iter()
        .map(|module| channel.subscribed(&host, module))
        .collect()
}

fn success(details: Object, message: &'static str) -> Object {
    object! {"code" => "SUCCESS", "details" => details, "message" => message, "status" => "success"}
}

/// It does not say which channel.
fn not_subscribed() -> Fault {
    Fault::new(
        "NOT_SUBSCRIBED",
        Object::new(),
        "the given channel is not subscribed for actions-watch",
    )
}

/// Results in the order of the input.
#[derive(Default)]
struct Results {
    all: Vec<Json>,
    failed: usize,
}

impl Results {
    fn add(&mut self, result: Result<Object, Fault>) {
        self.failed += usize::from(result.is_err());
        self.all.push(result.map_or_else(Json::from, Json::from));
    }

    fn answer(self, all_well: u16) -> Answer {
        let status = match self.failed {
            0 => all_well,
            failed if failed == self.all.len() => 400,
            _ => 207,
        };
        Answer::json(status, object! {"watch" => Json::Array(self.all)})
    }
}
