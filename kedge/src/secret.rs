//! Secrets of the instance, made on the first start and kept in files of their own.

use std::path::Path;

use anyhow::{Context, ensure};
use rand::RngCore;

/// 32 random bytes, as hex in a file that its owner alone can read; made where it is missing.
pub(crate) fn key(path: &Path) -> anyhow::Result<[u8; 32]> {
    let text = text(path)?;
    let bytes: Option<Vec<u8>> = (0..text.len() / 2)
        .map(|at| u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok())
        .collect();
    let key = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    key.with_context(|| format!("{} does not hold 64 hex digits", path.display()))
}

/// The same as text: a token for people and programs to present.
pub(crate) fn text(path: &Path) -> anyhow::Result<String> {
    let existing =
        tls::files::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    if let Some(text) = existing {
        let text = text.trim().to_owned();
        ensure!(
            !text.is_empty(),
            "{} is empty; delete it to have a new one made",
            path.display()
        );
        return Ok(text);
    }
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    tls::files::write_private(path, format!("{text}\n").as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(text)
}
