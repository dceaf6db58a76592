//! Who may read and push; decided by whoever knows people.

use async_trait::async_trait;

use crate::source::Person;

/// What a Git client sent in `Authorization`.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    Basic { user: String, password: String },
    Bearer(String),
}

/// Tells people by their credentials.
#[async_trait]
pub trait Authenticate: Send + Sync + 'static {
    /// `None` refuses; the client may ask its user and try again.
    async fn authenticate(&self, credentials: &Credentials) -> Option<Person>;
}
