//! After names have changed: whoever refers to an object by name follows it.

mod table;
mod update;

pub(super) use update::update;
