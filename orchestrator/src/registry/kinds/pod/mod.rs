//! Pods: defaults, rules, and how `kubectl get pods` shows them.

mod affinity;
mod container;
mod default;
mod entry;
mod environment;
mod probe;
mod quality;
mod resources;
mod row;
mod spec;
mod update;
mod volume;

pub(super) use default::default_spec;
pub(super) use entry::kind;
pub(super) use resources::{canonical, quantities};
pub(super) use spec::validate_spec;
