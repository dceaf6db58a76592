//! The node agent: pods through CRI, probes, volumes, logs, exec, service proxy, DNS.

mod agent;
mod build;
pub mod config;
pub mod containerd;
pub mod cri;
pub mod dns;
mod environment;
mod host;
pub mod network;
mod node;
mod pods;
mod probes;
pub mod proxy;
mod reclaim;
mod report;
pub mod runtime;
mod server;
pub mod simulated;
mod usage;
mod volumes;

pub use agent::{Agent, Dependencies, Error, start_simulated};
pub use config::Config;
