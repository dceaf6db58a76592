//! The HTTP face of the orchestrator.

mod app;
mod audit;
mod body;
pub mod discovery;
pub mod document;
pub mod error;
mod gate;
mod handlers;
mod measured;
mod metrics;
pub mod negotiate;
mod node_client;
pub mod openapi;
mod options;
mod request;
mod respond;
mod routes;
mod table;
pub mod tls;
mod told;
pub mod version;

pub(crate) use app::App;
pub use app::Readiness;
pub(crate) use audit::Audit;
pub use error::ApiError;
pub(crate) use gate::Gate;
pub(crate) use metrics::Metrics;
pub(crate) use routes::router;
pub(crate) use told::Told;
