//! The system's Git against a repository elsewhere: one process group per call, ended in time.
//! Credentials reach it through its environment and a private directory that goes with the call:
//! never through arguments, and never into a repository's configuration.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use client::Env;
use tls::files::{create_private_directory, write_private};

use super::failure::Failure;
use super::{Access, Error, Remote};

/// What a call may inherit: proxies, the SSH agent, and where this machine keeps its authorities.
const INHERITED: [&str; 10] = [
    "HTTPS_PROXY",
    "https_proxy",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSH_AUTH_SOCK",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];
pub(super) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// How long a call that took too long may take to end.
const GRACE: Duration = Duration::from_secs(2);
/// What Git prints to be read, and what it prints for people.
const ANSWER: usize = 16 << 20;
const WORDS: usize = 16 << 10;

/// One sign-in: a remote repository, what opens it, and a directory that is gone with it.
pub(super) struct Session<'a> {
    remote: &'a Remote,
    access: Access,
    private: Private,
}

impl<'a> Session<'a> {
    /// `directory` is made, and removed at the end; what a crash left there goes.
    pub(super) fn open(
        remote: &'a Remote,
        access: &Access,
        directory: PathBuf,
    ) -> Result<Self, Error> {
        let access = remote.completed(access);
        let private = Private::new(directory)?;
        let files = [
            ("ca.crt", &access.authority),
            ("tls.crt", &access.certificate),
            ("tls.key", &access.key),
            ("identity", &access.identity),
            ("known_hosts", &access.known_hosts),
        ];
        for (name, text) in files {
            if !text.is_empty() {
                private.write(name, text)?;
            }
        }
        if !access.passphrase.is_empty() {
            let script = "#!/bin/sh\nprintf '%s\\n' \"$KEDGE_SSH_PASSPHRASE\"";
            private.write("askpass", script)?;
            private.allow("askpass")?;
        }
        Ok(Self {
            remote,
            access,
            private,
        })
    }

    /// Runs Git and answers what it printed. The repository's address follows `arguments`, and
    /// `more` that.
    pub(super) async fn git(
        &self,
        arguments: &[&OsStr],
        more: &[&str],
        patience: Duration,
        env: &Env,
    ) -> Result<Vec<u8>, Error> {
        let mut command = self.command();
        command.args(arguments).arg("--").arg(&self.remote.url);
        command.args(more);
        let mut child = command.spawn().map_err(Error::Program)?;
        let mut group = Group(child.id());
        let finished = tokio::select! {
            finished = finish(&mut child) => Some(finished),
            () = env.clock.sleep(patience) => None,
        };
        let Some((ended, answer, said)) = finished else {
            // Asked to end, it takes its locks away.
            group.signal("TERM");
            tokio::select! {
                _ended = child.wait() => {}
                () = env.clock.sleep(GRACE) => {}
            }
            return Err(self.failed(Failure::late(&self.remote.host, patience.as_secs())));
        };
        // Whoever has its number later is somebody else.
        group.0 = None;
        if ended.map_err(Error::Program)?.success() {
            return Ok(answer);
        }
        let mut said = String::from_utf8_lossy(&said).into_owned();
        for secret in self.access.secrets() {
            said = said.replace(secret, "***");
        }
        let signed_in = self.access.signs_in();
        let failure = Failure::read(&said, &self.remote.host, signed_in);
        Err(self.failed(if self.access.passphrase.is_empty() {
            failure
        } else {
            failure.or_passphrase()
        }))
    }

    fn failed(&self, failure: Failure) -> Error {
        Error::Remote {
            url: self.remote.shown.clone(),
            failure,
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new("git");
        command
            .env_clear()
            .env("PATH", PATH)
            .env("LC_ALL", "C")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ALLOW_PROTOCOL", "https:http:ssh:git")
            .env("GIT_SSH_COMMAND", self.ssh())
            .env("GIT_SSH_VARIANT", "ssh")
            .env("KEDGE_GIT_USER", &self.access.user)
            .env("KEDGE_GIT_PASSWORD", &self.access.password);
        if !self.access.passphrase.is_empty() {
            command
                .env("KEDGE_SSH_PASSPHRASE", &self.access.passphrase)
                .env("SSH_ASKPASS", "./askpass")
                .env("SSH_ASKPASS_REQUIRE", "force");
        }
        for name in INHERITED {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        let settings = self.settings();
        command.env("GIT_CONFIG_COUNT", settings.len().to_string());
        for (number, (name, value)) in settings.iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{number}"), name);
            command.env(format!("GIT_CONFIG_VALUE_{number}"), value);
        }
        command
            // The settings name files beside them.
            .current_dir(&self.private.0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        command
    }

    /// Credentials hold for this host alone, wherever it sends the request.
    fn settings(&self) -> Vec<(String, String)> {
        let access = &self.access;
        let base = self.remote.base();
        let mut settings = vec![
            ("credential.helper".into(), String::new()),
            ("gc.auto".into(), "0".into()),
            ("maintenance.auto".into(), "false".into()),
            ("http.lowSpeedLimit".into(), "1".into()),
            ("http.lowSpeedTime".into(), "30".into()),
        ];
        if !access.password.is_empty() {
            let helper = "!f() { test \"$1\" = get && printf 'username=%s\\npassword=%s\\n' \
                          \"$KEDGE_GIT_USER\" \"$KEDGE_GIT_PASSWORD\"; }; f";
            settings.push((format!("credential.{base}.helper"), helper.into()));
        }
        if !access.bearer_token.is_empty() {
            let header = format!("Authorization: Bearer {}", access.bearer_token);
            settings.push((format!("http.{base}.extraHeader"), header));
        }
        let files = [
            ("sslCAInfo", "ca.crt", &access.authority),
            ("sslCert", "tls.crt", &access.certificate),
            ("sslKey", "tls.key", &access.key),
        ];
        for (name, file, text) in files {
            if !text.is_empty() {
                settings.push((format!("http.{base}.{name}"), file.into()));
            }
        }
        settings
    }

    /// Asks nobody and trusts no key that is not known. With a key of its own it looks at nothing
    /// of the user's.
    fn ssh(&self) -> String {
        // A key with a passphrase is asked for once, and answered from the environment: it is never
        // written anywhere without it. Nothing else may be asked.
        let asks = if self.access.passphrase.is_empty() {
            "-o BatchMode=yes"
        } else {
            "-o NumberOfPasswordPrompts=1 -o PasswordAuthentication=no \
             -o KbdInteractiveAuthentication=no"
        };
        let mut line = "ssh -o StrictHostKeyChecking=yes -o ConnectTimeout=15 \
                        -o ServerAliveInterval=15 -o ServerAliveCountMax=2 -o ControlMaster=no \
                        -o ControlPath=none -o ForwardAgent=no -o UpdateHostKeys=no "
            .to_owned();
        line.push_str(asks);
        if !self.access.identity.is_empty() {
            line.push_str(" -F none -i identity -o IdentitiesOnly=yes -o IdentityAgent=none");
        }
        if !self.access.known_hosts.is_empty() {
            line.push_str(" -o UserKnownHostsFile=known_hosts -o GlobalKnownHostsFile=/dev/null");
        }
        if self.remote.user.is_empty() && !self.access.user.is_empty() {
            line.push_str(" -l \"$KEDGE_GIT_USER\"");
        }
        line
    }
}

pub(super) type Finished = (std::io::Result<std::process::ExitStatus>, Vec<u8>, Vec<u8>);

pub(super) async fn finish(child: &mut Child) -> Finished {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (answer, said) = tokio::join!(bounded(stdout, ANSWER), bounded(stderr, WORDS));
    (child.wait().await, answer, said)
}

/// Reads to the end, and keeps the end: what went wrong is said last.
async fn bounded(stream: Option<impl AsyncRead + Unpin>, limit: usize) -> Vec<u8> {
    let mut kept = Vec::new();
    let Some(mut stream) = stream else {
        return kept;
    };
    let mut buffer = vec![0; 16 << 10];
    while let Ok(size) = stream.read(&mut buffer).await
        && size > 0
    {
        kept.extend_from_slice(&buffer[..size]);
        if kept.len() > 2 * limit {
            kept.drain(..kept.len() - limit);
        }
    }
    kept
}

/// Git and what it started. Ended with it, whatever they wait for.
struct Group(Option<u32>);

impl Group {
    fn signal(&self, name: &str) {
        let Some(id) = self.0 else {
            return;
        };
        let mut kill = std::process::Command::new("kill");
        kill.args(["-s", name, "--", &format!("-{id}")])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // There may be nobody left.
        let _sent = kill.status();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal("KILL");
    }
}

/// A directory for keys, its owner's alone, as long as the call takes.
pub(super) struct Private(PathBuf);

impl Private {
    pub(super) fn new(directory: PathBuf) -> Result<Self, Error> {
        let _left = std::fs::remove_dir_all(&directory);
        create_private_directory(&directory).map_err(Error::Private)?;
        Ok(Self(directory))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        let path: &Path = &self.0.join(name);
        // OpenSSH reads no key whose last line does not end.
        write_private(path, format!("{text}\n").as_bytes()).map_err(Error::Private)
    }
}

impl Private {
    /// Makes a file of it a program.
    fn allow(&self, name: &str) -> Result<(), Error> {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.0.join(name);
        let mode = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(&path, mode).map_err(|source| Error::File {
            operation: "make a program of",
            path,
            source,
        })
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}
