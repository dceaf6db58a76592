//! Which objects a list, a watch or a controller means.

mod field;
mod label;

pub use field::FieldSelector;
pub use label::{LabelSelector, Requirement};

/// A selector that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unable to parse selector {text:?}: {why}")]
pub struct Error {
    pub text: String,
    pub why: String,
}
