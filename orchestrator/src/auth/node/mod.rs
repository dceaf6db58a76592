//! What a node agent may see and change: what concerns the pods bound to its node.

mod authorize;
mod graph;
mod references;
mod restrict;
pub mod revoked;

#[cfg(test)]
mod tests;

pub use authorize::authorize;
pub use graph::{Graph, NodeGraph};
pub use references::{Referent, references};
pub use restrict::{Change, restrict};
