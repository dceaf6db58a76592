//! The node itself: its object, its lease, its condition.
//!
//! `object` is pure: facts in, JSON out. `facts` reads the machine, `run` talks to the API.

mod facts;
mod lease;
mod object;
mod run;
#[cfg(test)]
mod tests;

pub(crate) use facts::{Capacity, Machine, capacity, machine, meminfo_bytes};
pub(crate) use object::{Description, allocatable, labels};
pub(crate) use run::Reporter;
