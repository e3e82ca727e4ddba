//! The parts that a scene can have.

/// A part in a scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// refresh, by the schedule.
    Scheduled,
    /// refresh, asked by a push whose token was rejected.
    Rejected,
    /// push, whose token was rejected: looks, asks refresh, waits.
    Push,
    /// revoke.
    Revoke,
    /// authorize, with a code of its own.
    Authorize,
    /// The execution of that import. Imports come first in a cast, in the order of the scene's.
    Import(usize),
    /// The invocations of that import's waiting tasks.
    StandBy(usize),
    /// The rule that tells of that execution's end.
    Tell(usize),
    /// push, whose record of that number Bigin refused.
    Refused(u64),
    /// push, whose record Bigin took.
    Taken,
    /// The operator, who has refused records rejected.
    Decided,
}

impl Role {
    /// What it is called in a story.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled refresh",
            Self::Rejected => "refresh",
            Self::Push => "push",
            Self::Revoke => "revoke",
            Self::Authorize => "authorize",
            Self::Import(_) => "import",
            Self::StandBy(_) => "waiting task",
            Self::Tell(_) => "rule on ends",
            Self::Refused(_) => "push that was refused",
            Self::Taken => "push that was taken",
            Self::Decided => "operator",
        }
    }
}
