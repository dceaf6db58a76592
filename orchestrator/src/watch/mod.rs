//! The cache of everything and the streams out of it: GET, LIST and WATCH are answered here.
//!
//! Nothing in here writes. What it serves is what was committed, in the order of the revisions.

mod coalescer;
mod error;
mod event;
mod filter;
mod hub;
mod item;
mod lane;
mod state;
mod stream;

#[cfg(test)]
mod tests;

pub use error::Error;
pub use event::{Delivery, EventKind};
pub use filter::{FieldGetter, Filter};
pub use hub::Hub;
pub use item::Item;
pub use state::Listing;
pub use stream::{Start, Subscription};
