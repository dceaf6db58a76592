//! Fetches over https and ssh with the system's Git, from real servers.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::Notify;

use client::{Clock, Env, SystemIds};

use super::servers::{Https, Sshd, authority};
use crate::source::*;
use crate::testing::{Directory, commit};

pub(super) fn access(values: &[(&str, &str)]) -> Access {
    let values = values
        .iter()
        .map(|(name, value)| (*name, value.as_bytes().to_vec()));
    Access::from_values("test", values).unwrap()
}

/// A directory with `origin.git`, which has one commit.
pub(super) fn origin() -> (Directory, engine::rollout::CommitId) {
    let directory = Directory::new();
    let path = directory.path().join("origin.git");
    git2::Repository::init_opts(
        &path,
        git2::RepositoryInitOptions::new()
            .bare(true)
            .initial_head("main"),
    )
    .unwrap();
    let id = commit(&path, "main", "One", &BTreeMap::from([("a", "1")]));
    (directory, id)
}

struct Checks<'a> {
    directory: &'a Directory,
    id: engine::rollout::CommitId,
}

impl Checks<'_> {
    async fn said(&self, url: &str, values: &[(&str, &str)]) -> String {
        let source = Source::remote(url, &self.directory.path().join("others"));
        let fetched = source.refresh(&access(values), &Env::system()).await;
        fetched.unwrap_err().to_string()
    }

    /// `expected` is the error, empty for none.
    async fn check(&self, url: &str, values: &[(&str, &str)], expected: &str) {
        let mirrors = self.directory.path().join("mirrors");
        let _fresh = fs::remove_dir_all(&mirrors);
        let source = Source::remote(url, &mirrors);
        let fetched = source.refresh(&access(values), &Env::system()).await;
        let said = fetched.map_err(|error| error.to_string());
        let told = said.as_ref().err().cloned().unwrap_or_default();
        let expected = if expected.is_empty() {
            String::new()
        } else {
            format!("cannot fetch {}: {expected}", source.name)
        };
        assert_eq!(told, expected, "{url}");
        if expected.is_empty() {
            assert_eq!(source.head("main").await.unwrap().as_ref(), Some(&self.id));
            assert_eq!(source.resolve("").await.unwrap().as_ref(), Some(&self.id));
        }
        assert!(!source.location.path.with_extension("sign-in").exists());
        let config = fs::read_to_string(source.location.path.join("config")).unwrap();
        assert!(
            !config.contains("secret") && !config.contains("://"),
            "{config}"
        );
        nothing_secret(&mirrors, values);
    }
}

/// No file of the mirror has any of the values.
fn nothing_secret(directory: &Path, values: &[(&str, &str)]) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            nothing_secret(&path, values);
            continue;
        }
        let text = fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&text);
        for (name, value) in values {
            assert!(!text.contains(*value), "{name} in {}", path.display());
        }
    }
}

#[tokio::test]
async fn https_with_password_token_and_an_authority_of_its_own() {
    let (directory, id) = origin();
    let server = Https::serve(&directory).await;
    let (url, host) = (server.url(), server.host.clone());
    let ca = ("ca.crt", server.authority.certificate_pem());
    let checks = Checks {
        directory: &directory,
        id,
    };
    let (user, secret) = (("username", "ann"), ("password", "secret"));
    checks.check(&url, &[ca, user, secret], "").await;
    checks.check(&url, &[ca, secret], "").await;
    checks
        .check(&url, &[ca, ("bearerToken", "secret")], "")
        .await;
    let signed = url.replace("://", "://ann:secret@");
    checks.check(&signed, &[ca], "").await;
    checks
        .check(&url.replace("://", "://secret@"), &[ca], "")
        .await;

    let refuses = format!("{host} refuses the credentials");
    let wrong = [("password", "wrong-one"), ("bearerToken", "wrong-one")];
    for wrong in wrong {
        checks.check(&url, &[ca, wrong], &refuses).await;
    }
    let asks = format!("{host} asks for credentials, and there are none");
    checks.check(&url, &[ca], &asks).await;

    let untrusted = |host: &str| {
        format!("the certificate of {host} is signed by nobody who is trusted, or for another name")
    };
    let other = authority();
    let other = ("ca.crt", other.certificate_pem());
    checks.check(&url, &[secret], &untrusted(&host)).await;
    checks
        .check(&url, &[other, secret], &untrusted(&host))
        .await;
    let address = host.replace("localhost", "127.0.0.1");
    let elsewhere = url.replace(&host, &address);
    checks
        .check(&elsewhere, &[ca, secret], &untrusted(&address))
        .await;

    let missing =
        format!("{host} has no such repository, or does not show it to these credentials");
    let other = url.replace("origin", "other");
    checks.check(&other, &[ca, secret], &missing).await;
    server.end().await;
    let away = format!("{host} cannot be reached (no connection)");
    checks.check(&url, &[ca, secret], &away).await;
    let nowhere = "https://nowhere.invalid/x.git";
    checks
        .check(nowhere, &[secret], "there is no host nowhere.invalid")
        .await;
}

#[tokio::test]
async fn https_with_a_client_certificate() {
    let (directory, id) = origin();
    let server = Https::mutual(&directory).await;
    let (url, client) = (server.url(), server.client());
    let checks = Checks {
        directory: &directory,
        id,
    };
    let ca = ("ca.crt", server.authority.certificate_pem());
    let certificate = ("tls.crt", client.certificate_pem.as_str());
    let key = ("tls.key", client.key_pem.as_str());
    let secret = ("password", "secret");
    checks
        .check(&url, &[ca, certificate, key, secret], "")
        .await;
    let asks = format!(
        "{} asks for a client certificate that it trusts",
        server.host
    );
    // The server closes at once: its reason may or may not arrive.
    let closes = format!("{} cannot be reached (", server.host);
    let said = checks.said(&url, &[ca, secret]).await;
    assert!(said.contains(&asks) || said.contains(&closes), "{said}");
    server.end().await;
}

#[tokio::test]
async fn ssh_with_a_key_and_known_hosts() {
    let (directory, id) = origin();
    let server = Sshd::serve(&directory);
    let url = server.url(&directory);
    let host = format!("127.0.0.1:{}", server.port);
    let checks = Checks {
        directory: &directory,
        id,
    };
    let (key, other_key) = (server.key("user"), server.key("other-user"));
    let (known, other) = (server.known("host"), server.known("other-host"));
    let (key, other_key) = (("identity", &*key), ("identity", &*other_key));
    let (known, other) = (("known_hosts", &*known), ("known_hosts", &*other));
    checks.check(&url, &[key, known], "").await;

    let stranger = ("known_hosts", "example.org ssh-ed25519 AAAA");
    let unknown = format!("the host key of {host} is not in known_hosts");
    checks.check(&url, &[key, stranger], &unknown).await;
    let changed = format!("the host key of {host} is another one than known_hosts says");
    checks.check(&url, &[key, other], &changed).await;
    let refuses = format!("{host} refuses the credentials");
    checks.check(&url, &[other_key, known], &refuses).await;
    let damaged = ("identity", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA");
    let unread = format!("the SSH key for {host} cannot be read: it is damaged");
    checks.check(&url, &[damaged, known], &unread).await;
    let locked = server.locked_key("user", "open sesame");
    let locked = ("identity", &*locked);
    let (right, wrong) = (("passphrase", "open sesame"), ("passphrase", "open barley"));
    checks.check(&url, &[locked, right, known], "").await;
    let refuses = format!("{refuses}, or the passphrase of the SSH key is wrong");
    checks.check(&url, &[locked, wrong, known], &refuses).await;
    let values = [("identity", locked.1.as_bytes().to_vec())];
    let said = Access::from_values("test", values).unwrap_err().to_string();
    assert!(
        said.ends_with("identity is encrypted, and there is no passphrase"),
        "{said}"
    );
    let missing =
        format!("{host} has no such repository, or does not show it to these credentials");
    let elsewhere = url.replace("origin", "other");
    checks.check(&elsewhere, &[key, known], &missing).await;
    drop(server);
    let away = format!("{host} cannot be reached (Connection refused)");
    checks.check(&url, &[key, known], &away).await;
}

#[tokio::test]
async fn what_is_gone_there_goes_here_and_leftover_locks_stop_nothing() {
    let (directory, _) = origin();
    let server = Https::serve(&directory).await;
    let path = directory.path().join("origin.git");
    commit(&path, "old", "Two", &BTreeMap::from([("a", "2")]));
    let access = access(&[
        ("ca.crt", server.authority.certificate_pem()),
        ("password", "secret"),
    ]);
    let (env, url) = (Env::system(), server.url());
    let source = Source::remote(&url, &directory.path().join("mirrors"));
    source.refresh(&access, &env).await.unwrap();
    assert!(source.head("old").await.unwrap().is_some());
    let origin = git2::Repository::open_bare(&path).unwrap();
    origin
        .find_reference("refs/heads/old")
        .unwrap()
        .delete()
        .unwrap();
    let newest = commit(&path, "main", "Three", &BTreeMap::from([("a", "3")]));
    let mirror = &source.location.path;
    for lock in ["packed-refs.lock", "refs/heads/main.lock", "HEAD.lock"] {
        fs::write(mirror.join(lock), "").unwrap();
    }
    source.refresh(&access, &env).await.unwrap();
    assert_eq!(source.head("old").await.unwrap(), None);
    assert_eq!(source.head("main").await.unwrap(), Some(newest.clone()));

    // A default branch that is not there.
    origin.set_head("refs/heads/none").unwrap();
    source.refresh(&access, &env).await.unwrap();
    assert_eq!(source.head("main").await.unwrap(), Some(newest));
    server.end().await;
}

/// Time passes when the test says so.
struct Held(Arc<Notify>);

#[async_trait]
impl Clock for Held {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    async fn sleep(&self, _: Duration) {
        self.0.notified().await;
    }
}

#[tokio::test]
async fn a_host_that_says_nothing_is_given_up_and_arguments_hold_no_secret() {
    let directory = Directory::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let time = Arc::new(Notify::new());
    let env = Env {
        clock: Arc::new(Held(time.clone())),
        ids: Arc::new(SystemIds),
    };
    let url = format!("https://ann:hush-hush@{host}/x.git");
    let source = Source::remote(&url, &directory.path().join("mirrors"));
    let access = Access::default();
    let fetching = source.refresh(&access, &env);
    let watching = async {
        let (connection, _) = listener.accept().await.unwrap();
        let lines = processes(&host);
        assert!(!lines.is_empty());
        assert!(!lines.iter().any(|line| line.contains("hush")), "{lines:?}");
        time.notify_waiters();
        connection
    };
    let (fetched, _connection) = tokio::join!(fetching, watching);
    let text = format!("cannot fetch https://{host}/x.git: {host} did not answer within 300 s");
    assert_eq!(fetched.unwrap_err().to_string(), text);
    ended(&host).await;
}

/// Waits until nothing runs that names this host: a process that was killed is on the list until
/// it is reaped.
async fn ended(host: &str) {
    let all = async {
        while !processes(host).is_empty() {
            tokio::task::yield_now().await;
        }
    };
    let limit = Duration::from_secs(10);
    let over = tokio::time::timeout(limit, all).await;
    assert!(over.is_ok(), "{:?} still run", processes(host));
}

/// The command lines with this text in them.
fn processes(text: &str) -> Vec<String> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).into_owned());
    lines.filter(|line| line.contains(text)).collect()
}
