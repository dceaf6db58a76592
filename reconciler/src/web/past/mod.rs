//! `?at=` on every page: the same pages over the state of a moment of the past. The cluster's
//! log of changes gives the objects as they were, the history the rollouts as they stood; the clock
//! stands at the moment. Nothing can be done there.

mod backend;
mod cluster;
mod repositories;
mod rewind;
mod rewrite;
mod state;
mod stood;
#[cfg(test)]
mod tests;
mod travel;
mod under_way;
mod view;

pub(super) use state::Past;
pub(super) use travel::{at, travel};
