//! Real servers of one repository: Kedge's own Git endpoint behind TLS, and OpenSSH.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use async_trait::async_trait;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::WebPkiClientVerifier;
use tls::{Authority, Certificates, Limits, Pair, Transport, Wanted};

use client::{Env, Tasks};

use crate::githost::{Accept, Gate, GitHost, Lines, Options, Pushed, router, testing};
use crate::source::Upkeep;
use crate::testing::Directory;

/// Nobody pushes here.
struct Nobody;

#[async_trait]
impl Gate for Nobody {
    async fn before(&self, _push: &Pushed, _pusher: &Lines) -> Accept {
        Accept::No
    }

    async fn after(&self, _push: &Pushed, _pusher: &Lines) {}
}

/// `https://localhost:PORT/git/origin.git`, open to whoever says `secret`.
pub(super) struct Https {
    pub(super) host: String,
    pub(super) authority: Authority,
    tasks: Tasks,
}

impl Https {
    pub(super) async fn serve(directory: &Directory) -> Self {
        let authority = authority();
        let certificates = certificates(&authority);
        let transport = Transport::tls(certificates).unwrap();
        Self::start(directory, authority, transport).await
    }

    /// Only for clients with a certificate from the same authority.
    pub(super) async fn mutual(directory: &Directory) -> Self {
        let authority = authority();
        let mut roots = RootCertStore::empty();
        let pem = authority.certificate_pem().as_bytes();
        roots
            .add(CertificateDer::from_pem_slice(pem).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone()).build();
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier.unwrap())
            .with_cert_resolver(certificates(&authority));
        Self::start(directory, authority, Transport::Tls(config.into())).await
    }

    async fn start(directory: &Directory, authority: Authority, transport: Transport) -> Self {
        let (tasks, env) = (Tasks::default(), Env::system());
        let at = |name: &str| directory.path().join(name);
        let options = Options {
            repositories: Arc::new(at("origin.git")),
            hooks: at("hooks"),
            socket: at("run/hooks.socket"),
            executable: testing::hook(directory.path()),
            push_limit: 1 << 20,
            upkeep: Upkeep::new(crate::source::Limits::default(), &env, &tasks),
        };
        let host = GitHost::start(options, Arc::new(Nobody), &env, &tasks).unwrap();
        let service = router(&host, Arc::new(testing::Door));
        let listener = tls::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let host = format!("localhost:{}", listener.local_addr().unwrap().port());
        tls::serve(listener, transport, service, &Limits::default(), &tasks);
        Self {
            host,
            authority,
            tasks,
        }
    }

    pub(super) fn url(&self) -> String {
        format!("https://{}/git/origin.git", self.host)
    }

    pub(super) fn client(&self) -> Pair {
        let wanted = Wanted::client("ann", "");
        self.authority.issue(&wanted, Env::system().now()).unwrap()
    }

    pub(super) async fn end(&self) {
        self.tasks.drain().await;
    }
}

pub(super) fn authority() -> Authority {
    Authority::generate("test", Env::system().now()).unwrap()
}

fn certificates(authority: &Authority) -> Arc<Certificates> {
    let wanted = Wanted::server("localhost", ["localhost".to_owned()], []);
    let pair = authority.issue(&wanted, Env::system().now()).unwrap();
    Arc::new(Certificates::new(&pair).unwrap())
}

/// OpenSSH's server on a port of its own, for this user alone.
pub(super) struct Sshd {
    pub(super) port: u16,
    child: Child,
    place: PathBuf,
}

impl Sshd {
    pub(super) fn serve(directory: &Directory) -> Self {
        let place = directory.path().join("sshd");
        fs::create_dir_all(&place).unwrap();
        fs::set_permissions(&place, fs::Permissions::from_mode(0o700)).unwrap();
        for name in ["host", "other-host", "user", "other-user"] {
            generate(&place.join(name));
        }
        fs::copy(place.join("user.pub"), place.join("authorized")).unwrap();
        // Where OpenSSH locks itself in as root; its package makes it when the service starts.
        let _there = fs::create_dir_all("/run/sshd");
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
        let port = free.unwrap().port();
        let text = format!(
            "ListenAddress 127.0.0.1:{port}\nHostKey {0}/host\nAuthorizedKeysFile {0}/authorized\n\
             PidFile none\nUsePAM no\nStrictModes no\nPasswordAuthentication no\n\
             KbdInteractiveAuthentication no\n",
            place.display()
        );
        fs::write(place.join("config"), text).unwrap();
        let mut child = Command::new("/usr/sbin/sshd")
            .args(["-D", "-e", "-f"])
            .arg(place.join("config"))
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("openssh-server is installed; `make test` installs it");
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut text = String::new();
        while !text.contains("Server listening") {
            let size = said.read_line(&mut text).unwrap();
            assert!(size > 0, "sshd ended before it listened: {text}");
        }
        // It goes on to say who comes; somebody has to read it.
        std::thread::spawn(move || said.lines().count());
        Self { port, child, place }
    }

    pub(super) fn url(&self, directory: &Directory) -> String {
        let user = Command::new("id").arg("-un").output().unwrap();
        let user = String::from_utf8(user.stdout).unwrap();
        let path = directory.path().join("origin.git");
        let (user, path) = (user.trim(), path.display());
        format!("ssh://{user}@127.0.0.1:{}{path}", self.port)
    }

    pub(super) fn key(&self, name: &str) -> String {
        fs::read_to_string(self.place.join(name)).unwrap()
    }

    /// A copy of a key that wants a passphrase.
    pub(super) fn locked_key(&self, name: &str, passphrase: &str) -> String {
        let copy = self.place.join(format!("{name}-locked"));
        fs::copy(self.place.join(name), &copy).unwrap();
        let locked = Command::new("ssh-keygen")
            .args(["-q", "-p", "-N", passphrase, "-f"])
            .arg(&copy)
            .status();
        assert!(locked.unwrap().success());
        fs::read_to_string(copy).unwrap()
    }

    pub(super) fn known(&self, name: &str) -> String {
        let key = self.key(&format!("{name}.pub"));
        format!("[127.0.0.1]:{} {key}", self.port)
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn generate(path: &Path) {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f"])
        .arg(path)
        .status();
    assert!(made.unwrap().success());
}
