//! `GET /org` and `GET /users`.

use crate::answer::{Answer, Refusal};
use crate::http::Call;
use crate::json::object;
use crate::organisation::User;
use crate::records::Desk;

pub(super) fn organisation(desk: &Desk<'_>) -> Answer {
    Answer::json(
        200,
        object! {"org" => vec![desk.organisation.describe(desk.settings, desk.now)]},
    )
}

pub(super) fn users(desk: &Desk<'_>, call: &Call) -> Result<Answer, Refusal> {
    let all = &desk.organisation.users;
    let caller = desk.caller().map(|user| user.id);
    let chosen: Vec<&User> = match call.query.get("type").unwrap_or("AllUsers") {
        "AllUsers" | "ConfirmedUsers" => all.iter().collect(),
        "ActiveUsers" | "ActiveConfirmedUsers" => all.iter().filter(|user| user.active).collect(),
        "DeactiveUsers" => all.iter().filter(|user| !user.active).collect(),
        "AdminUsers" | "ActiveConfirmedAdmins" => all.iter().filter(|user| user.admin).collect(),
        "CurrentUser" => all.iter().filter(|user| Some(user.id) == caller).collect(),
        "NotConfirmedUsers" | "DeletedUsers" => Vec::new(),
        _ => return Err(Refusal::invalid_param("type")),
    };
    if chosen.is_empty() {
        return Ok(Answer::nothing());
    }
    let info = object! {"per_page" => 200_u64, "count" => chosen.len(), "page" => 1_u64, "more_records" => false};
    let users: Vec<_> = chosen.into_iter().map(User::describe).collect();
    Ok(Answer::json(200, object! {"users" => users, "info" => info}))
}

pub(super) fn user(desk: &Desk<'_>, id: &str) -> Answer {
    match id.parse().ok().and_then(|id| desk.organisation.user(id)) {
        Some(user) => Answer::json(200, object! {"users" => vec![user.describe()]}),
        None => Answer::nothing(),
    }
}
