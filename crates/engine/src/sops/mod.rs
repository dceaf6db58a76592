//! Files that are encrypted with SOPS: found while a path is rendered, decrypted only where
//! objects are applied.
//!
//! A render never sees what is in them. It reads tokens in their place, made of what is encrypted:
//! so a render can be kept, hashed, compared and shown like any other, and a token that turns up
//! anywhere but in the data of a Secret gives away where a secret value would have gone.

mod cipher;
mod error;
mod file;
mod keys;
mod metadata;
mod open;
mod sealed;
#[cfg(test)]
mod tests;
mod text;
mod token;
mod tree;

pub use error::Error;
pub use keys::{KeyError, Keys};
pub use sealed::Sealed;
pub(crate) use tree::Sealing;
