//! The Kubernetes-compatible API server on PostgreSQL, with controllers and scheduler.

pub mod auth;
pub mod controllers;
pub mod registry;
pub mod scheduler;
pub mod server;
pub mod service;
pub mod store;
pub mod watch;

#[cfg(test)]
mod testing;
