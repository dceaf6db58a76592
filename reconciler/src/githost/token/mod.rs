//! Tokens of people and programs: made once, shown once, and kept as digests.

mod book;
mod secret;

use jiff::Timestamp;
use serde::Serialize;

use super::Role;

pub use book::{Error, Made, Tokens, Wanted};

/// A token as it is known: everything but itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// The part of the token that is no secret.
    pub id: String,
    pub name: String,
    pub user: String,
    pub role: Role,
    /// SHA-256 of the whole token, in hex.
    #[serde(skip)]
    pub digest: String,
    pub created_by: String,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    /// To the minute.
    pub used_at: Option<Timestamp>,
}
