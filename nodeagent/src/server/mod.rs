//! The agent's own HTTPS server: container logs, exec and what is used, for the API server alone.

mod error;
mod exec;
pub(crate) mod log_line;
mod logs;
mod metrics;
mod rotate;
mod routes;
mod summary;

pub(crate) use rotate::rotate_logs;
pub(crate) use routes::router;
