//! What a render reads from: a Git tree, a directory, a map. Never writes, never leaves the tree.

mod changes;
mod map;
pub mod path;
mod reader;
mod recorder;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use sha2::{Digest, Sha256};

pub use changes::Changes;
pub use map::MapTree;
pub use reader::Reader;
pub use recorder::{Reads, Recorder};

/// One place in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    Absent,
    File(Arc<[u8]>),
    /// Sorted by name.
    Directory(Vec<Entry>),
    /// The target as it is stored; [`Reader`] follows it.
    Symlink(String),
}

/// One name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    pub kind: EntryKind,
}

/// What an entry is, before any symlink is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    File,
    Directory,
    Symlink,
}

/// What is at a path, without a look into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Absent,
    File,
    Directory,
    Symlink(String),
}

/// Files by path. Paths are relative to the root, separated by `/`, with no `.` or `..` in them;
/// the root is the empty path.
pub trait Tree {
    fn node(&self, path: &str) -> Result<Node, Error>;

    /// The same, of a file that is taken as it is: nobody looks for values in it.
    fn whole(&self, path: &str) -> Result<Node, Error> {
        self.node(path)
    }

    /// What [`Tree::node`] answers, short of what is in it: which files a directory has is not asked.
    fn place(&self, path: &str) -> Result<Place, Error> {
        self.node(path).map(Place::from)
    }

    /// A name for what [`Tree::node`] answers: as long as it is equal, so is the answer. Over Git
    /// this is the blob's id, which is cheaper than the blob; keep the default for directories,
    /// so that only a changed list of names counts as a change.
    fn identity(&self, path: &str) -> Result<String, Error> {
        self.node(path).map(|node| identity(&node))
    }
}

impl From<Node> for Place {
    fn from(node: Node) -> Self {
        match node {
            Node::Absent => Self::Absent,
            Node::File(_) => Self::File,
            Node::Directory(_) => Self::Directory,
            Node::Symlink(target) => Self::Symlink(target),
        }
    }
}

/// The default of [`Tree::identity`].
pub fn identity(node: &Node) -> String {
    match node {
        Node::Absent => "absent".into(),
        Node::File(bytes) => format!("file:{}", hex(&Sha256::digest(bytes))),
        Node::Symlink(target) => format!("symlink:{target}"),
        Node::Directory(entries) => {
            let mut hash = Sha256::new();
            for entry in entries {
                hash.update(format!("{:?} {}\0", entry.kind, entry.name));
            }
            format!("directory:{}", hex(&hash.finalize()))
        }
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A tree that cannot be read as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{path}: cannot be read")]
    Read {
        path: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("{path}: is a submodule, and what is in other repositories is not read")]
    Submodule { path: String },
    #[error("{path}: is a pointer to Git LFS, and what it points to is not in the commit")]
    Pointer { path: String },
    #[error("{path}: {source}")]
    Encrypted {
        path: String,
        source: crate::sops::Error,
    },
    #[error("{path}: points outside the repository")]
    Outside { path: String },
    #[error("{path}: more than {limit} symbolic links on the way")]
    Loop { path: String, limit: usize },
    #[error("{path}: is {size} bytes, more than the limit of {limit}")]
    TooLarge {
        path: String,
        size: usize,
        limit: usize,
    },
}

impl Error {
    /// The path in question.
    pub fn path(&self) -> &str {
        match self {
            Self::Read { path, .. }
            | Self::Submodule { path }
            | Self::Pointer { path }
            | Self::Encrypted { path, .. }
            | Self::Outside { path }
            | Self::Loop { path, .. }
            | Self::TooLarge { path, .. } => path,
        }
    }
}
