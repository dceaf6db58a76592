//! What is particular about each served kind, as pure functions over objects.
//!
//! Everything that all kinds share is one generic implementation, outside. Nothing here does I/O,
//! reads a clock or makes up a name.

mod allocation;
mod generic;
mod scale;
mod table;

pub use allocation::{Allocations, Pool, Wanted};
pub use scale::Scale;
pub use table::{Kind, Propagation, all, of};
