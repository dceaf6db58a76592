//! What a branch or pull request would do, and how that is told to the forge it is on. Nothing here
//! decides about commits: that is done where pushes are checked.

mod change;
mod client;
mod comment;
mod conflict;
mod request;
mod target;

pub use change::{Change, Report, Touched, Verdict};
pub(crate) use client::{Error, Forge};
pub(crate) use conflict::by_hand;
pub use conflict::{Changed, Conflict, Conflicting, Earlier};
pub(crate) use request::State;
pub(crate) use target::Target;
pub use target::{Kind, Pull};
