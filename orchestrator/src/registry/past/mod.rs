//! The past, as far as the log of changes reaches: objects as they were, what changed in them and
//! by whom, and their return after a deletion. What changed in a Secret's values is never told, only
//! that they changed.

mod blame;
mod fields;
mod moment;
mod read;
mod redact;
mod revive;
#[cfg(test)]
mod tests;
mod told;

pub use moment::Moment;
pub use read::HistoryRequest;
