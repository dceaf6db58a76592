//! A directory of this machine as the engine reads it. Symbolic links stay what they are: whoever
//! reads follows them, inside the directory only.

use std::fs::{self, FileType};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::tree::{Entry, EntryKind, Error, Node, Tree};

/// The largest file that is read, in bytes; the engine takes in less than that.
const LIMIT: u64 = 64 << 20;

/// The files below a directory.
pub(super) struct DirectoryTree {
    root: PathBuf,
}

impl DirectoryTree {
    pub(super) fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where `path` is, unless a symbolic link is on the way: then it is not there.
    fn place(&self, path: &str) -> io::Result<Option<(PathBuf, FileType)>> {
        let mut place = self.root.clone();
        let mut kind = match fs::metadata(&place) {
            Ok(metadata) => metadata.file_type(),
            Err(error) => return absent(error),
        };
        for name in path.split('/').filter(|name| !name.is_empty()) {
            if !kind.is_dir() {
                return Ok(None);
            }
            place.push(name);
            kind = match fs::symlink_metadata(&place) {
                Ok(metadata) => metadata.file_type(),
                Err(error) => return absent(error),
            };
        }
        Ok(Some((place, kind)))
    }

    fn read(&self, path: &str) -> io::Result<Result<Node, Error>> {
        let Some((place, kind)) = self.place(path)? else {
            return Ok(Ok(Node::Absent));
        };
        Ok(match entry_kind(kind) {
            Some(EntryKind::Symlink) => {
                let target = fs::read_link(&place)?;
                Ok(Node::Symlink(target.to_string_lossy().into_owned()))
            }
            Some(EntryKind::Directory) => Ok(Node::Directory(entries(&place)?)),
            Some(EntryKind::File) => {
                let size = fs::metadata(&place)?.len();
                if size > LIMIT {
                    return Ok(Err(too_large(path, size)));
                }
                Ok(Node::File(Arc::from(fs::read(&place)?)))
            }
            None => Ok(Node::Absent),
        })
    }
}

impl Tree for DirectoryTree {
    fn node(&self, path: &str) -> Result<Node, Error> {
        self.read(path).unwrap_or_else(|source| {
            Err(Error::Read {
                path: path.to_owned(),
                source: Box::new(source),
            })
        })
    }
}

fn absent(error: io::Error) -> io::Result<Option<(PathBuf, FileType)>> {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(None),
        _ => Err(error),
    }
}

/// Sorted by name; sockets, devices and names that are not text are left out, as Git would.
fn entries(directory: &Path) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let kind = entry_kind(entry.file_type()?);
        if let (Some(kind), Ok(name)) = (kind, entry.file_name().into_string()) {
            entries.push(Entry { name, kind });
        }
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

fn entry_kind(kind: FileType) -> Option<EntryKind> {
    if kind.is_symlink() {
        Some(EntryKind::Symlink)
    } else if kind.is_dir() {
        Some(EntryKind::Directory)
    } else {
        kind.is_file().then_some(EntryKind::File)
    }
}

fn too_large(path: &str, size: u64) -> Error {
    let saturated = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    Error::TooLarge {
        path: path.to_owned(),
        size: saturated(size),
        limit: saturated(LIMIT),
    }
}
