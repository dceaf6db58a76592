//! What nodes, pods and applications use, as the cluster's `metrics.k8s.io` tells it, and for
//! applications the last day of it. Best effort: nothing is decided by it, and a cluster that
//! measures nothing is asked seldom.

mod decide;
mod keep;
mod line;
#[cfg(test)]
mod tests;
mod types;

pub(crate) use keep::keep;
pub(crate) use line::line;
pub use types::{Amount, Point, Source, Used};
