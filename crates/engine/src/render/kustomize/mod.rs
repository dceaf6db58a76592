//! Kustomize directories, rendered as `kubectl kustomize` renders them.

use crate::tree::{Reader, path};
use crate::{Manifest, Problem, Problems, Tree};

/// The names a kustomization may have.
pub const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The kustomization file of a directory, if it has one.
pub fn find(reader: &Reader, directory: &str) -> Result<Option<String>, Problems> {
    for name in NAMES {
        let file = path::join(directory, name).unwrap_or_default();
        if reader.file(&file)?.is_some() {
            return Ok(Some(file));
        }
    }
    Ok(None)
}

/// What the directory builds to, in Kustomize's order.
pub fn build(tree: &dyn Tree, directory: &str) -> Result<Vec<Manifest>, Problems> {
    let _ = Reader::new(tree);
    Err(Problem::new(directory, "cannot be rendered").into())
}
