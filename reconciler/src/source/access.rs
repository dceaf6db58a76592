//! How to sign in to a repository elsewhere: what a directory or a Secret says under the names that
//! Flux and Kubernetes use. It is never shown, and never kept: it is read again for every call.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Error;
use super::github::App;

/// No credential is larger.
const LIMIT: u64 = 1 << 20;

/// Empty where nothing is said.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// `username`, with `password`: a password or a token.
    pub user: String,
    pub password: String,
    /// `bearerToken`: sent as `Authorization: Bearer …`.
    pub bearer_token: String,
    /// `ca.crt`: who may have signed the server's certificate, PEM.
    pub authority: String,
    /// `tls.crt` and `tls.key`: the client's certificate, PEM.
    pub certificate: String,
    pub key: String,
    /// `identity`: an SSH private key.
    pub identity: String,
    /// `passphrase`: what the SSH private key is encrypted with.
    pub passphrase: String,
    /// `known_hosts`: the keys of SSH servers, as OpenSSH writes them.
    pub known_hosts: String,
    /// Who asks for a token instead.
    pub(super) app: App,
}

/// Where one of the names goes.
type Field = fn(&mut Access) -> &mut String;

const FIELDS: [(&str, Field); 13] = [
    ("username", |it| &mut it.user),
    ("password", |it| &mut it.password),
    ("bearerToken", |it| &mut it.bearer_token),
    ("ca.crt", |it| &mut it.authority),
    ("tls.crt", |it| &mut it.certificate),
    ("tls.key", |it| &mut it.key),
    ("identity", |it| &mut it.identity),
    ("passphrase", |it| &mut it.passphrase),
    ("known_hosts", |it| &mut it.known_hosts),
    ("githubAppID", |it| &mut it.app.id),
    ("githubAppInstallationID", |it| &mut it.app.installation),
    ("githubAppPrivateKey", |it| &mut it.app.key),
    ("githubAppBaseURL", |it| &mut it.app.base),
];

impl Access {
    /// Reads a directory with a file for each name, such as a mounted Secret.
    ///
    /// # Errors
    /// It cannot be read, has none of the names, or what is in it cannot be used.
    pub fn from_directory(directory: &Path) -> Result<Self, Error> {
        let place = directory.display().to_string();
        let failed = |operation, path: &Path, source| Error::File {
            operation,
            path: path.to_owned(),
            source,
        };
        let is_directory = std::fs::metadata(directory)
            .map_err(|source| failed("read the credentials in", directory, source))?
            .is_dir();
        let wrong = |problem: &str| Error::Credentials {
            place: place.clone(),
            problem: problem.to_owned(),
        };
        if !is_directory {
            return Err(wrong("it is no directory"));
        }
        let mut found = Vec::new();
        for (name, _) in FIELDS {
            let path = directory.join(name);
            match std::fs::metadata(&path) {
                Ok(file) if file.len() > LIMIT => {
                    return Err(wrong(&format!("{name} is too large")));
                }
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(source) => return Err(failed("read", &path, source)),
            }
            let bytes = std::fs::read(&path).map_err(|source| failed("read", &path, source))?;
            found.push((name, bytes));
        }
        if found.is_empty() {
            let names = FIELDS.map(|(name, _)| name).join(", ");
            return Err(wrong(&format!("it has none of the files {names}")));
        }
        Self::from_values(&place, found)
    }

    /// Reads named values; names that mean nothing here are passed over. `place` is for people.
    ///
    /// # Errors
    /// A value is not what its name says, or one lacks its other half.
    pub fn from_values<'a>(
        place: &str,
        values: impl IntoIterator<Item = (&'a str, Vec<u8>)>,
    ) -> Result<Self, Error> {
        let wrong = |problem: String| Error::Credentials {
            place: place.to_owned(),
            problem,
        };
        let mut access = Self::default();
        for (name, value) in values {
            let Some((_, field)) = FIELDS.iter().find(|(known, _)| *known == name) else {
                continue;
            };
            let text = String::from_utf8(value).map_err(|_| wrong(format!("{name} is no text")))?;
            text.trim().clone_into(field(&mut access));
        }
        match access.problem() {
            Some(problem) => Err(wrong(problem)),
            None => Ok(access),
        }
    }

    fn problem(&self) -> Option<String> {
        let lines = [
            ("username", &self.user),
            ("password", &self.password),
            ("bearerToken", &self.bearer_token),
            ("passphrase", &self.passphrase),
        ];
        for (name, text) in lines {
            if text.contains(['\n', '\r', '\0']) {
                return Some(format!("{name} has more than one line"));
            }
        }
        let pem = [
            ("ca.crt", &self.authority, "-----BEGIN CERTIFICATE-----"),
            ("tls.crt", &self.certificate, "-----BEGIN CERTIFICATE-----"),
            ("tls.key", &self.key, "PRIVATE KEY-----"),
            ("identity", &self.identity, "PRIVATE KEY-----"),
        ];
        for (name, text, mark) in pem {
            if !text.is_empty() && !text.contains(mark) {
                let what = if mark.contains("CERT") {
                    "certificate"
                } else {
                    "private key"
                };
                return Some(format!("{name} holds no {what}"));
            }
        }
        if self.certificate.is_empty() != self.key.is_empty() {
            return Some("tls.crt and tls.key go together".into());
        }
        if self.identity.is_empty() && !self.passphrase.is_empty() {
            return Some("passphrase is there without identity".into());
        }
        if self.passphrase.is_empty() && is_encrypted(&self.identity) {
            return Some("identity is encrypted, and there is no passphrase".into());
        }
        self.app.problem()
    }

    /// Whether it proves who asks.
    pub(super) fn signs_in(&self) -> bool {
        !(self.password.is_empty() && self.bearer_token.is_empty() && self.identity.is_empty())
    }

    /// What must be in no message, however it came there.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        let secrets = [&self.password, &self.bearer_token, &self.passphrase];
        let secrets = secrets.into_iter().map(String::as_str);
        secrets.filter(|secret| !secret.is_empty())
    }
}

/// Whether an SSH private key wants a passphrase.
fn is_encrypted(key: &str) -> bool {
    if key.contains("ENCRYPTED") {
        return true;
    }
    let body = key.lines().filter(|line| !line.starts_with('-'));
    let body: String = body.map(str::trim).collect();
    let bytes = STANDARD.decode(body).unwrap_or_default();
    // The name of the cipher follows, with its length before it.
    let rest = bytes.strip_prefix(b"openssh-key-v1\0");
    rest.and_then(|rest| rest.get(4..8))
        .is_some_and(|name| name != b"none")
}

/// Says only what there is.
impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut copy = self.clone();
        let names = FIELDS
            .iter()
            .filter(|(_, field)| !field(&mut copy).is_empty());
        let names: Vec<&str> = names.map(|(name, _)| *name).collect();
        f.debug_tuple("Access").field(&names).finish()
    }
}
