//! What is missing or broken on this machine, or with an instance on it. `gather` looks and changes
//! nothing, `judge` is pure.

mod containers;
mod facts;
mod gather;
mod instance;
mod judge;
mod machine;
mod repositories;
#[cfg(test)]
mod tests;
mod versions;

pub(crate) use gather::gather;
pub(crate) use judge::{Finding, Level, judge};
