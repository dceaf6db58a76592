//! Walks the files of the repository.

use std::fs;
use std::path::{Path, PathBuf};

/// A text file.
pub(super) struct File {
    /// From the root of the repository, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

/// The root of the repository.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the package is in the repository")
}

/// All files whose name ends in one of `endings`, by path.
pub(super) fn files(endings: &[&str]) -> Vec<File> {
    let root = root();
    let mut files = Vec::new();
    collect(&root, &root, endings, &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn collect(root: &Path, directory: &Path, endings: &[&str], files: &mut Vec<File>) {
    let entries = fs::read_dir(directory)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", directory.display()));
    for entry in entries.flatten() {
        let (path, name) = (
            entry.path(),
            entry.file_name().to_string_lossy().into_owned(),
        );
        let kind = entry.file_type().expect("what was just listed has a type");
        if kind.is_dir() {
            if !is_foreign(&path, &name) {
                collect(root, &path, endings, files);
            }
        } else if kind.is_file() && endings.iter().any(|ending| name.ends_with(ending)) {
            let text = fs::read_to_string(&path)
                .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
            let path = path
                .strip_prefix(root)
                .expect("it was found below the root");
            files.push(File {
                path: path.to_string_lossy().into_owned(),
                text,
            });
        }
    }
}

/// What builds and instances leave behind, and what belongs to Git.
fn is_foreign(path: &Path, name: &str) -> bool {
    (name.starts_with('.') && name != ".ci")
        || path.join("CACHEDIR.TAG").exists()
        || path.join("admin-token").exists()
}
