//! Who may read and push; decided by whoever knows people.

use async_trait::async_trait;

use super::Identity;

/// What a Git client sent in `Authorization`.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    Basic { user: String, password: String },
    Bearer(String),
}

impl Credentials {
    /// The token, whichever way it came.
    pub fn secret(&self) -> &str {
        match self {
            Self::Basic { password, .. } => password,
            Self::Bearer(token) => token,
        }
    }
}

/// Tells people by their credentials.
#[async_trait]
pub trait Authenticate: Send + Sync + 'static {
    /// `None` refuses; the client may ask its user and try again.
    async fn authenticate(&self, credentials: &Credentials) -> Option<Identity>;
}
