//! The verbs: they look at files, or ask a running instance through the addresses of its pages.
//! Nothing here decides anything about a cluster, and nothing speaks to the database.

mod advice;
mod age;
mod answer;
mod app;
mod apps;
mod blame;
pub(crate) mod cause;
mod cluster;
mod command;
mod complete;
mod completions;
mod crds;
mod diff;
mod difference;
mod directory;
mod doctor;
mod follow;
pub(crate) mod live;
mod man;
mod mistyped;
mod names;
mod origins;
mod output;
mod pager;
mod patch;
mod pending;
mod place;
mod plan;
pub(crate) mod progress;
mod proof;
mod reading;
mod render;
mod repo;
mod repo_mirror;
mod repo_rules;
mod rollback;
mod rollout;
mod rollouts;
pub(crate) mod server;
pub(crate) mod shown;
mod state;
mod suspend;
mod sync;
mod table;
#[cfg(test)]
mod tests;
mod tint;
mod token;
mod undelete;
mod unfinished;
mod validate;
mod why;

pub(crate) use command::{Command, run};
pub(crate) use completions::ASKED;
pub(crate) use mistyped::advised;
