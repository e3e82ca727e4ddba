//! One request from its arrival to its answer: read, counted, made to wait or fail as a fault rule says, answered.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::http::Response;
use jiff::Timestamp;

use crate::answer::Answer;
use crate::api_answer::too_many;
use crate::clock::http_date;
use crate::counters::{Logged, endpoint};
use crate::faults::Happening;
use crate::flight::Flight;
use crate::http::{Call, Line, response};
use crate::journey::Journey;
use crate::passing::{after_call, pass_time};
use crate::state::World;
use crate::{api, console, oauth};

/// Serves any request.
pub(crate) async fn serve(
    Shared(world): Shared<Arc<World>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response<Body> {
    let path = request.uri().path();
    if path == "/console" || path.starts_with("/console/") {
        return match Call::read(request).await {
            Some(call) => response(console::serve(&world, &call)),
            None => response(Answer::html(400)),
        };
    }
    let mut log = Log::new(&world, endpoint(request.method(), path));
    let mut journey = Journey::begin();
    let Answered {
        answer,
        cut_after,
        flight,
    } = answered(&world, request, &mut journey).await;
    let status = answer.status;
    // Zoho's time, which may be ahead of the machine's.
    let now = world.lock().clock.now();
    let response = response(answer.with_header("date", http_date(now)));
    journey.back().await;
    drop(flight);
    if let Some(bytes) = cut_after {
        log.ended("cut".to_owned());
        line.cut_after(bytes);
    } else {
        log.ended(status.to_string());
    }
    response
}

/// What a call comes to.
struct Answered<'a> {
    answer: Answer,
    /// After how many bytes of it the connection is cut.
    cut_after: Option<usize>,
    flight: Option<Flight<'a>>,
}

async fn answered<'a>(world: &'a World, request: Request, journey: &mut Journey) -> Answered<'a> {
    let path = request.uri().path();
    let is_api = path.starts_with("/bigin/") || path.starts_with("/v2/crm/");
    // In flight from here on: the headers have arrived.
    let mut flight = is_api.then(|| world.flights.begin());
    let Some(call) = Call::read(request).await else {
        return Answered::with(Answer::html(400), flight);
    };
    // Read outside of the lock; later looks find it done.
    let _ = call.json();
    let mut plan = {
        let mut state = world.lock();
        let plan = state.faults.plan(&call);
        if plan.revokes_token {
            revoke(&mut state, &call);
        }
        let settings = &state.settings;
        let most = settings.concurrency;
        let latency = settings.latency_ms + fastrand::u64(0..=settings.latency_jitter_ms);
        if let (Some(own), Some(admission)) = (&mut flight, api::admit(&state, &call))
            && !own.admit(admission, most)
        {
            return Answered::with(too_many(&settings.throttle_code), flight);
        }
        if is_api {
            journey.takes(Duration::from_millis(latency));
        }
        plan
    };
    journey.there(plan.wait_before).await;
    let mut answer = match plan.before.take() {
        Some(Happening::Answer(answer)) => return Answered::with(plan.dress(answer), flight),
        Some(Happening::Cut(bytes)) => {
            return Answered {
                cut_after: Some(bytes),
                ..Answered::with(Answer::html(502), flight)
            };
        }
        None => {
            let mut state = world.lock();
            pass_time(&mut state, 0);
            for (module, field, change) in plan.field_changes.drain(..) {
                state.change_field(&module, &field, change);
            }
            if is_api {
                api::serve(&mut state, &call, &mut plan.spoilt)
            } else if call.path.starts_with("/oauth/") {
                oauth::serve(&mut state, &call, &base_url(world, &call))
            } else {
                Answer::html(404)
            }
        }
    };
    if is_api {
        after_call(world);
    }
    journey.waits(plan.wait_after);
    let mut cut_after = None;
    match plan.after.take() {
        Some(Happening::Answer(other)) => answer = other,
        Some(Happening::Cut(bytes)) => cut_after = Some(bytes),
        None => {}
    }
    Answered {
        cut_after,
        ..Answered::with(plan.dress(answer), flight)
    }
}

impl<'a> Answered<'a> {
    fn with(answer: Answer, flight: Option<Flight<'a>>) -> Self {
        Self {
            answer,
            cut_after: None,
            flight,
        }
    }
}

fn revoke(state: &mut crate::state::State, call: &Call) {
    let presented = match call.token() {
        Some(token) => Some(token.to_owned()),
        None => call.params().get("refresh_token").map(str::to_owned),
    };
    if let Some(token) = presented {
        state.accounts.revoke(&token);
    }
}

/// The sandbox's address as the client knows it: token answers send it back there.
fn base_url(world: &World, call: &Call) -> String {
    call.host()
        .map_or_else(|| world.base_url.clone(), |host| format!("http://{host}"))
}

/// Counts a call when it ends, whichever way.
struct Log<'a> {
    world: &'a World,
    endpoint: String,
    ending: String,
    began: Timestamp,
}

impl<'a> Log<'a> {
    fn new(world: &'a World, endpoint: String) -> Self {
        Self {
            world,
            endpoint,
            ending: "abandoned".to_owned(),
            began: Timestamp::now(),
        }
    }

    fn ended(&mut self, ending: String) {
        self.ending = ending;
    }
}

impl Drop for Log<'_> {
    fn drop(&mut self) {
        let endpoint = std::mem::take(&mut self.endpoint);
        let ending = std::mem::take(&mut self.ending);
        let logged = Logged {
            endpoint,
            ending,
            began: self.began,
            ended: Timestamp::now(),
        };
        self.world.lock().counters.count(logged);
    }
}
