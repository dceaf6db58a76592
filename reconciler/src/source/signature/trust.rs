//! Whose signatures count: public OpenPGP keys, and OpenSSH's list of allowed signers.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::source::Error;

/// How an armored OpenPGP key begins.
const OPENPGP: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
/// Bytes of one file of keys.
const LIMIT: u64 = 1 << 20;

/// Trusted keys. They are public.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    /// Armored.
    pub(super) openpgp: Vec<String>,
    /// Lines as of `allowed_signers`: who, and the key.
    pub(super) signers: Vec<String>,
}

impl Trust {
    /// Reads every file of a directory but those that begin with a dot.
    ///
    /// # Errors
    /// It cannot be read, or holds something that is no key.
    pub fn from_directory(directory: &Path) -> Result<Self, Error> {
        let failed = |source| Error::File {
            operation: "read the trusted keys in",
            path: directory.to_owned(),
            source,
        };
        let mut values = Vec::new();
        for entry in std::fs::read_dir(directory).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let metadata = std::fs::metadata(entry.path()).map_err(failed)?;
            if name.starts_with('.') || !metadata.is_file() {
                continue;
            }
            if metadata.len() > LIMIT {
                return Err(wrong(directory, format!("{name} is too large")));
            }
            values.push((name, std::fs::read(entry.path()).map_err(failed)?));
        }
        values.sort();
        let values = values
            .iter()
            .map(|(name, value)| (name.as_str(), &value[..]));
        Self::from_values(directory, values)
    }

    /// Reads named values, such as those of a ConfigMap. `place` is for people.
    ///
    /// # Errors
    /// One of them is no key, or there are none.
    pub fn from_values<'a>(
        place: impl AsRef<Path>,
        values: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<Self, Error> {
        let place = place.as_ref();
        let mut trust = Self::default();
        for (name, value) in values {
            let text = std::str::from_utf8(value)
                .map_err(|_| wrong(place, format!("{name} is no text: keys are armored")))?;
            if text.contains("PRIVATE KEY") {
                return Err(wrong(place, format!("{name} holds a private key")));
            }
            if text.contains(OPENPGP) {
                trust.openpgp.push(text.to_owned());
                continue;
            }
            for (number, line) in (1..).zip(text.lines()) {
                let line = line.trim();
                if line.is_empty() || line.starts_with('#') {
                    continue;
                }
                if !is_signer(line) {
                    let text = format!(
                        "line {number} of {name} is neither an OpenPGP key nor of the form \
                         WHO KEY-TYPE KEY"
                    );
                    return Err(wrong(place, text));
                }
                trust.signers.push(line.to_owned());
            }
        }
        if trust == Self::default() {
            return Err(wrong(place, "it holds no key".into()));
        }
        Ok(trust)
    }

    /// A name for exactly these keys.
    pub(crate) fn digest(&self) -> String {
        let digest = Sha256::digest(format!("{:?}", (&self.openpgp, &self.signers)));
        digest[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// `ann@example.org [options] ssh-ed25519 AAAA…`
fn is_signer(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_kind = |word: &&str| {
        ["ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-"]
            .iter()
            .any(|start| word.starts_with(start))
    };
    let kind = words.iter().position(is_kind);
    kind.is_some_and(|at| at >= 1 && words.len() > at + 1)
}

fn wrong(place: &Path, problem: String) -> Error {
    Error::TrustedKeys {
        place: place.display().to_string(),
        problem,
    }
}
