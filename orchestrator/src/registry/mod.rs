//! What happens to an object between the wire and the store.

pub mod kinds;
pub mod metadata;
