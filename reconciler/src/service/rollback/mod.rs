//! Rollback: a commit that undoes what rollouts brought, checked and pushed like any other.

mod alone;
mod make;
mod place;
mod span;
mod walk;

pub(super) use make::preview;
pub(crate) use make::rollback;
