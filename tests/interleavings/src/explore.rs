//! Goes depth first over all choices.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use shared::state::AuthorizationEvent;
use shared::state::standing::record;
use shared::testing::{access_token, self_client};
use shared::tokens::{DocumentStore, Publish};

use crate::cast::{Work, work as work_of};
use crate::desk::{Desk, STAGE};
use crate::imports::set_in_line;
use crate::line_rules;
use crate::role::Role;
use crate::rules;
use crate::state_machine::SceneImport;
use crate::table::SceneTable;
use crate::vault::{SceneSecret, SceneVersions, Which};
use crate::world::{End, Fate, May, Person, Sleep, World};

/// The refresh token in force when a scene begins.
const REFRESH_TOKEN: &str = "refresh-at-first";

/// How much may go wrong in one interleaving.
#[derive(Clone, Copy, Default)]
pub struct Allowed {
    /// Deaths, failures, lost answers.
    pub faults: u32,
    /// Times that two minutes pass.
    pub jumps: u32,
    /// Times that it is another's turn although whose it was could go on; all of them where no number is given.
    pub switches: Option<u32>,
    /// When to stop, gone through or not.
    pub until: Option<Instant>,
}

/// What was gone through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Different states.
    pub states: usize,
    /// Ways from the beginning to an end.
    pub interleavings: u128,
    /// Steps of the longest of them.
    pub longest: usize,
    /// There was no time for all of it.
    pub is_cut_off: bool,
}

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Choice {
    Step(usize, Fate),
    Death(usize),
    TwoMinutes,
}

impl World {
    /// A relay with imports of these modules in the line, each with the modules that its columns look up.
    ///
    /// # Panics
    /// The scene cannot be set.
    pub fn in_line(imports: &[(&'static str, &'static [&'static str])]) -> Self {
        let mut scene = Self::authorized(0);
        let import = |(module, refers_to): &(&'static str, &'static [&'static str])| SceneImport { module, refers_to };
        scene.machine.imports = imports.iter().map(import).collect();
        let world = Arc::new(Mutex::new(scene));
        let desk = Desk::new(Arc::clone(&world), STAGE);
        for number in 0..imports.len() {
            let mut set = Box::pin(set_in_line(&desk, number));
            let is_set = set.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert_eq!(is_set, Poll::Ready(()));
        }
        world.lock().unwrap().clone()
    }

    /// A relay that is authorized, with a token minted half an hour ago. `mints` were asked for since.
    ///
    /// # Panics
    /// The scene cannot be set.
    pub fn authorized(mints: usize) -> Self {
        let world = Arc::new(Mutex::new(Self::default()));
        let desk = Desk::new(Arc::clone(&world), STAGE);
        let set = async {
            let now = desk.world().now();
            let token = access_token("access-at-first", now - jiff::SignedDuration::from_mins(30));
            let expires_at = token.token().unwrap().expires_at;
            let secret = |which| {
                SceneSecret::of(SceneVersions {
                    desk: desk.clone(),
                    which,
                })
            };
            let published = DocumentStore::new(secret(Which::SelfClient))
                .publish(None, &self_client(REFRESH_TOKEN))
                .await;
            assert!(matches!(published, Ok(Publish::Done(_))));
            let published = DocumentStore::new(secret(Which::Access)).publish(None, &token).await;
            assert!(matches!(published, Ok(Publish::Done(_))));
            let table = SceneTable(desk.clone());
            record(&table, &AuthorizationEvent::Authorized { expires_at }, now)
                .await
                .unwrap();
            for _ in 0..mints {
                shared::state::mints::count(&table, now).await.unwrap().unwrap();
                desk.world().zoho.mints.push(0);
            }
        };
        let mut set = Box::pin(set);
        let is_set = set.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(is_set, Poll::Ready(()));
        drop(set);
        let mut world = world.lock().unwrap().clone();
        world.zoho.good.insert(REFRESH_TOKEN.to_owned());
        world
            .zoho
            .access
            .insert("access-at-first".to_owned(), REFRESH_TOKEN.to_owned());
        world.is_intake_open = true;
        world
    }
}

/// One run, on its way.
struct Run {
    world: Arc<Mutex<World>>,
    works: Vec<Option<Work>>,
}

impl Run {
    fn start(scene: &World, cast: &[Role]) -> Self {
        let mut world = scene.clone();
        let rejected = world.access.version().unwrap().clone();
        world.people = cast
            .iter()
            .map(|role| Person {
                name: role.name(),
                ..Person::default()
            })
            .collect();
        let world = Arc::new(Mutex::new(world));
        let work =
            |(who, role): (usize, &Role)| Some(work_of(*role, Desk::new(Arc::clone(&world), who), rejected.clone()));
        let works = cast.iter().enumerate().map(work).collect();
        let mut run = Self { world, works };
        for who in 0..cast.len() {
            run.go(who, Fate::Done);
        }
        run
    }

    fn go(&mut self, who: usize, fate: Fate) {
        self.world.lock().unwrap().fate = fate;
        let Some(work) = &mut self.works[who] else {
            return;
        };
        if let Poll::Ready(end) = work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            self.end(who, end);
        }
    }

    fn end(&mut self, who: usize, end: End) {
        self.works[who] = None;
        let mut world = self.world.lock().unwrap();
        world.machine.tasks.retain(|_, task| task.by != who);
        let me = &mut world.people[who];
        (me.end, me.under_way, me.sleeps, me.sleep) = (Some(end), None, false, None);
        line_rules::at_an_end(&mut world, who);
    }

    fn take(&mut self, choice: Choice) {
        {
            let mut world = self.world.lock().unwrap();
            if let Choice::Step(who, _) = choice {
                let due = world.people[who].sleep.as_ref().filter(|sleep| !world.has_come(sleep));
                // Nobody else has anything to do: time passes.
                world.minute = due.and_then(Sleep::due).unwrap_or(world.minute);
            }
            match choice {
                Choice::Step(who, Fate::Done) => world.note_switch(who),
                Choice::Step(who, _) => {
                    world.note_switch(who);
                    world.faults += 1;
                }
                Choice::Death(_) => world.faults += 1,
                Choice::TwoMinutes => (world.minute, world.jumps) = (world.minute + 2, world.jumps + 1),
            }
        }
        match choice {
            Choice::Step(who, fate) => self.go(who, fate),
            Choice::Death(who) => self.end(who, End::Died),
            Choice::TwoMinutes => {}
        }
        rules::after_a_step(&mut self.world.lock().unwrap());
    }

    fn choices(&self, allowed: Allowed) -> Vec<Choice> {
        let world = self.world.lock().unwrap();
        let alive = || {
            world
                .people
                .iter()
                .enumerate()
                .filter(|(_, person)| person.end.is_none())
        };
        let is_awake = |person: &Person| match &person.sleep {
            Some(sleep) => world.has_come(sleep),
            None => !person.sleeps || person.version_seen.as_ref() != world.access.version(),
        };
        let all_sleep = !alive().any(|(_, person)| is_awake(person));
        let first_due = alive().filter_map(|(_, person)| person.sleep.as_ref()?.due()).min();
        let is_first = |person: &Person| person.sleep.as_ref().is_none_or(|sleep| sleep.due() == first_due);
        let mut choices = Vec::new();
        for (who, person) in alive() {
            let may_fail = world.faults < allowed.faults;
            if (is_awake(person) || all_sleep && is_first(person)) && !world.is_held_back(who, allowed.switches) {
                choices.push(Choice::Step(who, Fate::Done));
                let fates: &[Fate] = match person.may {
                    May::Nothing => &[],
                    _ if !may_fail => &[],
                    May::Fail => &[Fate::Fails],
                    May::FailOrLoseAnswer => &[Fate::Fails, Fate::AnswerLost],
                    May::FailLoseOrMislead => &[Fate::Fails, Fate::AnswerLost, Fate::Misled],
                };
                choices.extend(fates.iter().map(|fate| Choice::Step(who, *fate)));
            }
            // A waiting task's invocation that dies is one that fails: the state machine begins it again.
            if may_fail && person.name != Role::StandBy(0).name() {
                choices.push(Choice::Death(who));
            }
        }
        if !choices.is_empty() && world.jumps < allowed.jumps {
            choices.push(Choice::TwoMinutes);
        }
        choices
    }
}

impl World {
    /// Whose turn is taken away by a step of that one, if it could go on.
    fn is_cut_short(&self, who: usize) -> bool {
        let last = self.switches.and_then(|(last, _)| last).filter(|last| *last != who);
        last.is_some_and(|last| {
            let person = &self.people[last];
            person.end.is_none() && !person.sleeps && person.sleep.is_none()
        })
    }

    fn note_switch(&mut self, who: usize) {
        let more = u32::from(self.is_cut_short(who));
        self.switches = self.switches.map(|(_, switches)| (Some(who), switches + more));
    }

    fn is_held_back(&self, who: usize, most: Option<u32>) -> bool {
        let switches = self.switches.map_or(0, |(_, switches)| switches);
        most.is_some_and(|most| switches >= most) && self.is_cut_short(who)
    }
}

struct Exploration<'a> {
    scene: &'a World,
    cast: &'a [Role],
    allowed: Allowed,
    /// How many ways lead on from each state.
    ways: HashMap<u64, u128>,
    trail: Vec<Choice>,
    longest: usize,
    is_cut_off: bool,
}

/// Goes through all interleavings of a cast's steps.
///
/// # Panics
/// A rule is broken. The panic tells which, and by which steps.
pub fn explore(scene: &World, cast: &[Role], allowed: Allowed) -> Tally {
    let scene = World {
        switches: allowed.switches.map(|_| (None, 0)),
        ..scene.clone()
    };
    let mut exploration = Exploration {
        scene: &scene,
        cast,
        allowed,
        ways: HashMap::new(),
        trail: Vec::new(),
        longest: 0,
        is_cut_off: false,
    };
    let interleavings = exploration.visit(Run::start(&scene, cast));
    Tally {
        states: exploration.ways.len(),
        interleavings,
        longest: exploration.longest,
        is_cut_off: exploration.is_cut_off,
    }
}

impl Exploration<'_> {
    /// All that can come after a state. Answers with the number of ways to an end.
    fn visit(&mut self, run: Run) -> u128 {
        self.hold_to_the_rules(&run);
        let state = run.world.lock().unwrap().fingerprint();
        if let Some(ways) = self.ways.get(&state) {
            return *ways;
        }
        if self.allowed.until.is_some_and(|until| Instant::now() >= until) {
            self.is_cut_off = true;
            return 0;
        }
        let choices = run.choices(self.allowed);
        let mut ways = 0_u128;
        let Some((last, others)) = choices.split_last() else {
            rules::at_the_end(&mut run.world.lock().unwrap());
            self.hold_to_the_rules(&run);
            self.longest = self.longest.max(self.trail.len());
            self.ways.insert(state, 1);
            return 1;
        };
        for choice in others {
            let mut again = self.restored();
            again.take(*choice);
            self.trail.push(*choice);
            ways = ways.saturating_add(self.visit(again));
            self.trail.pop();
        }
        let mut run = run;
        run.take(*last);
        self.trail.push(*last);
        ways = ways.saturating_add(self.visit(run));
        self.trail.pop();
        self.ways.insert(state, ways);
        ways
    }

    fn restored(&self) -> Run {
        let mut run = Run::start(self.scene, self.cast);
        for choice in &self.trail {
            run.take(*choice);
        }
        run
    }

    fn hold_to_the_rules(&self, run: &Run) {
        let world = run.world.lock().unwrap();
        if let Some(broken) = &world.broken {
            let ends: Vec<_> = world.people.iter().map(|person| (person.name, &person.end)).collect();
            panic!("broken: {broken}\nby these steps:\n{}ends: {ends:?}", self.story());
        }
    }

    /// The steps that led here, in words.
    fn story(&self) -> String {
        let mut run = Run::start(self.scene, self.cast);
        let mut story = String::new();
        for choice in &self.trail {
            let line = {
                let world = run.world.lock().unwrap();
                let name = |who: usize| format!("{} {who}", world.people[who].name);
                match choice {
                    Choice::Step(who, fate) => format!("{}: {} ({fate:?})", name(*who), world.people[*who].next),
                    Choice::Death(who) => format!("{} dies before: {}", name(*who), world.people[*who].next),
                    Choice::TwoMinutes => "two minutes pass".to_owned(),
                }
            };
            story.extend(["  ", &line, "\n"]);
            run.take(*choice);
        }
        story
    }
}
