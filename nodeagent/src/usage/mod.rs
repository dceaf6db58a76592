//! What this node and its containers use: read when somebody asks, never by the clock.

mod meter;
mod reading;
mod summary;
#[cfg(test)]
mod tests;

pub(crate) use meter::Meter;
pub(crate) use reading::NodeUsage;
pub(crate) use summary::{Whole, summary};
