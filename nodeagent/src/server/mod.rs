//! The agent's own HTTPS server: container logs and exec, for the API server alone.

mod error;
mod exec;
pub(crate) mod log_line;
mod logs;
mod metrics;
mod rotate;
mod routes;

pub(crate) use rotate::rotate_logs;
pub(crate) use routes::router;
