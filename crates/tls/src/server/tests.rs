use std::sync::Arc;

use axum::Router;
use axum::extract::Extension;
use axum::routing::get;
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use client::Tasks;

use super::*;
use crate::{Authority, Pair, Wanted};

/// Asks `/` once, over a connection of its own.
async fn ask(
    address: std::net::SocketAddr,
    authority: &Authority,
    pair: Option<&Pair>,
) -> Result<String, String> {
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(authority.certificate_pem().as_bytes()).unwrap();
    roots.add(root).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match pair {
        None => builder.with_no_client_auth(),
        Some(pair) => {
            let chain = CertificateDer::from_pem_slice(pair.certificate_pem.as_bytes()).unwrap();
            let key = PrivateKeyDer::from_pem_slice(pair.key_pem.as_bytes()).unwrap();
            builder.with_client_auth_cert(vec![chain], key).unwrap()
        }
    };
    let failed = |error: &dyn std::error::Error| error.to_string();
    let tcp = TcpStream::connect(address).await.map_err(|e| failed(&e))?;
    let name = ServerName::try_from("localhost").unwrap();
    let tls = TlsConnector::from(Arc::new(config))
        .connect(name, tcp)
        .await
        .map_err(|e| failed(&e))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(tls))
        .await
        .map_err(|e| failed(&e))?;
    let request = http::Request::get("/")
        .header("host", "localhost")
        .body(Empty::<Bytes>::new())
        .unwrap();
    let exchange = async {
        let response = sender.send_request(request).await.map_err(|e| failed(&e))?;
        let body = response
            .into_body()
            .collect()
            .await
            .map_err(|e| failed(&e))?;
        Ok(String::from_utf8(body.to_bytes().to_vec()).unwrap())
    };
    tokio::select! {
        answer = exchange => answer,
        ended = connection => Err(format!("connection ended: {ended:?}")),
    }
}

async fn who(Extension(peer): Extension<Peer>) -> String {
    peer.certificate.map_or("nobody".to_owned(), |certificate| {
        format!(
            "{} of {:?}",
            certificate.common_name, certificate.organizations
        )
    })
}

#[tokio::test]
async fn knows_its_clients_and_takes_a_new_certificate() {
    let now = Timestamp::now();
    let authority = Authority::generate("kedge", now).unwrap();
    let stranger = Authority::generate("kedge", now).unwrap();
    let serving = Wanted::server("api", ["localhost".to_owned()], []);
    let certificates =
        Arc::new(Certificates::new(&authority.issue(&serving, now).unwrap()).unwrap());
    let transport = Transport::mutual(certificates.clone(), authority.certificate_pem()).unwrap();
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let tasks = Tasks::default();
    let router = Router::new().route("/", get(who));
    serve(listener, transport, router, &Limits::default(), &tasks);

    let admin = Wanted::client("admin", "system:masters");
    let known = authority.issue(&admin, now).unwrap();
    let unknown = stranger.issue(&admin, now).unwrap();
    assert_eq!(ask(address, &authority, None).await.unwrap(), "nobody");
    let answer = ask(address, &authority, Some(&known)).await.unwrap();
    assert_eq!(answer, "admin of [\"system:masters\"]");
    assert!(ask(address, &authority, Some(&unknown)).await.is_err());

    // A server certificate of another authority is presented from the next handshake on.
    certificates
        .replace(&stranger.issue(&serving, now).unwrap())
        .unwrap();
    assert!(ask(address, &authority, None).await.is_err());
    assert_eq!(ask(address, &stranger, None).await.unwrap(), "nobody");

    tasks.drain().await;
    assert!(TcpStream::connect(address).await.is_err());
}
