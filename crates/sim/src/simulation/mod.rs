//! The seeded simulation: real registry, controllers, scheduler and node agents; virtual time,
//! drawn faults; in `gitops` the reconciler as well. Nothing here may depend on anything but the seed.

pub mod chance;
pub mod clock;
pub mod converged;
pub mod executor;
pub mod faults;
pub mod gitops;
pub mod invariants;
pub mod scenario;
pub mod seeds;
pub mod server;
pub mod violations;
pub mod watched;
pub mod weather;
pub mod workload;
pub mod world;

pub use chance::Chance;
pub use clock::VirtualClock;
pub use executor::{Executor, ProcessId};
pub use server::Server;
pub use violations::Violations;
pub use watched::{Log, Watch};
pub use weather::Weather;
pub use world::World;
