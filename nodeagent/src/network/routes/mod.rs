//! The way to the pods of nodes on other machines: a route for each of them.
//!
//! `decide` chooses, `table` reads what the machine has, `events` hears from the kernel when that
//! changes, `follow` runs the commands. Only routes
//! with Kedge's own protocol number, in the instance's own range, are ever touched.

mod decide;
mod events;
mod follow;
mod table;

pub use decide::Own;
pub use follow::{Routes, remove};
pub(super) use table::PROTOCOL;
