//! The client seam: everything that talks to the Kubernetes-compatible API does so through
//! [`Client`]. The orchestrator's own controllers use an in-process implementation of it, the
//! node agent and the reconciler an HTTP one; both pass the same contract suite.

mod backoff;
mod cache;
mod client;
mod clock;
#[cfg(test)]
mod double;
mod driver;
mod error;
mod events;
mod http;
mod informer;
mod leader;
mod outside;
pub mod placement;
mod queue;
pub mod renewal;
mod tasks;
mod tracked;
pub mod transaction;
mod wrote;

pub use backoff::Backoff;
pub use cache::{Cache, Change, IndexKeys, Listening, Observer, Progress, Subscription};
pub use client::{
    Author, Client, DeleteOptions, List, ListOptions, Patch, PatchOptions, Propagation, Step,
    Target, WatchOptions, WatchStream, WriteOptions,
};
pub use clock::{Clock, Env, Ids, SystemClock, SystemIds};
pub use driver::{Context, Controller, Drive, Driver, Outcome, Requeue, Wake, Watch};
pub use error::{Error, Remedy};
pub use events::{EventRecorder, EventType};
pub use http::{ByteStream, ConnectError, HttpClient, LogOptions, Logs};
pub use informer::{Informer, Informers, Trim};
pub use leader::{Election, Timing};
pub use outside::{Outside, Waiting, blocking, outside};
pub use placement::Placement;
pub use queue::{WeakQueue, WorkQueue};
pub use tasks::{Spawner, Tasks};
pub use tracked::Written;
pub use wrote::Wrote;
