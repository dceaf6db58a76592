//! The age keys that open files, in the format of `SOPS_AGE_KEY_FILE`.

use std::io::Read as _;

use age::secrecy::zeroize::Zeroizing;
use age::x25519::Identity;

/// Bytes an encrypted data key may have.
const DATA_KEY: u64 = 1024;

/// Keys that open files. Never shown: only whom they belong to.
#[derive(Clone, Default)]
pub struct Keys {
    identities: Vec<Identity>,
}

/// A text that holds no keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("line {line} is no age key: it must begin with AGE-SECRET-KEY-1")]
    Line { line: usize },
    #[error("it holds no age key")]
    None,
}

impl Keys {
    /// Reads one key a line; empty lines and lines that begin with `#` are passed over.
    ///
    /// # Errors
    /// A line that is no key, or no key at all.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut identities = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let key = line.parse().map_err(|_| KeyError::Line { line: number })?;
            identities.push(key);
        }
        if identities.is_empty() {
            return Err(KeyError::None);
        }
        Ok(Self { identities })
    }

    pub fn extend(&mut self, other: Self) {
        self.identities.extend(other.identities);
    }

    pub fn is_empty(&self) -> bool {
        self.identities.is_empty()
    }

    /// Whom the keys belong to: `age1…`
    pub fn recipients(&self) -> Vec<String> {
        let keys = self.identities.iter();
        keys.map(|key| key.to_public().to_string()).collect()
    }

    /// What an armored age file holds; `None` where no key opens it.
    pub(super) fn open(&self, armored: &str) -> Option<Zeroizing<Vec<u8>>> {
        let reader = age::armor::ArmoredReader::new(armored.as_bytes());
        let file = age::Decryptor::new_buffered(reader).ok()?;
        let keys = self.identities.iter().map(|key| key as &dyn age::Identity);
        let mut plain = Zeroizing::new(Vec::new());
        let reading = file.decrypt(keys).ok()?.take(DATA_KEY);
        { reading }.read_to_end(&mut plain).ok()?;
        Some(plain)
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Keys").field(&self.recipients()).finish()
    }
}
