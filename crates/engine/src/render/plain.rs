//! Plain manifests: every YAML and JSON file below a path.

use super::{Documents, Texts};
use crate::tree::{EntryKind, Reader, path};
use crate::{Manifest, Problem, Problems};

/// How deep directories may be nested.
const DEPTH: usize = 32;
/// How many objects one path may render to.
const OBJECTS: usize = 10_000;

/// The objects in the file, or in all files below the directory, by path. Names that begin with a
/// dot are skipped.
pub(super) fn read(reader: &Reader, at: &str, texts: Texts) -> Result<Vec<Manifest>, Problems> {
    if let Some(bytes) = reader.file(at)? {
        return Documents::parse(at, &bytes)?.manifests_with(texts);
    }
    let mut files = Vec::new();
    if !collect(reader, at, 0, &mut files)? {
        return Err(Problem::new(at, "is not in the repository").into());
    }
    let mut manifests = Vec::new();
    let mut problems = Vec::new();
    for file in files {
        let Some(bytes) = reader.file(&file)? else {
            continue;
        };
        match Documents::parse(&file, &bytes).and_then(|documents| documents.manifests_with(texts))
        {
            Ok(more) => manifests.extend(more),
            Err(more) => problems.extend(more.0),
        }
        if manifests.len() > OBJECTS {
            let text = format!("renders to more than {OBJECTS} objects");
            return Err(Problem::new(at, text)
                .hint("split it into several applications")
                .into());
        }
    }
    Problems(problems).or(manifests)
}

/// `false` where there is no such directory.
fn collect(
    reader: &Reader,
    directory: &str,
    depth: usize,
    files: &mut Vec<String>,
) -> Result<bool, Problems> {
    if depth > DEPTH {
        let text = format!("is nested more than {DEPTH} directories deep");
        return Err(Problem::new(directory, text).into());
    }
    let Some(entries) = reader.directory(directory)? else {
        return Ok(false);
    };
    for entry in entries {
        if entry.name.starts_with('.') {
            continue;
        }
        let inner = path::join(directory, &entry.name).unwrap_or_default();
        let manifest = path::is_manifest(&entry.name);
        match entry.kind {
            EntryKind::Directory => {
                collect(reader, &inner, depth + 1, files)?;
            }
            EntryKind::Symlink if !manifest => {
                collect(reader, &inner, depth + 1, files)?;
            }
            EntryKind::File | EntryKind::Symlink if manifest => files.push(inner),
            EntryKind::File | EntryKind::Symlink => {}
        }
    }
    Ok(true)
}
