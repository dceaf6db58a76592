//! One pod after another, from spec to containers and back to status.
//!
//! `decide` and everything it calls is pure: pod, runtime state, memory and time in, actions out.
//! The worker observes, executes and publishes; it trusts no memory where the runtime knows.

mod action;
pub(crate) mod admission;
mod admit;
mod brake;
mod containers;
mod decide;
mod driver;
mod ending;
mod execute;
mod memory;
pub(crate) mod names;
mod observe;
mod observed;
mod publish;
mod restart;
mod shared;
pub(crate) mod spec;
mod status;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod verdict;
mod worker;

pub(crate) use driver::Driver;
#[cfg(test)]
pub(crate) use memory::Memory;
pub(crate) use observed::Observed;
pub(crate) use shared::{NodeFacts, Shared};
