//! The node agent: pods through CRI, probes, volumes, logs, exec, service proxy, DNS.

pub mod containerd;
pub mod dns;
pub mod network;
pub mod proxy;
