//! The Kubernetes-compatible API server on PostgreSQL, with controllers and scheduler.

pub mod registry;
pub mod store;
