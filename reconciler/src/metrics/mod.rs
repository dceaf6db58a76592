//! Figures for dashboards and alerts. They are made from what the history records, and never
//! decide anything.

mod decide;
mod follow;
mod passes;
#[cfg(test)]
pub(crate) mod sample;
mod set;
mod spans;
mod state;
#[cfg(test)]
mod tests;

pub(crate) use follow::follow;
pub(crate) use passes::Counted;
pub(crate) use set::Metrics;
