//! Brings the cluster to what Git says, one Application at a time, and keeps it there.
//!
//! Events only wake; each pass starts from observation, so a crash anywhere is just another pass.
//! What is decided is decided in `engine`; nothing here keeps a truth that is not also in Git, the
//! cluster or the history.

mod across;
mod again;
mod asked;
mod before;
pub(crate) mod branches;
pub(crate) mod change;
pub(crate) mod check;
mod cluster;
mod conflict;
pub(crate) mod core;
mod course;
mod credentials;
mod definitions;
mod desired;
mod drift;
mod each;
mod execute;
mod exits;
mod expected;
mod fetch;
mod foreign;
mod gate;
mod holds;
mod hooks;
mod install;
mod inventory;
pub(crate) mod kinds;
mod last;
mod look;
mod made;
mod memory;
mod mirroring;
pub(crate) mod news;
mod observe;
mod plan;
mod plans;
pub(crate) mod problems;
mod progress;
mod project;
mod prove;
mod prune;
mod publish;
pub(crate) mod pulls;
pub(crate) mod pushed;
mod read;
mod remove;
mod render;
mod results;
mod retry;
mod same;
mod set;
mod sight;
mod signatures;
mod sources;
mod standing;
mod start;
pub(crate) mod surroundings;
pub(crate) mod target;
#[cfg(test)]
mod tests;
mod told;
mod track;
pub(crate) mod trim;
mod trouble;
mod turn;
mod undo;
mod waits;
pub(crate) mod wake;
mod worker;

pub(crate) use across::{commits, here, render};
pub(crate) use cluster::Cluster;
pub(crate) use core::causes;
pub(crate) use definitions::Definitions;
pub(crate) use fetch::Fetcher;
pub(crate) use foreign::{claim, refuse};
pub(crate) use gate::PushGate;
pub(crate) use holds::Holds;
pub(crate) use inventory::Inventory;
pub(crate) use look::claimed;
pub(crate) use mirroring::Mirroring;
pub(crate) use plan::{Answer, Missing, Stored, ask, findings, keys, ordered, respect};
pub(crate) use read::{Reads, is_here, is_source_here, read};
pub(crate) use render::{Render, Renders, Trees, before_files};
pub(crate) use signatures::Signatures;
pub(crate) use sources::Sources;
#[cfg(test)]
pub(crate) use standing::Stand;
pub(crate) use standing::Standings;
pub(crate) use track::Tracker;
pub(crate) use trouble::Troubles;
pub(crate) use worker::Worker;
