//! Where a participant waits for its turn before each deed.

use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;
use std::time::Duration;

use jiff::Timestamp;
use shared::clock::Clock;
use shared::intake::{Intake, IntakeError};

use crate::world::{Fate, May, Person, Sleep, World, hash};

/// Who sets the scene: its deeds are done at once.
pub const STAGE: usize = usize::MAX;

/// A participant's way to everything shared.
#[derive(Clone)]
pub struct Desk {
    world: Arc<Mutex<World>>,
    who: usize,
}

impl Desk {
    pub fn new(world: Arc<Mutex<World>>, who: usize) -> Self {
        Self { world, who }
    }

    pub fn who(&self) -> usize {
        self.who
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// A number that belongs to this participant's present and to no other: for names of what it makes now.
    pub fn mark(&self, world: &World) -> u64 {
        hash((
            self.who,
            world.people.get(self.who).map_or(world.minute_mark(), |me| me.seen),
        ))
    }

    /// Waits for the turn, then does something. What comes of it is told to the participant by `answer`, or by `lost`
    /// when it fails or its answer is lost.
    pub async fn deed<S: Hash, R>(
        &self,
        name: &'static str,
        may: May,
        act: impl FnOnce(&mut World) -> S,
        answer: impl FnOnce(S) -> R,
        lost: impl FnOnce(Fate) -> R,
    ) -> R {
        self.turn(|me| (me.next, me.may) = (name, may)).await;
        let mut world = self.world();
        let fate = if may == May::Nothing { Fate::Done } else { world.fate };
        let seen = (fate != Fate::Fails).then(|| act(&mut world));
        let seen = seen.filter(|_| fate == Fate::Done);
        let minute = world.minute;
        if let Some(me) = world.people.get_mut(self.who) {
            me.seen = hash((me.seen, minute, name, fate, &seen));
        }
        drop(world);
        match seen {
            Some(seen) => answer(seen),
            None => lost(fate),
        }
    }

    /// Does something that concerns nobody else, so that it needs no turn.
    pub fn at_once<S: Hash>(&self, name: &'static str, act: impl FnOnce(&mut World) -> S) -> S {
        let mut world = self.world();
        let seen = act(&mut world);
        if let Some(me) = world.people.get_mut(self.who) {
            me.seen = hash((me.seen, name, &seen));
        }
        seen
    }

    /// Sleeps until that has come.
    pub async fn sleep_on(&self, name: &'static str, sleep: Sleep) {
        let prepare = |me: &mut Person| {
            (me.next, me.may) = (name, May::Nothing);
            me.sleep = Some(sleep.clone());
        };
        self.turn(prepare).await;
        let mut world = self.world();
        let minute = world.minute;
        if let Some(me) = world.people.get_mut(self.who) {
            me.sleep = None;
            me.seen = hash((me.seen, name, minute));
        }
    }

    async fn turn(&self, prepare: impl Fn(&mut Person)) {
        let mut has_waited = self.who == STAGE;
        std::future::poll_fn(|_| {
            if std::mem::replace(&mut has_waited, true) {
                return Poll::Ready(());
            }
            if let Some(me) = self.world().people.get_mut(self.who) {
                prepare(me);
            }
            Poll::Pending
        })
        .await;
        if let Some(me) = self.world().people.get_mut(self.who) {
            me.sleeps = false;
        }
    }
}

impl World {
    /// While the scene is set, the number of what is there tells one deed from the next.
    fn minute_mark(&self) -> u64 {
        hash((self.items.len(), &self.access, &self.self_client))
    }
}

/// Time stands but for the jumps. push sleeps while it looks for somebody else's token: to look again before there is
/// another one shows it nothing, so it is woken by a change, or when nobody else has anything to do.
#[derive(Clone)]
pub struct SceneClock {
    pub desk: Desk,
    pub wakes_by_change: bool,
}

impl Clock for SceneClock {
    fn now(&self) -> Timestamp {
        self.desk.world().now()
    }

    async fn sleep(&self, _: Duration) {
        let prepare = |me: &mut Person| {
            (me.next, me.may) = ("sleep", May::Nothing);
            me.sleeps = self.wakes_by_change;
        };
        self.desk.turn(prepare).await;
        let mut world = self.desk.world();
        if let Some(me) = world.people.get_mut(self.desk.who) {
            me.seen = hash((me.seen, "sleep"));
        }
    }
}

/// push's intake of messages.
pub struct SceneIntake(pub Desk);

impl Intake for SceneIntake {
    async fn set_open(&self, open: bool) -> Result<bool, IntakeError> {
        let failed = |_| {
            Err(IntakeError {
                action: "switch",
                function: "push".to_owned(),
                problem: "a fault of the scene".to_owned(),
            })
        };
        let switch = |world: &mut World| std::mem::replace(&mut world.is_intake_open, open) != open;
        self.0
            .deed("switch the intake", May::FailOrLoseAnswer, switch, Ok, failed)
            .await
    }

    async fn is_open(&self) -> Result<Option<bool>, IntakeError> {
        Ok(Some(self.0.world().is_intake_open))
    }

    /// Push then looks after waiting messages and files, which no scene has: nothing about a token hangs on it.
    async fn ask_for_upkeep(&self) -> Result<(), IntakeError> {
        Ok(())
    }
}
