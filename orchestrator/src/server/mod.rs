//! The HTTP face of the orchestrator.

pub mod error;
pub mod negotiate;

pub use error::ApiError;
