//! Pods that only the clock runs: no containers, no mounts, no network.
//!
//! For scale tests, and for machines without the rights to run containers. Nothing here touches
//! the machine. What a pod's simulation does can be steered by annotations on the pod:
//! `simulated.kedge.dev/exit-after` (a duration such as `5s`, for containers that would run on),
//! `simulated.kedge.dev/exit-code`, `simulated.kedge.dev/ready` (`never`),
//! `simulated.kedge.dev/cpu` and `simulated.kedge.dev/memory` (what each container uses, such as
//! `250m` and `64Mi`; nothing without them). Images of a registry
//! below the reserved top level domain `invalid` cannot be pulled.

mod host;
mod runtime;
mod state;
#[cfg(test)]
mod tests;

pub use host::SimulatedHost;
pub use runtime::Simulated;
