//! Git to cluster: sources, rollouts, history, hosted Git, web.
//!
//! The Kubernetes-compatible API is the only way into the cluster, so any such server will do.
//! `engine` decides; this crate reads Git, writes objects and remembers what happened.

pub mod config;
mod events;
pub mod forge;
pub mod githost;
pub mod history;
mod metrics;
mod reconciler;
mod reports;
pub mod service;
pub mod source;
mod sync;
#[cfg(test)]
mod testing;
mod traces;
pub mod usage;
pub mod web;

pub use config::{Config, News, RepositoryConfig};
pub use reconciler::{Error, Reconciler};
pub use sync::problems::of as findings;
