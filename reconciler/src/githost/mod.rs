//! Hosted repositories, over smart HTTP: the cluster's own, and any number of others.
//!
//! Git itself does the Git part, one process per request; policy is in its hooks, which are this
//! same binary and only ask the service. Nothing here knows what is in the repository.

mod authenticate;
mod gate;
mod guard;
pub mod hook;
mod host;
pub mod hosted;
mod http;
mod identity;
pub mod part;
mod process;
pub mod repository;
pub mod revert;
pub mod room;
pub mod rule;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod token;
mod wire;

pub use authenticate::{Authenticate, Credentials};
pub use gate::{Accept, Gate, Lines, Pushed};
pub use guard::Guard;
use host::Service;
pub use host::{GitHost, Options};
pub use hosted::{Hosted, Repositories, Shelf};
pub use http::router;
pub(crate) use identity::ADMIN;
pub use identity::{Identity, Role};
pub use token::{Token, Tokens};
pub use wire::{Request, Update};
