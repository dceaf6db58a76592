//! The hosted cluster repository, over smart HTTP.
//!
//! Git itself does the Git part, one process per request; policy is in its hooks, which are this
//! same binary and only ask the service. Nothing here knows what is in the repository.

mod authenticate;
mod gate;
pub mod hook;
mod host;
mod http;
mod process;
pub mod repository;
pub mod revert;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod wire;

pub use authenticate::{Authenticate, Credentials};
pub use gate::{Accept, Gate, Lines, Pushed};
use host::Service;
pub use host::{GitHost, Options};
pub use http::router;
pub use wire::{Request, Update};
