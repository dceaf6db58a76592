//! Finds a node for each pod. Observing and writing come with a service of its own, every choice in `decide`.

mod decide;
mod filter;
mod node;
mod pod;
mod reason;
mod resources;
mod score;
mod snapshot;
pub mod terms;
pub mod volume;

#[cfg(test)]
mod tests;

pub use decide::{Placement, Verdict, assume, decide};
pub use filter::VolumeChoice;
pub use node::{Node, NodeFacts};
pub use pod::{HostPort, Name, Pod, Wishes, is_finished};
pub use reason::{Event, Misfit, Obstacle, Reason};
pub use resources::{Requests, Resources};
pub use snapshot::Snapshot;
