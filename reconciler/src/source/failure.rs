//! What went wrong between here and a repository elsewhere, out of what Git, curl and OpenSSH say.
//! Pure.

/// What it is, as far as one can do something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// Nobody knows the host's address.
    NoHost,
    /// Nobody answers, or not properly, or not in time.
    Unreachable,
    /// The server's certificate is none that is trusted.
    Certificate,
    /// The server wants another client certificate, or one at all.
    CertificateWanted,
    HostKeyUnknown,
    HostKeyChanged,
    /// The server wants to know who asks, and nothing was given to say.
    SignInWanted,
    SignInRefused,
    Forbidden,
    NoRepository,
    /// The repository is there, but not what was asked for by name.
    NoRef,
    Other,
}

/// One sentence, without any credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub kind: FailureKind,
    text: String,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// What a program prints, and what that means; the first that fits counts.
const MARKS: [(FailureKind, &[&str]); 11] = [
    (
        FailureKind::HostKeyChanged,
        &["REMOTE HOST IDENTIFICATION HAS CHANGED"],
    ),
    (
        FailureKind::HostKeyUnknown,
        &["Host key verification failed"],
    ),
    (
        FailureKind::SignInWanted,
        &["could not read Username", "could not read Password"],
    ),
    (
        FailureKind::SignInRefused,
        &[
            "Authentication failed for",
            "Permission denied (",
            "Too many authentication failures",
        ],
    ),
    (FailureKind::Forbidden, &["returned error: 403"]),
    (
        FailureKind::NoHost,
        &[
            "Could not resolve host",
            "unable to look up",
            "Name or service not known",
        ],
    ),
    (
        FailureKind::CertificateWanted,
        &[
            "certificate required",
            "alert certificate",
            "alert bad certificate",
            "A TLS fatal alert has been received",
            "alert handshake failure",
            "alert unknown ca",
        ],
    ),
    (
        FailureKind::Certificate,
        &[
            "server certificate verification failed",
            "SSL certificate problem",
            "does not match target host name",
            "certificate subject name",
            "certificate verify failed",
        ],
    ),
    (FailureKind::NoRef, &["couldn't find remote ref"]),
    (
        FailureKind::NoRepository,
        &[
            "does not appear to be a git repository",
            "returned error: 404",
            "not valid: is this a git repository",
            "Repository not found",
            "' not found",
            "access denied or repository not exported",
        ],
    ),
    (
        FailureKind::Unreachable,
        &[
            "Failed to connect",
            "Couldn't connect",
            "Could not connect",
            "Connection refused",
            "Connection timed out",
            "timed out",
            "No route to host",
            "Network is unreachable",
            "Connection reset",
            "Connection closed",
            "Connection to ",
            "unable to connect",
            "Empty reply from server",
            "getpeername() failed",
            "Send failure",
            "Recv failure",
            "early EOF",
            "Operation too slow",
            "hung up unexpectedly",
            "returned error: 429",
            "returned error: 5",
        ],
    ),
];

/// What is shown of a message that nobody foresaw.
const SHOWN: usize = 300;

impl Failure {
    /// Reads what the programs said. `signed_in`: whether there was something to sign in with.
    pub(super) fn read(said: &str, host: &str, signed_in: bool) -> Self {
        let found = MARKS
            .iter()
            .find(|(_, marks)| marks.iter().any(|mark| said.contains(mark)));
        let kind = match found.map(|(kind, _)| *kind) {
            // A token that is refused is forgotten, and asked for once more.
            Some(FailureKind::SignInWanted) if signed_in => FailureKind::SignInRefused,
            Some(kind) => kind,
            None => FailureKind::Other,
        };
        Self {
            kind,
            text: sentence(kind, said, host),
        }
    }

    /// The same where the key has a passphrase: OpenSSH does not say that it is the wrong one.
    pub(super) fn or_passphrase(mut self) -> Self {
        if self.kind == FailureKind::SignInRefused {
            self.text
                .push_str(", or the passphrase of the SSH key is wrong");
        }
        self
    }

    pub(super) fn late(host: &str, seconds: u64) -> Self {
        Self {
            kind: FailureKind::Unreachable,
            text: format!("{host} did not answer within {seconds} s"),
        }
    }

    /// Whether it is the host that fails, and not this repository or these credentials.
    pub(super) fn is_hosts(&self) -> bool {
        matches!(self.kind, FailureKind::NoHost | FailureKind::Unreachable)
    }

    /// What the one who started the service can do about it.
    pub fn advice(&self) -> &'static str {
        match self.kind {
            FailureKind::NoHost | FailureKind::Unreachable | FailureKind::NoRepository => {
                "--repo names the repository"
            }
            FailureKind::Certificate => "ca.crt in --repo-credentials says whom else to trust",
            FailureKind::CertificateWanted => {
                "tls.crt and tls.key in --repo-credentials are the client's certificate"
            }
            FailureKind::HostKeyUnknown | FailureKind::HostKeyChanged => {
                "known_hosts in --repo-credentials takes what ssh-keyscan prints, once it is known to be right"
            }
            FailureKind::SignInWanted | FailureKind::SignInRefused | FailureKind::Forbidden => {
                "--repo-credentials names a directory with username and password, bearerToken, or identity"
            }
            FailureKind::NoRef | FailureKind::Other => "",
        }
    }
}

fn sentence(kind: FailureKind, said: &str, host: &str) -> String {
    match kind {
        FailureKind::NoHost => format!("there is no host {host}"),
        FailureKind::Unreachable => match reason(said) {
            Some(reason) => format!("{host} cannot be reached ({reason})"),
            None => format!("{host} cannot be reached"),
        },
        FailureKind::Certificate => {
            format!(
                "the certificate of {host} is signed by nobody who is trusted, or for another name"
            )
        }
        FailureKind::CertificateWanted => {
            format!("{host} asks for a client certificate that it trusts")
        }
        FailureKind::HostKeyUnknown => format!("the host key of {host} is not in known_hosts"),
        FailureKind::HostKeyChanged => {
            format!("the host key of {host} is another one than known_hosts says")
        }
        FailureKind::SignInWanted => format!("{host} asks for credentials, and there are none"),
        FailureKind::SignInRefused if said.contains("Load key") => {
            format!("the SSH key for {host} cannot be read: it is damaged")
        }
        FailureKind::SignInRefused => format!("{host} refuses the credentials"),
        FailureKind::Forbidden => format!("{host} forbids it to whom the credentials belong"),
        FailureKind::NoRepository => {
            format!("{host} has no such repository, or does not show it to these credentials")
        }
        FailureKind::NoRef | FailureKind::Other => last(said),
    }
}

/// The words that tell one unreachable host from another.
fn reason(said: &str) -> Option<&'static str> {
    const REASONS: [&str; 10] = [
        "Connection refused",
        "No route to host",
        "Network is unreachable",
        "Connection reset",
        "Connection closed",
        "Empty reply from server",
        "Operation too slow",
        "timed out",
        "returned error: 429",
        "hung up unexpectedly",
    ];
    let answered = [500, 502, 503, 504];
    let answers = [
        "it answers 500",
        "it answers 502",
        "it answers 503",
        "it answers 504",
    ];
    let found = REASONS.into_iter().find(|reason| said.contains(reason));
    let answer = answered
        .iter()
        .position(|code| said.contains(&format!("returned error: {code}")));
    // What is left of a server that closes before its reason is read, such as that it wants a
    // client certificate.
    let closed = ["getpeername() failed", "Send failure", "Recv failure"];
    if closed.iter().any(|mark| said.contains(mark)) {
        return Some("it closes the connection");
    }
    let refused = said.contains("Couldn't connect to server") || said.contains("Could not connect");
    found
        .map(|reason| {
            if reason.contains("429") {
                "too many requests"
            } else {
                reason
            }
        })
        .or_else(|| answer.map(|at| answers[at]))
        .or_else(|| refused.then_some("no connection"))
}

/// The last line that tells of an error, without the program's name for it.
fn last(said: &str) -> String {
    let mut lines = said
        .lines()
        .rev()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let told = lines.clone().find(|line| line.starts_with("fatal:"));
    let line = told
        .or_else(|| lines.next())
        .unwrap_or("git ended without a word");
    let line = line.trim_start_matches("fatal:").trim();
    line.chars().take(SHOWN).collect()
}
