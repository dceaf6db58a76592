//! Reads with symbolic links followed, inside the tree only, and with a limit on size.

use std::sync::Arc;

use super::{Entry, Error, Node, Place, Tree, path};

/// How many links one path may go through.
const LINKS: usize = 16;
/// How every file begins that Git LFS keeps elsewhere.
const POINTER: &[u8] = b"version https://git-lfs.github.com/spec/v1\n";
/// The largest file a render takes in, in bytes.
const FILE_SIZE: usize = 8 << 20;

/// A view of a tree in which symbolic links are what they point to.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    tree: &'a dyn Tree,
}

impl<'a> Reader<'a> {
    pub fn new(tree: &'a dyn Tree) -> Self {
        Self { tree }
    }

    /// The content of a file; `None` where there is none, or no file.
    pub fn file(&self, path: &str) -> Result<Option<Arc<[u8]>>, Error> {
        let (_, node) = self.follow(path)?;
        readable(path, node)
    }

    /// The same, of a file that is taken as it is; see [`Tree::whole`].
    pub fn whole(&self, path: &str) -> Result<Option<Arc<[u8]>>, Error> {
        let (at, _) = self.follow(path)?;
        readable(path, self.tree.whole(&at)?)
    }

    /// The entries of a directory; `None` where there is none.
    pub fn directory(&self, path: &str) -> Result<Option<Vec<Entry>>, Error> {
        match self.node(path)? {
            Node::Directory(entries) => Ok(Some(entries)),
            _ => Ok(None),
        }
    }

    /// A file, a directory, or nothing: never a symbolic link.
    pub fn node(&self, asked: &str) -> Result<Node, Error> {
        self.follow(asked).map(|(_, node)| node)
    }

    /// Where a path leads in the end, and what is there.
    fn follow(&self, asked: &str) -> Result<(String, Node), Error> {
        let mut at = asked.to_owned();
        for _ in 0..=LINKS {
            let followed = match self.tree.node(&at)? {
                Node::Symlink(target) => Some(resolve(path::parent(&at), &target, asked)?),
                // A tree need not look through a link in the middle of a path.
                Node::Absent => self.through_parents(&at, asked)?,
                node => return Ok((at, node)),
            };
            match followed {
                Some(next) => at = next,
                None => return Ok((at, Node::Absent)),
            }
        }
        Err(Error::Loop {
            path: asked.into(),
            limit: LINKS,
        })
    }

    /// Where `at` is once the first link among its parents is followed.
    fn through_parents(&self, at: &str, asked: &str) -> Result<Option<String>, Error> {
        for (index, _) in at.match_indices('/') {
            let (parent, rest) = (&at[..index], &at[index + 1..]);
            // Not what else is in it: one more directory beside this one is nothing to a render.
            match self.tree.place(parent)? {
                Place::Symlink(target) => {
                    let target = resolve(path::parent(parent), &target, asked)?;
                    return resolve(&target, rest, asked).map(Some);
                }
                Place::Directory => {}
                Place::Absent | Place::File => return Ok(None),
            }
        }
        Ok(None)
    }
}

/// The content of a file, unless it is too large or elsewhere.
fn readable(path: &str, node: Node) -> Result<Option<Arc<[u8]>>, Error> {
    match node {
        Node::File(bytes) if bytes.len() > FILE_SIZE => Err(Error::TooLarge {
            path: path.into(),
            size: bytes.len(),
            limit: FILE_SIZE,
        }),
        Node::File(bytes) if bytes.starts_with(POINTER) => {
            Err(Error::Pointer { path: path.into() })
        }
        Node::File(bytes) => Ok(Some(bytes)),
        _ => Ok(None),
    }
}

fn resolve(base: &str, target: &str, asked: &str) -> Result<String, Error> {
    path::join(base, target).ok_or_else(|| Error::Outside { path: asked.into() })
}
