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

/// A directory that goes away with the test.
struct Directory(std::path::PathBuf);

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn pair_files(name: &str) -> (Directory, PairFiles) {
    let name = format!("kedge-tls-{name}-{}", std::process::id());
    let directory = Directory(std::env::temp_dir().join(name));
    std::fs::create_dir_all(&directory.0).unwrap();
    let files = PairFiles {
        certificate: directory.0.join("tls.crt"),
        key: directory.0.join("tls.key"),
    };
    (directory, files)
}

fn put(files: &PairFiles, pair: &Pair) {
    crate::files::write_public(&files.certificate, pair.certificate_pem.as_bytes()).unwrap();
    crate::files::write_private(&files.key, pair.key_pem.as_bytes()).unwrap();
}

#[tokio::test]
async fn presents_what_its_files_hold_also_after_they_changed() {
    let now = Timestamp::now();
    let (_directory, files) = pair_files("renewed");
    let authority = Authority::generate("kedge", now).unwrap();
    let stranger = Authority::generate("kedge", now).unwrap();
    let serving = Wanted::server("web", ["localhost".to_owned()], []);
    put(&files, &authority.issue(&serving, now).unwrap());
    let certificates = files.open().unwrap();
    let transport = Transport::tls(certificates.clone()).unwrap();
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let tasks = Tasks::default();
    let router = Router::new().route("/", get(who));
    serve(listener, transport, router, &Limits::default(), &tasks);
    files
        .clone()
        .follow(certificates, client::Env::system(), &tasks);
    assert_eq!(ask(address, &authority, None).await.unwrap(), "nobody");

    // A certificate that is no certificate changes nothing; the next good one counts.
    std::fs::write(&files.certificate, "half a file").unwrap();
    put(&files, &stranger.issue(&serving, now).unwrap());
    let renewed = async {
        while ask(address, &stranger, None).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    let limit = std::time::Duration::from_secs(30);
    tokio::time::timeout(limit, renewed).await.unwrap();
    tasks.drain().await;
}

#[test]
fn what_its_files_may_not_be_is_said() {
    use std::os::unix::fs::PermissionsExt;
    let now = Timestamp::now();
    let (_directory, files) = pair_files("refused");
    let said = |files: &PairFiles| {
        let error = files.open().unwrap_err();
        let place = files.key.parent().unwrap().display().to_string();
        let source = std::error::Error::source(&error).map(ToString::to_string);
        let text = format!("{error}; {}", source.unwrap_or_default());
        text.replace(&place, "DIR")
    };
    assert!(said(&files).starts_with("cannot read DIR/tls.crt; "));

    let authority = Authority::generate("kedge", now).unwrap();
    let serving = Wanted::server("web", ["localhost".to_owned()], []);
    let (one, other) = (
        authority.issue(&serving, now).unwrap(),
        authority.issue(&serving, now).unwrap(),
    );
    put(&files, &one);
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(&files.key, open).unwrap();
    let expected = "everybody on this machine may read the key DIR/tls.key: chmod 0600 it; ";
    assert_eq!(said(&files), expected);

    let mixed = Pair {
        key_pem: other.key_pem,
        ..one
    };
    put(&files, &mixed);
    assert!(
        said(&files).starts_with("cannot set TLS up; "),
        "{}",
        said(&files)
    );
}
