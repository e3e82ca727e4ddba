//! What lets a call in: an access token, and where one comes from.

use bigin::Access;
use jiff::Timestamp;

use crate::stop::Stop;

/// What lets a call in, and which version of the access-token secret it came from.
#[derive(Debug, Clone)]
pub struct Pass {
    /// Token and API domain.
    pub access: Access,
    /// The secret's version, named to refresh when the token is refused.
    pub version: String,
    /// Whether refresh was asked for it. One that was merely found in the secret may be as dead as the one before it.
    pub is_fresh: bool,
}

impl Pass {
    /// Whether another pass is worth asking for now that this one is refused. It is worth asking once in any
    /// case. It is worth asking again while the pass that came was only found, and not made.
    pub fn may_be_replaced(&self, replaced: u32) -> bool {
        replaced == 0 || (!self.is_fresh && replaced < 3)
    }
}

/// Where tokens come from.
pub trait Tokens: Send + Sync + 'static {
    /// A pass that should be good now.
    fn pass(&self) -> impl Future<Output = Result<Pass, Stop>> + Send;

    /// A pass newer than one that was refused. A crowd that asks for the same costs one refresh.
    fn newer_than(&self, refused: &Pass) -> impl Future<Output = Result<Pass, Stop>> + Send;

    /// Bigin has let a pass in and said until when it will.
    fn confirmed(&self, pass: &Pass, expires_at: Timestamp) -> impl Future<Output = ()> + Send;
}
