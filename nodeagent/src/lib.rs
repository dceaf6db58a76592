//! The node agent: pods through CRI, probes, volumes, logs, exec, service proxy, DNS.

pub mod config;
pub mod containerd;
pub mod dns;
pub mod network;
pub mod proxy;
pub mod runtime;

pub use config::Config;
