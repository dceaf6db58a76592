//! Certificates, and the front that every server of Kedge listens with.
//!
//! This crate knows files, keys and connections; it never decides who may do what. Private keys
//! leave it only into files that their owner alone can read.

pub mod certificate;
mod error;
pub mod files;
pub mod server;

pub use certificate::{Authority, Pair, Usage, Wanted};
pub use error::Error;
pub use server::{Certificates, Limits, PairFiles, Peer, PeerCertificate, Transport, bind, serve};
