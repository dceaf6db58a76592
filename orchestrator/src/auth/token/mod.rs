//! Service-account tokens: JWTs signed with ES256 by the instance's own key.

mod claims;
mod keys;
mod service;
mod verify;

#[cfg(test)]
mod tests;

pub use claims::{Bound, Claims, Reference};
pub use keys::{Keys, discovery};
pub use service::Tokens;
pub use verify::{Bindings, Error, identity, verify};
