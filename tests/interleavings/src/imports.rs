//! Imports that hand the turn on: executions, the tasks in which they wait, and the rule that tells when one has ended.
//! What they deliver is modelled away: each was broken off before, so that a slice takes the turn, and finds nothing to send.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bigin::{Bigin, https};
use jiff::Timestamp;
use push::context::{Context, Services, Settings};
use push::import::ledger::Ledger;
use push::import::{Import, Importer, Plan, Progress, Step, StepEvent, TaskToken};
use push::report::Report;
use push::resolve::ResolverCache;
use serde_json::json;
use shared::services::Connections;
use shared::stop::Stop;
use shared::tokens::{Pass, Tokens};

use crate::bucket::SceneBucket;
use crate::desk::{Desk, SceneClock};
use crate::scene_machine::{SceneMachine, event, execution_ended};
use crate::state_machine::{WaitRequest, WaitingTask, execution, place};
use crate::table::SceneTable;
use crate::world::{End, Sleep, World};

/// A step that fails more often than this fails for good.
const MOST_ERRORS: u32 = 8;

#[derive(Clone)]
pub struct SceneServices;

impl Services for SceneServices {
    type Table = SceneTable;
    type Objects = SceneBucket;
    type Tokens = NoTokens;
    type Clock = SceneClock;
}

/// Nobody sends anything.
pub struct NoTokens;

impl Tokens for NoTokens {
    async fn pass(&self) -> Result<Pass, Stop> {
        Err(Stop::OutOfTime)
    }

    async fn newer_than(&self, _: &Pass) -> Result<Pass, Stop> {
        Err(Stop::OutOfTime)
    }

    async fn confirmed(&self, _: &Pass, _: Timestamp) {}
}

/// What an invocation works with.
struct Invocation {
    context: Context<SceneServices>,
    resolvers: ResolverCache,
    machine: SceneMachine,
}

impl Invocation {
    fn of(desk: &Desk) -> Self {
        static BIGIN: OnceLock<Bigin> = OnceLock::new();
        let bigin = BIGIN.get_or_init(|| Bigin::new(https::client(Duration::from_secs(1)).unwrap()));
        let clock = SceneClock {
            desk: desk.clone(),
            wakes_by_change: false,
        };
        Self {
            context: Context::new(
                Settings::default(),
                Connections {
                    bucket: SceneBucket,
                    table: SceneTable(desk.clone()),
                    tokens: Arc::new(NoTokens),
                    bigin: bigin.clone(),
                    clock,
                },
            ),
            resolvers: ResolverCache::default(),
            machine: SceneMachine(desk.clone()),
        }
    }

    fn importer(&self) -> Importer<'_, SceneServices, SceneMachine> {
        Importer::new(&self.context, &self.resolvers, &self.machine)
    }
}

/// An import of the scene: planned, and in the line once its execution has claimed.
fn import(world: &World, number: usize) -> Import {
    let scene = &world.machine.imports[number];
    let begun = Import::begun(&execution(number), World::default().now(), event(number));
    Import {
        place: Some(place(number)),
        module: scene.module.to_owned(),
        refers_to: Some(scene.refers_to.iter().map(|&module| module.to_owned()).collect()),
        planned: true,
        ..begun
    }
}

/// Sets the scene: each import has a plan, and has been broken off.
pub async fn set_in_line(desk: &Desk, number: usize) {
    let (import, now) = {
        let world = desk.world();
        (import(&world, number), world.now())
    };
    let ledger = Ledger::new(SceneTable(desk.clone()));
    let run_id = import.run_id();
    let mut report = Report::started(&run_id, import.key(), import.started_at);
    report.module = Some(import.module.clone());
    let mut progress = serde_json::to_value(Progress::begun(report)).unwrap();
    progress["ending"] = json!({"status": "stopped", "reason": {"code": "SCENE", "message": "", "action": ""}});
    let progress: Progress = serde_json::from_value(progress).unwrap();
    ledger.take_over(&run_id, || progress, now).await.unwrap();
    let start = json!({"offset": 0, "line": 1, "seekable": true});
    let form = json!({"format": "delimited", "gzipped": false, "encoding": "utf-8", "bom": false, "delimiter": ",",
        "line_end": "lf", "sep_line": false, "header": [], "header_text": "", "wrapped": false, "ending": "csv",
        "start": start, "warnings": []});
    let plan = json!({"form": form, "module": import.module, "shape": null, "mapping_key": null, "mapping": null,
        "time_zone": null});
    let plan: Plan = serde_json::from_value(plan).unwrap();
    ledger.keep_plan(&run_id, &plan, now).await.unwrap();
}

/// An execution of the state machine.
pub async fn execute(desk: Desk, number: usize) -> End {
    let invocation = Invocation::of(&desk);
    let mut import = import(&desk.world(), number);
    let (mut step, mut looks_within_s, mut errors) = (Step::Claim, 0, 0);
    loop {
        if step == Step::Wait {
            wait(&desk, number, &import, looks_within_s).await;
            step = Step::Claim;
        }
        let event = StepEvent::of(step, import.clone(), &execution(number));
        let Ok(next) = invocation.importer().go_on(event).await else {
            errors += 1;
            if errors > MOST_ERRORS {
                return End::Import("failed".to_owned());
            }
            continue;
        };
        if next.wait_seconds > 0 {
            let minutes = i64::try_from(next.wait_seconds.div_ceil(60)).unwrap();
            let until = desk.world().minute + minutes;
            desk.sleep_on("wait a while", Sleep::Until(until)).await;
        }
        match next.next {
            Step::Done => return End::Import("done".to_owned()),
            Step::Abandon => return End::Import("failed".to_owned()),
            Step::Renew => step = Step::Claim,
            other => step = other,
        }
        (import, looks_within_s) = (next.import, next.looks_within_s);
    }
}

/// A task that waits with a token: it ends when the token is answered or its time is over. Where its invocation fails it is
/// begun again, with another token.
async fn wait(desk: &Desk, number: usize, import: &Import, looks_within_s: u64) {
    loop {
        let document = serde_json::to_string(import).unwrap();
        let begin = |world: &mut World| {
            let token = format!("token-{number}-{:x}", desk.mark(world));
            let task = WaitingTask {
                by: number,
                is_answered: false,
                has_failed: false,
            };
            world.machine.tasks.insert(token.clone(), task);
            let request = WaitRequest {
                token: token.clone(),
                looks_within_s,
                import: document,
            };
            world.machine.requests.insert(number, request);
            token
        };
        let token = desk.at_once("begin to wait", begin);
        let due = desk.world().minute + i64::try_from(looks_within_s / 60).unwrap();
        let sleep = Sleep::Token {
            token: token.clone(),
            due,
        };
        desk.sleep_on("go on", sleep).await;
        let go_on = |world: &mut World| {
            let task = world.machine.tasks.remove(&token).unwrap();
            if !task.is_answered && !task.has_failed {
                world.machine.timed_out.push(looks_within_s);
            }
            task.has_failed && !task.is_answered
        };
        if !desk.at_once("go on", go_on) {
            return;
        }
    }
}

/// The invocations of an execution's waiting tasks. The execution goes on without them once its token is answered.
pub async fn stand_by(desk: Desk, number: usize) -> End {
    let invocation = Invocation::of(&desk);
    loop {
        desk.sleep_on("begin an invocation", Sleep::Asked(number)).await;
        let request = desk.at_once("take the request", |world| world.machine.requests.remove(&number));
        let Some(request) = request else {
            return End::StoodBy;
        };
        let import: Import = serde_json::from_str(&request.import).unwrap();
        let event = StepEvent {
            token: Some(TaskToken::new(&request.token)),
            looks_within_s: request.looks_within_s,
            ..StepEvent::of(Step::Wait, import, &execution(number))
        };
        if invocation.importer().go_on(event).await.is_err() {
            desk.at_once("fail", |world| {
                if let Some(task) = world.machine.tasks.get_mut(&request.token) {
                    task.has_failed = true;
                }
            });
        }
    }
}

/// The rule on executions that end without a word.
pub async fn tell(desk: Desk, number: usize) -> End {
    desk.sleep_on("hear of an end", Sleep::Ended(number)).await;
    let end = desk.at_once("hear of an end", |world| world.people[number].end.clone());
    let Some(end @ End::Died) = end else {
        return End::StoodBy;
    };
    let invocation = Invocation::of(&desk);
    for _ in 0..MOST_ERRORS {
        if invocation.importer().free(&execution_ended(number, &end)).await.is_ok() {
            return End::StoodBy;
        }
    }
    End::Import("not freed".to_owned())
}
