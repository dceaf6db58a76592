//! What is particular about each served kind, as pure functions over objects.
//!
//! Everything that all kinds share is one generic implementation, outside. Nothing here does I/O,
//! reads a clock or makes up a name.

mod allocation;
mod cells;
mod edit;
pub(in crate::registry) mod field;
mod generic;
mod scale;
mod table;

mod application;
mod config_map;
mod cron_job;
mod custom;
mod custom_resource_definition;
mod deployment;
mod endpoint_slice;
mod event;
mod job;
mod lease;
mod namespace;
mod node;
mod persistent_volume;
mod persistent_volume_claim;
mod pod;
mod rbac;
mod replica_set;
mod rollout;
mod secret;
mod served;
mod service;
mod service_account;
mod service_row;
mod storage_class;
#[cfg(test)]
mod tests;
mod workload;

pub use allocation::{Allocations, Pool, Wanted};
pub use cron_job::schedule;
pub use custom::Custom;
pub use scale::Scale;
pub use served::{Defined, Served, built_in_names};
pub use table::{Kind, Propagation, all, of};
