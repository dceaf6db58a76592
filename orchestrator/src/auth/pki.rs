//! The keys and certificates of one instance, in one directory that its owner alone can enter.
//!
//! One file per identity holds key and certificate together, so that no crash can part them.
//! Everything is made once, reloaded afterwards, and renewed when a third of its life is left.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use tls::certificate::ensure;
use tls::{Authority, Error, Pair, Wanted, files};

use super::{MASTERS, NODES, node_name};

/// Under what the API server is reached.
#[derive(Debug, Clone)]
pub struct ServingNames {
    /// `cluster.local`
    pub cluster_domain: String,
    /// The first address of the service range: what `kubernetes.default` resolves to.
    pub service_address: IpAddr,
    pub names: Vec<String>,
    pub addresses: Vec<IpAddr>,
}

/// Who presents a client certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder<'a> {
    /// Whoever holds the admin kubeconfig.
    Admin,
    Scheduler,
    ControllerManager,
    Reconciler,
    /// The API server itself, towards node agents (logs, exec).
    ApiServer,
    /// The agent of the node with this name.
    Node(&'a str),
}

/// The user name of the reconciler.
pub const RECONCILER: &str = "system:kedge:reconciler";
/// The user name under which the API server speaks to node agents.
pub const API_SERVER: &str = "system:kedge:apiserver";

/// The directory, with its authority at hand.
pub struct Pki {
    directory: PathBuf,
    authority: Authority,
    service_account_key_pem: String,
}

impl Pki {
    /// Opens the directory, making it, the authority and the service-account key where missing.
    pub fn open(directory: &Path, now: Timestamp) -> Result<Self, Error> {
        files::create_private_directory(directory)?;
        let authority = Authority::open(&directory.join("ca.pem"), "kedge", now)?;
        let certificate = directory.join("ca.crt");
        if files::read(&certificate)?.as_deref() != Some(authority.certificate_pem()) {
            files::write_public(&certificate, authority.certificate_pem().as_bytes())?;
        }
        Ok(Self {
            service_account_key_pem: service_account_key(&directory.join("service-account.pem"))?,
            directory: directory.to_owned(),
            authority,
        })
    }

    /// What clients trust: `certificate-authority` of a kubeconfig, `ca.crt` of a pod.
    pub fn authority_pem(&self) -> &str {
        self.authority.certificate_pem()
    }

    /// What signs service-account tokens (P-256, PKCS#8).
    pub fn service_account_key_pem(&self) -> &str {
        &self.service_account_key_pem
    }

    /// The API server's serving certificate.
    pub fn api_server(&self, names: &ServingNames, now: Timestamp) -> Result<Pair, Error> {
        self.ensure("apiserver.pem", &api_server(names), now)
    }

    /// The certificate with which somebody is a client of the API server, or the API server of
    /// an agent.
    pub fn client(&self, holder: Holder<'_>, now: Timestamp) -> Result<Pair, Error> {
        let (file, wanted) = client(holder)?;
        self.ensure(&file, &wanted, now)
    }

    /// The serving certificate of a node's agent.
    pub fn agent(
        &self,
        node: &str,
        addresses: impl IntoIterator<Item = IpAddr>,
        now: Timestamp,
    ) -> Result<Pair, Error> {
        let file = serving_file(node)?;
        let names = [node.to_owned(), "localhost".to_owned()];
        let addresses = addresses.into_iter().chain([Ipv4Addr::LOCALHOST.into()]);
        let wanted = Wanted::server(node_name(node), names, addresses);
        self.ensure(&file, &wanted, now)
    }

    /// Certificates for new keys of a node's agent: as a client, and that it serves with. They say what
    /// those say that were issued here; `None` where none were.
    ///
    /// # Errors
    /// A request is none.
    pub fn renew(
        &self,
        node: &str,
        client: &str,
        serving: &str,
        now: Timestamp,
    ) -> Result<Option<(String, String)>, Error> {
        let (client_file, as_client) = self::client(Holder::Node(node))?;
        let is_known = files::read(&self.directory.join(client_file))?.is_some();
        let before = files::read(&self.directory.join(serving_file(node)?))?;
        let Some(before) = before.filter(|_| is_known) else {
            return Ok(None);
        };
        let Some(as_server) = self.authority.issued(&before)? else {
            return Ok(None);
        };
        let client = self.authority.certify(client, &as_client, now)?;
        let serving = self.authority.certify(serving, &as_server, now)?;
        Ok(Some((client, serving)))
    }

    /// Forgets what was issued for a node: it is not renewed any more.
    pub fn forget(&self, node: &str) -> Result<(), Error> {
        let (client_file, _) = self::client(Holder::Node(node))?;
        for file in [client_file, serving_file(node)?] {
            files::remove(&self.directory.join(file))?;
        }
        Ok(())
    }

    fn ensure(&self, file: &str, wanted: &Wanted, now: Timestamp) -> Result<Pair, Error> {
        ensure(&self.directory.join(file), &self.authority, wanted, now)
    }
}

fn api_server(names: &ServingNames) -> Wanted {
    let domain = &names.cluster_domain;
    let fixed = [
        "kubernetes".to_owned(),
        "kubernetes.default".to_owned(),
        "kubernetes.default.svc".to_owned(),
        format!("kubernetes.default.svc.{domain}"),
        "localhost".to_owned(),
    ];
    let addresses = [
        Ipv4Addr::LOCALHOST.into(),
        Ipv6Addr::LOCALHOST.into(),
        names.service_address,
    ];
    Wanted::server(
        "kube-apiserver",
        fixed.into_iter().chain(names.names.iter().cloned()),
        addresses.into_iter().chain(names.addresses.iter().copied()),
    )
}

fn client(holder: Holder<'_>) -> Result<(String, Wanted), Error> {
    Ok(match holder {
        Holder::Admin => (
            "admin.pem".into(),
            Wanted::client("kubernetes-admin", MASTERS),
        ),
        Holder::Scheduler => (
            "scheduler.pem".into(),
            Wanted::client("system:kube-scheduler", ""),
        ),
        Holder::ControllerManager => (
            "controller-manager.pem".into(),
            Wanted::client("system:kube-controller-manager", ""),
        ),
        Holder::Reconciler => ("reconciler.pem".into(), Wanted::client(RECONCILER, "")),
        Holder::ApiServer => (
            "apiserver-client.pem".into(),
            Wanted::client(API_SERVER, ""),
        ),
        Holder::Node(node) => (
            format!("node-{}.pem", checked(node)?),
            Wanted::client(node_name(node), NODES),
        ),
    })
}

fn serving_file(node: &str) -> Result<String, Error> {
    Ok(format!("node-{}-serving.pem", checked(node)?))
}

/// A node's name becomes a file's name: nothing that could leave the directory.
fn checked(node: &str) -> Result<&str, Error> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    if !node.is_empty() && node.len() <= 253 && !node.starts_with('.') && node.chars().all(fits) {
        return Ok(node);
    }
    Err(Error::Parse {
        what: "a node's name".to_owned(),
        detail: format!("{node:?} is not a lower-case DNS name"),
    })
}

fn service_account_key(path: &Path) -> Result<String, Error> {
    if let Some(pem) = files::read(path)? {
        return Ok(pem);
    }
    let key = tls::certificate::generate_key("service accounts")?;
    files::write_private(path, key.as_bytes())?;
    Ok(key)
}

#[cfg(test)]
mod tests;
