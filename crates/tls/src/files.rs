//! Files that hold secrets: written whole or not at all, readable by their owner alone.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::Error;

/// Makes the directory and its parents, and closes it to everybody else (0700).
pub fn create_private_directory(path: &Path) -> Result<(), Error> {
    let failed = |source| Error::File {
        operation: "make the directory",
        path: path.to_owned(),
        source,
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(failed)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(failed)
}

/// Writes a file that its owner alone can read (0600), atomically.
pub fn write_private(path: &Path, contents: &[u8]) -> Result<(), Error> {
    write(path, contents, 0o600)
}

/// Writes a file that everybody may read (0644), atomically.
pub fn write_public(path: &Path, contents: &[u8]) -> Result<(), Error> {
    write(path, contents, 0o644)
}

/// The file's text; `None` where there is no such file.
pub fn read(path: &Path) -> Result<Option<String>, Error> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(source) if source.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::File {
            operation: "read",
            path: path.to_owned(),
            source,
        }),
    }
}

/// Removes the file, if it is there.
pub fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != ErrorKind::NotFound => Err(Error::File {
            operation: "remove",
            path: path.to_owned(),
            source,
        }),
        _ => Ok(()),
    }
}

/// To a file beside it, synced, then renamed over it: a crash leaves the old or the new one.
fn write(path: &Path, contents: &[u8], mode: u32) -> Result<(), Error> {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let beside = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let written = (|| {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(mode)
            .open(&beside)?;
        // `mode` counts only where the file is new.
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.write_all(contents)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            File::open(parent)?.sync_all()?;
        }
        Ok(())
    })();
    written.map_err(|source| {
        // Best effort: the write's own failure is what matters.
        let _ = fs::remove_file(&beside);
        Error::File {
            operation: "write",
            path: path.to_owned(),
            source,
        }
    })
}
