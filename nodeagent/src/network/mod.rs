//! The networks of one instance: bridges, addresses, routes, namespaces, CNI.
//!
//! `instance` names everything, `plan` says which commands make it so, `apply` runs them.
//! Everything here can run again at any time and changes nothing that is right already.

mod apply;
mod cni;
mod instance;
mod plan;

pub use apply::{Error, apply, remove};
pub use cni::conflist;
pub use instance::{Instance, Network};
pub use plan::{NodeNetwork, Step, Topology};
