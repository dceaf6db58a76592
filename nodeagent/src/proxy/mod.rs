//! Service load-balancing: Services and `EndpointSlices` become one nftables table.
//!
//! `endpoints` reads the objects, `ruleset` decides what the table holds and how to get from one
//! state to the next, `nft` loads text. Nothing here ever flushes another table.

mod endpoints;
mod nft;
mod ruleset;
mod sync;
#[cfg(test)]
mod tests;

pub use endpoints::{Backend, Frontend, Protocol, services};
pub use nft::{Error, Nft};
pub use ruleset::{Ruleset, State};
pub use sync::Proxy;
