//! Cluster DNS on every node (Kubernetes DNS specification 1.1).
//!
//! `zone` turns Services and EndpointSlices into names, `serve` answers queries, `forward` asks
//! the machine's own resolvers about everything outside the cluster's domain.

mod forward;
mod serve;
mod sync;
mod zone;

pub use forward::{Forwarder, upstreams};
pub use serve::{Dns, Error};
pub use sync::follow;
pub use zone::{Answer, Lookup, Record, Zone};
