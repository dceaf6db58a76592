//! The networks of one instance: bridges, addresses, routes, namespaces, CNI.
//!
//! `instance` names everything, `ranges` says which addresses are its own, `plan` which commands
//! make it so, `apply` runs them. `routes` leads to nodes on other machines.
//! Everything here can run again at any time and changes nothing that is right already.

mod apply;
mod cni;
mod instance;
mod plan;
mod prefix;
mod ranges;
mod routes;
mod way;

pub use apply::{Error, apply, join, remove, way};
pub use cni::conflist;
pub use instance::Instance;
pub use plan::{NodeNetwork, Step, Topology};
pub use prefix::Network;
pub use ranges::{
    Claim, Error as RangesError, Ranges, Route, check, claim, claim_given, without_networks,
};
pub use routes::{Own, Routes, remove as remove_routes};
pub use way::Way;
