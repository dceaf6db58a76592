//! A part of a volume as a mount.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// The path of `sub` in `volume`, made if it is not there. Links inside the volume are followed,
/// but never out of it.
pub(crate) fn subpath(volume: &Path, sub: &str) -> io::Result<PathBuf> {
    let is_plain = Path::new(sub)
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !is_plain {
        return Err(io::Error::other(format!(
            "subPath {sub:?} leaves its volume"
        )));
    }
    let root = fs::canonicalize(volume)?;
    let mut path = root.clone();
    for part in Path::new(sub).components() {
        path.push(part);
        match fs::canonicalize(&path) {
            Ok(real) if real.starts_with(&root) => path = real,
            Ok(_) => {
                return Err(io::Error::other(format!(
                    "subPath {sub:?} leaves its volume"
                )));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => fs::create_dir(&path)?,
            Err(error) => return Err(error),
        }
    }
    Ok(path)
}
