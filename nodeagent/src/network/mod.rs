//! The networks of one instance: bridges, addresses, routes, namespaces, CNI.
//!
//! `instance` names everything, `ranges` says which addresses are its own, `plan` which commands
//! make it so, `apply` runs them.
//! Everything here can run again at any time and changes nothing that is right already.

mod apply;
mod cni;
mod instance;
mod plan;
mod ranges;

pub use apply::{Error, apply, remove};
pub use cni::conflist;
pub use instance::Instance;
pub use plan::{NodeNetwork, Step, Topology};
pub use ranges::{
    Claim, Error as RangesError, Network, Ranges, Route, check, claim, without_networks,
};
