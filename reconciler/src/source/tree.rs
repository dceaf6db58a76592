//! A commit's files as the engine reads them, straight from the object database.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use git2::{FileMode, ObjectType};

use engine::tree::{Entry, EntryKind, Error, Node, Place, Tree, identity, path};

/// How many directories are kept open at most.
const OPEN: usize = 4096;

/// The tree of one commit.
pub struct GitTree<'a> {
    repository: &'a git2::Repository,
    root: Rc<git2::Tree<'a>>,
    /// Directories that were looked into: libgit2 reads a large one again for every name in it.
    open: RefCell<HashMap<String, Option<Rc<git2::Tree<'a>>>>>,
    /// Their identities: a large one takes long to read.
    listings: RefCell<HashMap<String, String>>,
}

impl<'a> GitTree<'a> {
    pub(super) fn new(repository: &'a git2::Repository, root: git2::Tree<'a>) -> Self {
        Self {
            repository,
            root: Rc::new(root),
            open: RefCell::default(),
            listings: RefCell::default(),
        }
    }

    /// `None` for the root and for what is not there.
    fn entry(&self, path: &str) -> Result<Option<git2::TreeEntry<'static>>, Error> {
        if path.is_empty() {
            return Ok(None);
        }
        let parent = self.directory(path::parent(path))?;
        let entry = parent.as_ref().and_then(|it| it.get_name(path::name(path)));
        Ok(entry.map(|entry| entry.to_owned()))
    }

    /// `None` where there is no directory.
    fn directory(&self, path: &str) -> Result<Option<Rc<git2::Tree<'a>>>, Error> {
        if path.is_empty() {
            return Ok(Some(self.root.clone()));
        }
        if let Some(known) = self.open.borrow().get(path) {
            return Ok(known.clone());
        }
        let entry = self.entry(path)?;
        let found = match entry.filter(|it| it.kind() == Some(ObjectType::Tree)) {
            Some(entry) => Some(Rc::new(
                self.repository
                    .find_tree(entry.id())
                    .map_err(|error| unreadable(path, error))?,
            )),
            None => None,
        };
        let mut open = self.open.borrow_mut();
        if open.len() >= OPEN {
            open.clear();
        }
        open.insert(path.to_owned(), found.clone());
        Ok(found)
    }

    /// The identity of a directory, or of nothing. Many Applications may share a directory.
    fn listing(&self, path: &str) -> Result<String, Error> {
        if let Some(known) = self.listings.borrow().get(path) {
            return Ok(known.clone());
        }
        let found = self.node(path).map(|node| identity(&node))?;
        let mut listings = self.listings.borrow_mut();
        if listings.len() >= OPEN {
            listings.clear();
        }
        listings.insert(path.to_owned(), found.clone());
        Ok(found)
    }

    fn blob(&self, path: &str, entry: &git2::TreeEntry) -> Result<git2::Blob<'_>, Error> {
        self.repository
            .find_blob(entry.id())
            .map_err(|error| unreadable(path, error))
    }
}

impl Tree for GitTree<'_> {
    fn node(&self, path: &str) -> Result<Node, Error> {
        if path.is_empty() {
            return Ok(listed(&self.root));
        }
        let Some(entry) = self.entry(path)? else {
            return Ok(Node::Absent);
        };
        Ok(match kind(&entry) {
            Some(EntryKind::Directory) => match self.directory(path)? {
                Some(tree) => listed(&tree),
                None => Node::Absent,
            },
            Some(EntryKind::Symlink) => {
                let target = self.blob(path, &entry)?;
                Node::Symlink(String::from_utf8_lossy(target.content()).into_owned())
            }
            Some(EntryKind::File) => Node::File(self.blob(path, &entry)?.content().into()),
            None => return Err(Error::Submodule { path: path.into() }),
        })
    }

    fn place(&self, path: &str) -> Result<Place, Error> {
        let Some(entry) = self.entry(path)? else {
            let is_root = path.is_empty();
            return Ok(if is_root {
                Place::Directory
            } else {
                Place::Absent
            });
        };
        match kind(&entry) {
            Some(EntryKind::Directory) => Ok(Place::Directory),
            Some(EntryKind::File) => Ok(Place::File),
            Some(EntryKind::Symlink) | None => self.node(path).map(Place::from),
        }
    }

    fn identity(&self, path: &str) -> Result<String, Error> {
        let entry = self.entry(path)?;
        match entry.as_ref().map(|entry| (kind(entry), entry.id())) {
            Some((Some(EntryKind::File), id)) => Ok(format!("file:{id}")),
            Some((Some(EntryKind::Symlink), id)) => Ok(format!("symlink:{id}")),
            Some((None, id)) => Ok(format!("submodule:{id}")),
            _ => self.listing(path),
        }
    }
}

/// `None` for a submodule, whose files are elsewhere.
fn kind(entry: &git2::TreeEntry) -> Option<EntryKind> {
    match entry.kind()? {
        ObjectType::Tree => Some(EntryKind::Directory),
        ObjectType::Blob if entry.filemode() == i32::from(FileMode::Link) => {
            Some(EntryKind::Symlink)
        }
        ObjectType::Blob => Some(EntryKind::File),
        _ => None,
    }
}

fn listed(tree: &git2::Tree) -> Node {
    let mut entries: Vec<Entry> = tree
        .iter()
        .filter_map(|entry| {
            Some(Entry {
                name: entry.name().ok()?.to_owned(),
                // Whoever looks into it is told.
                kind: kind(&entry).unwrap_or(EntryKind::Directory),
            })
        })
        .collect();
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Node::Directory(entries)
}

fn unreadable(path: &str, error: git2::Error) -> Error {
    Error::Read {
        path: path.to_owned(),
        source: Box::new(error),
    }
}
