//! Why a certificate or a listener could not be had.

use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot {operation} {path}")]
    File {
        operation: &'static str,
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("cannot make a certificate for {subject:?}")]
    Issue {
        subject: String,
        #[source]
        source: rcgen::Error,
    },
    /// A key or certificate that is there and cannot be used. It is never replaced silently:
    /// what trusts it would stop working.
    #[error("{what} cannot be read: {detail}")]
    Parse { what: String, detail: String },
    #[error("everybody on this machine may read the key {0}: chmod 0600 it")]
    Exposed(PathBuf),
    #[error("cannot set TLS up")]
    Configure(#[from] rustls::Error),
    #[error("cannot verify client certificates: {0}")]
    ClientAuthority(String),
    #[error("cannot listen on {address}")]
    Listen {
        address: SocketAddr,
        #[source]
        source: std::io::Error,
    },
}
