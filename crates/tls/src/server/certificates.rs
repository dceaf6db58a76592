//! The serving certificate, replaceable while connections come in, and the TLS settings.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;

use crate::{Error, Pair};

/// Offered to clients in this order.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// How a listener talks.
#[derive(Clone)]
pub enum Transport {
    /// For loopback alone.
    Plain,
    Tls(Arc<ServerConfig>),
}

impl Transport {
    /// TLS with this certificate, asking no client for one.
    pub fn tls(certificates: Arc<Certificates>) -> Result<Self, Error> {
        let builder = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth();
        Ok(Self::with(builder.with_cert_resolver(certificates)))
    }

    /// TLS with this certificate. A client may present a certificate; one that the authority
    /// did not issue ends the handshake.
    pub fn mutual(certificates: Arc<Certificates>, authority_pem: &str) -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(authority_pem.as_bytes()) {
            let certificate =
                certificate.map_err(|error| Error::ClientAuthority(error.to_string()))?;
            roots.add(certificate)?;
        }
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider())
            .allow_unauthenticated()
            .build()
            .map_err(|error| Error::ClientAuthority(error.to_string()))?;
        let builder = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(verifier);
        Ok(Self::with(builder.with_cert_resolver(certificates)))
    }

    fn with(mut config: ServerConfig) -> Self {
        config.alpn_protocols = PROTOCOLS.iter().map(|name| name.to_vec()).collect();
        Self::Tls(config.into())
    }
}

/// The certificate a server presents; a renewed one counts from the next handshake on.
#[derive(Debug)]
pub struct Certificates {
    current: ArcSwap<CertifiedKey>,
}

impl Certificates {
    pub fn new(pair: &Pair) -> Result<Self, Error> {
        Ok(Self {
            current: ArcSwap::from_pointee(certified(pair)?),
        })
    }

    pub fn replace(&self, pair: &Pair) -> Result<(), Error> {
        self.current.store(certified(pair)?.into());
        Ok(())
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

/// The one provider, named, so that nothing depends on a process-wide default.
fn provider() -> Arc<CryptoProvider> {
    default_provider().into()
}

fn certified(pair: &Pair) -> Result<CertifiedKey, Error> {
    let unreadable = |what: &str, detail: String| Error::Parse {
        what: what.to_owned(),
        detail,
    };
    let chain = CertificateDer::pem_slice_iter(pair.certificate_pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unreadable("a serving certificate", error.to_string()))?;
    let key = PrivateKeyDer::from_pem_slice(pair.key_pem.as_bytes())
        .map_err(|error| unreadable("a serving certificate's key", error.to_string()))?;
    Ok(CertifiedKey::from_der(chain, key, &provider())?)
}
