//! What is known of the other side of a connection: an extension of each of its requests.

use std::net::SocketAddr;
use std::sync::Arc;

use jiff::Timestamp;

/// The other side.
#[derive(Debug, Clone)]
pub struct Peer {
    pub address: SocketAddr,
    /// Verified against the client authority during the handshake; `None` where the client
    /// presented no certificate.
    pub certificate: Option<Arc<PeerCertificate>>,
}

/// The subject of a verified client certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerCertificate {
    /// The user name.
    pub common_name: String,
    /// The groups.
    pub organizations: Vec<String>,
    pub issued_at: Timestamp,
}
