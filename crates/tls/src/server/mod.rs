//! Listens: plain or TLS, HTTP/1.1 and HTTP/2, many connections, an orderly end.

mod accept;
mod certificates;
mod connection;
mod peer;
mod renewed;

#[cfg(test)]
mod tests;

pub use accept::{Limits, bind, serve};
pub use certificates::{Certificates, Transport};
pub use peer::{Peer, PeerCertificate};
pub use renewed::PairFiles;
