//! The web pages, their JSON, sign-in and the probes.
//!
//! Pages are complete HTML made here; the script only saves a reload. Nothing is written but by
//! the service's commands, and everything from the cluster, from commits and logs is escaped.

pub mod access;
mod app;
mod asked;
mod assets;
mod audit;
pub mod auth;
mod backend;
mod counts;
mod dry_runs;
mod error;
mod gate;
pub mod hosting;
pub mod json;
mod live;
mod markup;
mod notice;
mod openapi;
mod pages;
mod parameters;
mod past;
mod pulse;
mod request;
mod room;
mod router;
mod signed_out;
#[cfg(test)]
mod tests;
mod timing;
mod view;
mod visitor;
pub mod webhook;
mod why;

pub use app::{Deps, Ready, Settings};
pub(crate) use audit::audited;
pub use router::router;
