//! The HTTP face of the orchestrator.

pub mod discovery;
pub mod document;
pub mod error;
pub mod negotiate;
pub mod openapi;
pub mod tls;
pub mod version;

pub use error::ApiError;
