//! Who is let in: token, scope, credits; and the headers that every answer of Bigin carries.

use super::needs::{cost, needs};
use super::run::run;
use crate::accounts::Bearer;
use crate::answer::{Answer, Refusal};
use crate::api_answer::{dressed, too_many};
use crate::calls::Route;
use crate::calls::Subject;
use crate::clock::{whole_second, written};
use crate::faults::Spoilt;
use crate::flight::Admission;
use crate::http::Call;
use crate::json::Object;
use crate::records::{Desk, write};
use crate::settings::CreditsHeader;
use crate::state::State;

/// Looks at a call's token as it arrives, to know whose it is. An unknown one is refused when its turn comes.
pub(crate) fn admit(state: &State, call: &Call) -> Option<Admission> {
    let bearer = state.accounts.bearer(call.token()?, state.clock.now())?;
    Some(Admission {
        organisation: bearer.grantee.organisation,
        client_id: bearer.client_id,
    })
}

/// Serves what lies under `/bigin`.
pub(crate) fn serve(state: &mut State, call: &Call, spoilt: &mut Spoilt) -> Answer {
    let now = state.clock.now();
    let Some(token) = call.token() else {
        if call
            .header("authorization")
            .is_some_and(|value| value.starts_with("Bearer "))
        {
            // Measured live: the wrong word is no matter of authentication.
            let message = "unable to process your request. please verify whether you have entered proper method name, parameter and parameter values.";
            return dressed(Refusal::new(400, "INVALID_REQUEST", Object::new(), message).into());
        }
        return unauthorised("AUTHENTICATION_FAILURE", "Authentication failed");
    };
    let Some(bearer) = state.accounts.bearer(token, now) else {
        return unauthorised("INVALID_TOKEN", "invalid oauth token");
    };
    let answer = within(state, call, &bearer, spoilt).unwrap_or_else(Answer::from);
    let answer = credits_header(state, &bearer, answer);
    dressed(answer).with_header("x-accesstoken-reset", written(bearer.dies_at))
}

/// The live recordings of 401 have nothing but the error.
fn unauthorised(code: &'static str, message: &'static str) -> Answer {
    dressed(Refusal::new(401, code, Object::new(), message).into())
}

fn within(state: &mut State, call: &Call, bearer: &Bearer, spoilt: &mut Spoilt) -> Result<Answer, Refusal> {
    let segments = call.segments();
    let route = Route::of(&call.method, &segments)?;
    for need in needs(&route) {
        need.demand(&bearer.scopes)?;
    }
    let (now, daily) = (state.clock.now(), state.settings.daily_credits());
    let State {
        organisations,
        names,
        settings,
        ..
    } = state;
    let Some(organisation) = organisations.get_mut(bearer.grantee.organisation) else {
        return Err(Refusal::new(403, "NO_PERMISSION", Object::new(), "permission denied"));
    };
    if !organisation.is_active(bearer.grantee.user) {
        let code = settings.inactive_user_code.clone();
        let message = "the user is not active in the organisation";
        return Err(Refusal::new(
            settings.inactive_user_status,
            code,
            Object::new(),
            message,
        ));
    }
    if !organisation.credits.spend(now, cost(&route, call), daily) {
        return Ok(too_many(&settings.throttle_code));
    }
    let Subject { endpoint, module } = Subject::of(call);
    let operations = endpoint.operations(&call.method);
    let stored = organisation.stored();
    if let Some(refusal) = organisation.limits.refuses_call(module.as_deref(), operations, stored) {
        return Err(refusal);
    }
    let mut desk = Desk {
        organisation,
        names,
        settings,
        now: if settings.whole_seconds { whole_second(now) } else { now },
        user: bearer.grantee.user,
        quiet: write::is_quiet(call),
        spoilt,
    };
    run(&mut desk, &route, call, bearer)
}

fn credits_header(state: &mut State, bearer: &Bearer, answer: Answer) -> Answer {
    let (now, daily) = (state.clock.now(), state.settings.daily_credits());
    let Some(organisation) = state.organisations.get_mut(bearer.grantee.organisation) else {
        return answer;
    };
    let left = daily.saturating_sub(organisation.credits.spent(now));
    let is_sent = match state.settings.credits_header {
        CreditsHeader::Never => false,
        CreditsHeader::Half => left * 2 <= daily,
        CreditsHeader::Always => true,
    };
    if is_sent {
        answer.with_header("x-api-credits-remaining", left.to_string())
    } else {
        answer
    }
}
