//! The node agent: pods through CRI, probes, volumes, logs, exec, service proxy, DNS.

pub mod dns;
pub mod proxy;
