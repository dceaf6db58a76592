//! From credentials to an identity.

mod authenticator;
mod impersonate;
mod static_tokens;

#[cfg(test)]
mod tests;

pub use authenticator::{Authenticator, unauthorized};
pub use impersonate::impersonate;
pub use static_tokens::StaticTokens;
