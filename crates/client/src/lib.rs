//! The client seam: everything that talks to the Kubernetes-compatible API does so through
//! [`Client`]. The orchestrator's own controllers use an in-process implementation of it, the
//! node agent and the reconciler an HTTP one; both pass the same contract suite.

mod client;
mod clock;
mod error;
mod tasks;

pub use client::{
    Client, DeleteOptions, List, ListOptions, Patch, PatchOptions, Propagation, Step, Target,
    WatchOptions, WatchStream, WriteOptions,
};
pub use clock::{Clock, Env, Ids, SystemClock, SystemIds};
pub use error::{Error, Remedy};
pub use tasks::Tasks;
