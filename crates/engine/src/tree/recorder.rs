//! Remembers what a render read, absences too: the key of a render cache.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Error, Node, Tree, hex};

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
        if !self.reads.borrow().contains_key(path) {
            let identity = self.inner.identity(path)?;
            self.reads.borrow_mut().insert(path.to_owned(), identity);
        }
        Ok(node)
    }

    fn identity(&self, path: &str) -> Result<String, Error> {
        self.inner.identity(path)
    }
}

/// Everything one render read: path to identity (see [`Tree::identity`]).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reads(pub BTreeMap<String, String>);

impl Reads {
    /// Whether the same render over `tree` would read the same, and so give the same.
    pub fn hold_in(&self, tree: &dyn Tree) -> Result<bool, Error> {
        for (path, identity) in &self.0 {
            if tree.identity(path)? != *identity {
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
