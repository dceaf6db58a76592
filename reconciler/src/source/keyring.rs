//! Where the keys are that open files encrypted with SOPS: on this machine, never in Git and never
//! in the database. They are read again whenever they are needed, and kept nowhere.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use engine::sops::{KeyError, Keys, Sealed};
use engine::{Manifest, Problem, Problems};

/// Bytes of one file of keys.
const LIMIT: u64 = 1 << 20;

/// A file of age keys as `SOPS_AGE_KEY_FILE` names one, or a directory of such files.
#[derive(Debug, Clone, Default)]
pub struct Keyring {
    path: Option<PathBuf>,
}

/// Keys that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    #[error("cannot read the SOPS keys in {}: {source}", path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("others can read {}: keys are for their owner alone, chmod 600 {}", path.display(), path.display())]
    Open { path: PathBuf },
    #[error("{} is too large for a file of keys", path.display())]
    Large { path: PathBuf },
    #[error("{} cannot be used: {source}", path.display())]
    Parse { path: PathBuf, source: KeyError },
    #[error("{} has no file of keys", path.display())]
    Empty { path: PathBuf },
}

impl Keyring {
    pub fn new(path: Option<PathBuf>) -> Self {
        Self { path }
    }

    /// Whether somebody said where keys are.
    pub fn is_given(&self) -> bool {
        self.path.is_some()
    }

    /// All keys there are now; none where nobody said where they are.
    ///
    /// # Errors
    /// Nothing there, files that others can read, and what is no key.
    pub fn read(&self) -> Result<Keys, KeyringError> {
        let Some(path) = &self.path else {
            return Ok(Keys::default());
        };
        let failed = |source| KeyringError::Read {
            path: path.clone(),
            source,
        };
        if !std::fs::metadata(path).map_err(failed)?.is_dir() {
            return file(path);
        }
        let mut files = Vec::new();
        for entry in std::fs::read_dir(path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            // A mounted Secret has names with a dot for itself.
            let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            if !is_hidden && entry.path().is_file() {
                files.push(entry.path());
            }
        }
        files.sort();
        let mut keys = Keys::default();
        for path in &files {
            keys.extend(file(path)?);
        }
        if keys.is_empty() {
            return Err(KeyringError::Empty { path: path.clone() });
        }
        Ok(keys)
    }

    /// The manifests as they are applied. They are for one use: what is decrypted is not kept.
    ///
    /// # Errors
    /// What cannot be decrypted, by file.
    pub fn open(&self, sealed: &Sealed, manifests: &[Manifest]) -> Result<Vec<Manifest>, Problems> {
        match self.read() {
            Ok(keys) => sealed.open(manifests, &keys),
            Err(error) => {
                let files = sealed.files();
                let problem = |(file, _)| Problem::new(file, error.to_string());
                Err(Problems(files.map(problem).collect()))
            }
        }
    }
}

fn file(path: &Path) -> Result<Keys, KeyringError> {
    let failed = |source| KeyringError::Read {
        path: path.to_owned(),
        source,
    };
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(KeyringError::Open {
            path: path.to_owned(),
        });
    }
    if metadata.len() > LIMIT {
        return Err(KeyringError::Large {
            path: path.to_owned(),
        });
    }
    let text = std::fs::read_to_string(path).map_err(failed)?;
    Keys::parse(&text).map_err(|source| KeyringError::Parse {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Directory;

    const KEY: &str =
        "AGE-SECRET-KEY-1RH87A5Z54ZGUR9S0AS3R6WHFSEFNPLYMAKF5Z2CEU7R06VRJ0A3Q7242AM\n";

    #[test]
    fn keys_are_for_their_owner_alone() {
        let directory = Directory::new();
        let write = |name: &str, text: &str, mode: u32| {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        let said = |name: &str| {
            let path = directory.path().join(name);
            let read = Keyring::new(Some(path.clone())).read();
            let place = path.parent().unwrap().display().to_string();
            match read {
                Ok(keys) => format!("{} keys", keys.recipients().len()),
                Err(error) => error.to_string().replace(&format!("{place}/"), ""),
            }
        };
        write("good", &format!("# a comment\n\n{KEY}"), 0o600);
        write("open", KEY, 0o640);
        write("text", "hello\n", 0o600);
        write("none", "# nothing\n", 0o600);
        write("two/a.txt", KEY, 0o600);
        write("two/b.txt", KEY, 0o400);
        write("two/.hidden", "hello", 0o644);
        std::fs::create_dir(directory.path().join("empty")).unwrap();
        assert_eq!(said("good"), "1 keys");
        assert_eq!(said("two"), "2 keys");
        assert_eq!(
            said("open"),
            "others can read open: keys are for their owner alone, chmod 600 open"
        );
        assert_eq!(
            said("text"),
            "text cannot be used: line 1 is no age key: it must begin with AGE-SECRET-KEY-1"
        );
        assert_eq!(said("none"), "none cannot be used: it holds no age key");
        assert_eq!(said("empty"), "empty has no file of keys");
        assert!(said("gone").starts_with("cannot read the SOPS keys in gone"));
        assert!(Keyring::default().read().unwrap().is_empty());
    }
}
