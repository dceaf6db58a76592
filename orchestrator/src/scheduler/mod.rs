//! Finds a node for each pod: `service` observes and writes, `state` says what is next, `decide`
//! chooses. Never binds a pod twice, nor counts on room that may be taken.

mod decide;
mod execute;
mod explain;
mod filter;
mod inbox;
mod node;
mod pending;
mod pod;
mod reason;
mod score;
mod service;
mod snapshot;
mod state;
pub mod terms;
pub mod volume;

#[cfg(test)]
mod tests;

pub use api::placement::{Requests, Resources};
pub use decide::{Placement, Verdict, assume, decide};
pub use explain::{Cluster, explain};
pub use filter::VolumeChoice;
pub use node::{Node, NodeFacts};
pub use pod::{HostPort, Name, Pod, Wishes, is_finished};
pub use reason::{Event, Misfit, Obstacle, Reason};
pub use service::Scheduler;
pub use snapshot::Snapshot;
