//! Signs Kedge's own commits with `ssh-keygen`, as Git does where `gpg.format` is `ssh`.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use client::Env;
use engine::rollout::CommitId;

use super::run::run;
use crate::config::Config;
use crate::source::command::Private;
use crate::source::{Error, Location};

/// How a private key of OpenSSH begins.
const PRIVATE: &str = "-----BEGIN ";

/// A private key without a passphrase, in a file that only its owner may read. It is read whenever
/// something is signed, and kept nowhere.
#[derive(Debug, Clone)]
pub struct SigningKey {
    path: PathBuf,
}

/// A key that nothing can be signed with.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("cannot read {}: {source}", path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("others can read {}: a key is for its owner alone, chmod 600 {}", path.display(), path.display())]
    Open { path: PathBuf },
    #[error("{} is no private key of SSH; ssh-keygen -t ed25519 -N \"\" -f {} makes one", path.display(), path.display())]
    Other { path: PathBuf },
}

impl SigningKey {
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Whether there is such a key.
    ///
    /// # Errors
    /// No file, one that others can read, and what is no private key.
    pub fn check(path: &Path) -> Result<(), KeyError> {
        let path = path.to_owned();
        let read = |source| KeyError::Read {
            path: path.clone(),
            source,
        };
        let metadata = std::fs::metadata(&path).map_err(read)?;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(KeyError::Open { path });
        }
        let text = std::fs::read_to_string(&path).map_err(read)?;
        let first = text.lines().next().unwrap_or_default();
        if first.starts_with(PRIVATE) && first.ends_with("PRIVATE KEY-----") {
            return Ok(());
        }
        Err(KeyError::Other { path })
    }

    /// The signature of a commit's content. `place` is a directory to be made for it.
    ///
    /// # Errors
    /// What `ssh-keygen` says, for example that the key has a passphrase.
    async fn sign(&self, content: &[u8], place: PathBuf, env: &Env) -> Result<String, Error> {
        let key = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        let key = key.display().to_string();
        let private = Private::new(place)?;
        let line = ["-Y", "sign", "-n", "git", "-f", &key];
        let said = run((&private, env), "ssh-keygen", &line, content).await?;
        if said.well {
            return Ok(said.answer);
        }
        let words = said.words.lines().last().unwrap_or_default().to_owned();
        Err(Error::Verifier {
            program: "ssh-keygen",
            source: std::io::Error::other(words),
        })
    }
}

/// A commit of Kedge's own, signed where there is a key for it. The unsigned one stays, and no
/// branch has it.
///
/// # Errors
/// Where it cannot be read, signed or written.
pub(crate) async fn sign(
    config: &Config,
    env: &Env,
    location: &Location,
    commit: &CommitId,
) -> Result<CommitId, Error> {
    let Some(key) = &config.signing_key else {
        return Ok(commit.clone());
    };
    let id = commit.clone();
    let content = location.read(move |git| git.unsigned(&id)).await?;
    let place = config.data.join("git/sign").join(env.ids.uid());
    let signature = key.sign(content.as_bytes(), place, env).await?;
    let writing = location.read(move |git| git.put_signed(&content, signature.trim_end()));
    writing.await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Directory;

    #[test]
    fn a_key_is_private_and_for_its_owner_alone() {
        let directory = Directory::new();
        let path = directory.path().join("key");
        let check = |text: &str, mode: u32, expected: &str| {
            std::fs::write(&path, text).unwrap();
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(&path, permissions).unwrap();
            let said = SigningKey::check(&path).err();
            let said = said.map(|it| it.to_string()).unwrap_or_default();
            assert!(
                said.contains(expected) && said.is_empty() == expected.is_empty(),
                "{said}"
            );
        };
        let key = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n";
        check(key, 0o600, "");
        check(key, 0o644, "others can read");
        check(
            "ssh-ed25519 AAAA ann@example.org\n",
            0o600,
            "is no private key of SSH",
        );
        let gone = SigningKey::check(&directory.path().join("gone"));
        assert!(gone.unwrap_err().to_string().starts_with("cannot read"));
    }
}
