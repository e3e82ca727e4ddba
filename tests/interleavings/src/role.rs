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
        }
    }
}
