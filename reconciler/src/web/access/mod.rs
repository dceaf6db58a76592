//! Who may do what with which Applications: the rules of a file, decided here and nowhere else.
//! Looking is for everybody who may sign in; what is decided is who may act.

mod rules;
#[cfg(test)]
mod tests;
mod touches;
mod withhold;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use rules::{Access, Error};
pub(super) use withhold::withhold;

/// What somebody may do with an Application; each may what those before it may.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Looks.
    #[default]
    Viewer,
    /// Syncs, suspends, holds and rolls back.
    Operator,
    /// Says who may what: tokens, repositories and their rules.
    Admin,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Somebody whose identity is proven.
#[derive(Debug, Clone, Copy)]
pub struct Who<'a> {
    pub user: &'a str,
    pub email: &'a str,
    pub groups: &'a [String],
    /// What they may do with every Application, whatever the rules say.
    pub everywhere: Role,
}

/// What an action is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    Application(&'a str),
    /// All of them, those to come included.
    Everything,
}
