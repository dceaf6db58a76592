//! Remembers what a render read, absences too: the key of a render cache.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Error, Node, Place, Tree, hex};

/// What the identity of a place begins with; that of a node never does.
const PLACE: &str = "place:";

/// A tree that notes every question put to it.
pub struct Recorder<'a> {
    inner: &'a dyn Tree,
    reads: RefCell<BTreeMap<String, String>>,
}

impl<'a> Recorder<'a> {
    pub fn new(inner: &'a dyn Tree) -> Self {
        Self {
            inner,
            reads: RefCell::default(),
        }
    }

    /// What has been read through it.
    pub fn into_reads(self) -> Reads {
        Reads(self.reads.into_inner())
    }
}

impl Tree for Recorder<'_> {
    fn node(&self, path: &str) -> Result<Node, Error> {
        let node = self.inner.node(path)?;
        let known = self
            .reads
            .borrow()
            .get(path)
            .is_some_and(|it| !is_place(it));
        if !known {
            let identity = self.inner.identity(path)?;
            self.reads.borrow_mut().insert(path.to_owned(), identity);
        }
        Ok(node)
    }

    fn place(&self, path: &str) -> Result<Place, Error> {
        let place = self.inner.place(path)?;
        let mut reads = self.reads.borrow_mut();
        if !reads.contains_key(path) {
            reads.insert(path.to_owned(), named(&place));
        }
        Ok(place)
    }

    fn identity(&self, path: &str) -> Result<String, Error> {
        self.inner.identity(path)
    }
}

fn is_place(identity: &str) -> bool {
    identity.starts_with(PLACE)
}

fn named(place: &Place) -> String {
    match place {
        Place::Absent => format!("{PLACE}absent"),
        Place::File => format!("{PLACE}file"),
        Place::Directory => format!("{PLACE}directory"),
        Place::Symlink(target) => format!("{PLACE}symlink:{target}"),
    }
}

/// Whether a tree has at a path what was read there.
pub(super) fn holds(tree: &dyn Tree, path: &str, identity: &str) -> Result<bool, Error> {
    if is_place(identity) {
        return Ok(named(&tree.place(path)?) == identity);
    }
    Ok(tree.identity(path)? == identity)
}

/// Everything one render read: path to identity (see [`Tree::identity`]), or only to what kind of
/// place it is, where nobody asked for more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reads(pub BTreeMap<String, String>);

impl Reads {
    /// Whether the same render over `tree` would read the same, and so give the same.
    pub fn hold_in(&self, tree: &dyn Tree) -> Result<bool, Error> {
        for (path, identity) in &self.0 {
            if !holds(tree, path, identity)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// One name for all of it.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for (path, identity) in &self.0 {
            hash.update(format!("{path}\0{identity}\0"));
        }
        hex(&hash.finalize())
    }
}
