//! What a CustomResourceDefinition says: the kind it defines, and what objects of it look like.
//!
//! Pure functions over JSON. Which definitions a server has, and whether it serves them, is
//! decided elsewhere.

mod check;
mod columns;
mod defaults;
mod definition;
mod names;
mod path;
mod prune;
mod rule;
mod scale;
mod schema;
mod structural;
#[cfg(test)]
mod tests;
mod validate;

pub use check::{default, validate, validate_update};
pub use columns::Cell;
pub use definition::{Definition, Version, is_definition, priority};
pub use names::{Taken, status};
pub use scale::ScalePaths;
pub use schema::{Additional, Schema, Type};

/// The collection of the definitions themselves.
pub fn definitions() -> crate::Collection {
    crate::Collection::new(GROUP, "customresourcedefinitions")
}

/// `apiextensions.k8s.io`
pub const GROUP: &str = "apiextensions.k8s.io";
/// Holds a definition until no object of its kind is left.
pub const FINALIZER: &str = "customresourcecleanup.apiextensions.k8s.io";
