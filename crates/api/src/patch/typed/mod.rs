//! The four walks over objects that server-side apply is made of. They know shapes and field
//! sets, and nothing of managers.

mod compare;
mod merge;
mod owned;
mod prune;

use std::fmt;

pub(super) use compare::{Change, compare};
pub(super) use merge::merge;
pub(super) use owned::{owned, with_declared_parents};
pub(super) use prune::prune;

/// A configuration that does not fit its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Misfit {
    /// `.spec.ports`
    pub(super) path: String,
    pub(super) why: String,
}

impl Misfit {
    fn new(why: impl fmt::Display) -> Self {
        Self {
            path: String::new(),
            why: why.to_string(),
        }
    }

    /// The same, seen from one step further up.
    fn below(mut self, step: impl fmt::Display) -> Self {
        self.path.insert_str(0, &step.to_string());
        self
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.why)
    }
}
