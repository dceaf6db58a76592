//! A tree in which encrypted files can be read: with tokens for what is encrypted.

use std::cell::RefCell;
use std::sync::Arc;

use super::file::File;
use super::{Error, Sealed};
use crate::tree::{self, Node, Place, Tree};

/// Reads `inner`, and remembers what was encrypted in it.
pub(crate) struct Sealing<'a> {
    inner: &'a dyn Tree,
    sealed: RefCell<Sealed>,
}

impl<'a> Sealing<'a> {
    pub(crate) fn new(inner: &'a dyn Tree) -> Self {
        Self {
            inner,
            sealed: RefCell::default(),
        }
    }

    pub(crate) fn into_sealed(self) -> Sealed {
        self.sealed.into_inner()
    }

    /// The text of a file with tokens in it; `None` where it is not encrypted.
    fn seal(&self, path: &str, bytes: &Arc<[u8]>) -> Result<Option<String>, Error> {
        let Some(file) = File::read(path, bytes)? else {
            return Ok(None);
        };
        self.sealed.borrow_mut().add(path, file).map(Some)
    }
}

impl Tree for Sealing<'_> {
    fn node(&self, path: &str) -> Result<Node, tree::Error> {
        let node = self.inner.node(path)?;
        let Node::File(bytes) = &node else {
            return Ok(node);
        };
        let sealed = self
            .seal(path, bytes)
            .map_err(|source| encrypted(path, source))?;
        Ok(sealed.map_or(node, |text| Node::File(text.into_bytes().into())))
    }

    fn whole(&self, path: &str) -> Result<Node, tree::Error> {
        let node = self.node(path)?;
        let token = self.sealed.borrow_mut().whole(path);
        Ok(token.map_or(node, |token| Node::File(token.into_bytes().into())))
    }

    fn place(&self, path: &str) -> Result<Place, tree::Error> {
        self.inner.place(path)
    }

    fn identity(&self, path: &str) -> Result<String, tree::Error> {
        self.inner.identity(path)
    }
}

fn encrypted(path: &str, source: Error) -> tree::Error {
    tree::Error::Encrypted {
        path: path.to_owned(),
        source,
    }
}
