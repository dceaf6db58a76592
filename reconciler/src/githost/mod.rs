//! The hosted cluster repository, over smart HTTP.

mod authenticate;
pub mod repository;
pub mod revert;

pub use authenticate::{Authenticate, Credentials};
