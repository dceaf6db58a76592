//! Who somebody is, and what they may do.

use serde::{Deserialize, Serialize};

use crate::source::Person;

/// The name of whoever has the admin token; no other token can have it.
pub(crate) const ADMIN: &str = "admin";

/// What somebody may do; each may what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Clones, fetches and looks.
    Reader,
    /// Pushes, and asks for what a push could do as well.
    Writer,
    /// Says who may what.
    Admin,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Writer => "writer",
            Self::Admin => "admin",
        }
    }
}

/// Somebody who proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub person: Person,
    pub role: Role,
    /// The name of the token that proved it; empty for the admin's own.
    pub token: String,
}

impl Identity {
    /// The sentence that refuses a push, for those who may not push anywhere.
    pub(super) fn refusal(&self) -> Option<String> {
        (self.role < Role::Writer).then(|| {
            format!(
                "token {} of {} may only read: push with one that may write",
                self.token, self.person.name
            )
        })
    }
}
