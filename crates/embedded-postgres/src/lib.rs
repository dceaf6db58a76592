//! The system's PostgreSQL as a child process: a Unix socket, no TCP, nothing to configure.
//!
//! PostgreSQL refuses to run as root; started by root it runs as `postgres` or `nobody`. It
//! outlives a crash of its parent, and the next start takes it over. This crate speaks no SQL
//! beyond creating databases.

mod account;
mod binaries;
mod error;
mod location;
mod options;
mod pidfile;
mod process;
mod server;
pub mod testing;
mod wire;

#[cfg(test)]
mod tests;

pub use error::Error;
pub use options::{Lifetime, Options, Profile};
pub use process::Exit;
pub use server::Server;
