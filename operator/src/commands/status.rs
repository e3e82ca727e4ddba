//! How the relay stands, and the parts of it that are asked for alone.

use std::pin::pin;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::error::OperatorError;
use crate::exit_status::ExitStatus;
use crate::screen::{Screen, from_now, grouped};
use crate::stack::Stack;

/// How long a screen stands before it is shown anew.
const ANEW: Duration = Duration::from_secs(5);

/// One screen.
pub(super) async fn show(stack: &Stack, screen: &mut Screen) -> Result<ExitStatus, OperatorError> {
    let status = look(stack).await?;
    if !screen.json(&status)? {
        draw(stack, screen, &status, Timestamp::now())?;
    }
    Ok(ExitStatus::Complete)
}

/// The same until Ctrl-C; as JSON, one answer a look.
pub(super) async fn watch(stack: &Stack, screen: &mut Screen) -> Result<ExitStatus, OperatorError> {
    // One future throughout: a Ctrl-C that comes while something is read is not lost.
    let mut interrupted = pin!(tokio::signal::ctrl_c());
    loop {
        let status = look(stack).await?;
        if !screen.json(&status)? {
            if screen.is_terminal() {
                screen.clear()?;
            }
            draw(stack, screen, &status, Timestamp::now())?;
        }
        tokio::select! {
            () = sleep(ANEW) => {}
            _ = &mut interrupted => return Ok(ExitStatus::Complete),
        }
    }
}

/// The credits alone.
pub(super) async fn credits(stack: &Stack, screen: &mut Screen) -> Result<ExitStatus, OperatorError> {
    let credits = look(stack).await?["credits"].take();
    if !screen.json(&credits)? {
        screen.line(credits_line(&credits, Timestamp::now()))?;
    }
    Ok(ExitStatus::Complete)
}

/// The queues alone.
pub(super) async fn queues(stack: &Stack, screen: &mut Screen) -> Result<ExitStatus, OperatorError> {
    let queues = look(stack).await?["queues"].take();
    if !screen.json(&queues)? {
        screen.table(
            &["QUEUE", "WAITING", "IN FLIGHT", "DELAYED", "OLDEST"],
            queue_rows(&queues),
        )?;
        for (name, _) in queues
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, queue)| name.contains("dead") && count(queue, "waiting") > 0)
        {
            screen.line(next_for_dead_letters(name))?;
        }
    }
    Ok(ExitStatus::Complete)
}

fn next_for_dead_letters(queue: &str) -> &'static str {
    if queue.contains("records") {
        "\nnext: the runbook's entry on the records dead-letter queue says what to mend; then bigin-relay queue --redrive"
    } else {
        "\nnext: the runbook's entry on the events dead-letter queue says what to look at"
    }
}

async fn look(stack: &Stack) -> Result<Value, OperatorError> {
    stack.invoke("revoke", &json!({"action": "status"})).await
}

fn draw(stack: &Stack, screen: &mut Screen, status: &Value, now: Timestamp) -> Result<(), OperatorError> {
    let authorization = &status["authorization"];
    screen.entry("stack", stack.name())?;
    screen.entry("organisation", organisation(authorization))?;
    screen.entry(
        "authorization",
        with_time(
            text(authorization, "state"),
            "since",
            instant(authorization, "since"),
            now,
        ),
    )?;
    if let Some(message) = authorization["message"].as_str() {
        screen.entry("", message)?;
    }
    screen.entry("access token", token(&status["token"], now))?;
    let paused = &status["paused"];
    if paused.is_null() {
        screen.entry("delivery", "runs")?;
    } else {
        tell_why(
            screen,
            "delivery",
            &format!("paused by {}", text(paused, "by")),
            paused,
            now,
        )?;
        if let Some(end) = instant(paused, "resumes_at") {
            screen.entry("", format_args!("ends by itself {}", from_now(end, now)))?;
        }
    }
    for held in status["held_modules"].as_array().into_iter().flatten() {
        tell_why(screen, "held", &format!("{} is held", text(held, "module")), held, now)?;
    }
    screen.entry("credits", credits_line(&status["credits"], now))?;
    screen.line("")?;
    screen.table(
        &["QUEUE", "WAITING", "IN FLIGHT", "DELAYED", "OLDEST"],
        queue_rows(&status["queues"]),
    )?;
    let reports: Vec<Vec<String>> = status["reports"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|report| report_row(report, now))
        .collect();
    if !reports.is_empty() {
        screen.line("")?;
        screen.table(
            &["RUN", "MODULE", "STATUS", "READ", "REJECTED", "DEFERRED", "ENDED"],
            reports,
        )?;
    }
    for problem in status["problems"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        screen.entry("\nnot seen", problem)?;
    }
    if let Some(next) = next_command(status) {
        screen.line(format_args!("\nnext: {next}"))?;
    }
    Ok(())
}

/// What does not go on, why, since when, and what to do about it.
fn tell_why(screen: &mut Screen, name: &str, what: &str, reason: &Value, now: Timestamp) -> Result<(), OperatorError> {
    let why = format!("{what}, {}: {}", text(reason, "code"), text(reason, "message"));
    screen.entry(name, with_time(&why, "since", instant(reason, "since"), now))?;
    screen.entry("", format_args!("to do: {}", text(reason, "action")))?;
    Ok(())
}

fn organisation(authorization: &Value) -> String {
    let Some(id) = authorization["org_id"].as_str() else {
        return "none yet".to_owned();
    };
    let name = authorization["org_name"].as_str().unwrap_or("without a name");
    format!(
        "{name} ({id}), {}, authorized by {}",
        text(authorization, "data_center"),
        text(authorization, "user_email")
    )
}

fn token(token: &Value, now: Timestamp) -> String {
    match (token["is_good"].as_bool(), instant(token, "expires_at")) {
        (Some(true), Some(end)) => format!("good, runs out {}", from_now(end, now)),
        (Some(_), _) => "none that is good".to_owned(),
        _ => "none".to_owned(),
    }
}

fn credits_line(credits: &Value, now: Timestamp) -> String {
    let spent = format!(
        "{} spent in 24 hours by this relay",
        grouped(count(credits, "spent_24h"))
    );
    let left = &credits["left"];
    match instant(left, "at") {
        Some(at) => format!(
            "{spent}; {} left, as Bigin said {}",
            grouped(count(left, "left")),
            from_now(at, now)
        ),
        None => format!("{spent}; Bigin has not said what is left"),
    }
}

fn queue_rows(queues: &Value) -> Vec<Vec<String>> {
    let queues = queues.as_object().into_iter().flatten();
    queues
        .map(|(name, queue)| {
            let oldest = queue["oldest_message_s"]
                .as_u64()
                .map_or_else(|| "-".to_owned(), |age| format!("{} s", grouped(age)));
            let numbers = ["waiting", "in_flight", "delayed"].map(|number| grouped(count(queue, number)));
            [vec![name.clone()], numbers.to_vec(), vec![oldest]].concat()
        })
        .collect()
}

fn report_row(report: &Value, now: Timestamp) -> Vec<String> {
    let key = text(report, "key");
    let run = key
        .rsplit('/')
        .next()
        .and_then(|file| file.strip_suffix(".json"))
        .unwrap_or(key);
    let run = run.rsplit('.').next().unwrap_or(run);
    let numbers = ["read", "rejected", "deferred"].map(|number| grouped(count(report, number)));
    let ended = instant(report, "finished_at").map_or_else(|| "-".to_owned(), |end| from_now(end, now));
    let head = vec![
        run.to_owned(),
        text(report, "module").to_owned(),
        text(report, "status").to_owned(),
    ];
    [head, numbers.to_vec(), vec![ended]].concat()
}

/// What to type next, where something is not as it should be.
fn next_command(status: &Value) -> Option<&'static str> {
    let paused = &status["paused"];
    match text(&status["authorization"], "state") {
        "not_authorized" | "needs_authorization" | "revoked" => Some("bigin-relay authorize self_client.json"),
        "revoking" => Some("bigin-relay revoke --confirm <org_id>"),
        _ if paused["by"].as_str().is_some() && text(paused, "code") == "operator" => Some("bigin-relay resume"),
        _ if status["held_modules"].as_array().is_some_and(|held| !held.is_empty()) => {
            Some("bigin-relay held <module>")
        }
        _ => None,
    }
}

fn with_time(what: &str, word: &str, at: Option<Timestamp>, now: Timestamp) -> String {
    at.map_or_else(
        || what.to_owned(),
        |at| format!("{what}, {word} {at:.0} ({})", from_now(at, now)),
    )
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or("-")
}

fn count(value: &Value, name: &str) -> u64 {
    value[name].as_u64().unwrap_or(0)
}

fn instant(value: &Value, name: &str) -> Option<Timestamp> {
    value[name].as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-30T10:00:00Z".parse().unwrap()
    }

    #[test]
    fn what_is_wrong_names_the_command_that_mends_it() {
        let of = |state: &str, paused: Value, held: Value| {
            next_command(&json!({"authorization": {"state": state}, "paused": paused, "held_modules": held}))
        };
        assert_eq!(of("active", Value::Null, json!([])), None);
        assert!(
            of("not_authorized", Value::Null, json!([]))
                .unwrap()
                .contains("authorize")
        );
        assert!(
            of("active", json!({"code": "operator", "by": "operator"}), json!([]))
                .unwrap()
                .contains("resume")
        );
        // A pause for want of credits ends by itself.
        assert_eq!(of("active", json!({"code": "credits", "by": "push"}), json!([])), None);
        assert!(
            of("active", Value::Null, json!([{"module": "Contacts"}]))
                .unwrap()
                .contains("held")
        );
    }

    #[test]
    fn a_run_is_shown_by_its_id_whatever_its_file_is_called() {
        let row = |key: &str| report_row(&json!({"key": key, "status": "complete"}), now())[0].clone();
        assert_eq!(
            row("reports/Contacts/2026-11-30/a.b.20261130T093000-1a2b3c4d.json"),
            "20261130T093000-1a2b3c4d"
        );
        assert_eq!(
            row("reports/_queue/2026-11-30/09/20261130T093000-1a2b3c4d.json"),
            "20261130T093000-1a2b3c4d"
        );
    }

    #[test]
    fn credits_are_told_with_the_time_of_what_bigin_said() {
        let credits = json!({"spent_24h": 4042, "left": {"left": 958, "at": "2026-11-30T09:48:00Z"}});
        assert_eq!(
            credits_line(&credits, now()),
            "4,042 spent in 24 hours by this relay; 958 left, as Bigin said 12m ago"
        );
        assert!(credits_line(&json!({"spent_24h": 0, "left": null}), now()).ends_with("has not said what is left"));
    }
}
