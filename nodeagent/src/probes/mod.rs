//! Probes: when one is due, what it asks, what its answers mean. `decide` and `request` are
//! pure; `run` asks.

mod decide;
mod request;
mod run;
#[cfg(test)]
mod tests;

pub(crate) use decide::{Due, Outcome, Results, Settings, Tracks, inherited};
pub(crate) use request::{Check, HttpCheck, check, http_check};
pub(crate) use run::{Prober, call};
