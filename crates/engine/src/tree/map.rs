//! A tree in memory: for tests, and for content that is not in Git yet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Entry, EntryKind, Error, Node, Tree};

/// Files and symbolic links by path; directories follow from them.
#[derive(Debug, Clone, Default)]
pub struct MapTree {
    files: BTreeMap<String, Node>,
}

impl MapTree {
    #[must_use]
    pub fn with_file(mut self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.files
            .insert(path.into(), Node::File(Arc::from(content.as_ref())));
        self
    }

    #[must_use]
    pub fn with_symlink(mut self, path: &str, target: &str) -> Self {
        self.files.insert(path.into(), Node::Symlink(target.into()));
        self
    }
}

impl<P: AsRef<str>, C: AsRef<[u8]>> FromIterator<(P, C)> for MapTree {
    fn from_iter<I: IntoIterator<Item = (P, C)>>(files: I) -> Self {
        files
            .into_iter()
            .fold(Self::default(), |tree, (path, content)| {
                tree.with_file(path.as_ref(), content)
            })
    }
}

impl Tree for MapTree {
    fn node(&self, path: &str) -> Result<Node, Error> {
        if let Some(node) = self.files.get(path) {
            return Ok(node.clone());
        }
        let prefix = if path.is_empty() {
            String::new()
        } else {
            format!("{path}/")
        };
        let mut names = BTreeSet::new();
        let mut entries = Vec::new();
        for (file, node) in self.files.range(prefix.clone()..) {
            let Some(rest) = file.strip_prefix(&prefix) else {
                break;
            };
            let (name, kind) = match (rest.split_once('/'), node) {
                (Some((name, _)), _) => (name, EntryKind::Directory),
                (None, Node::Symlink(_)) => (rest, EntryKind::Symlink),
                (None, _) => (rest, EntryKind::File),
            };
            if names.insert(name) {
                entries.push(Entry {
                    name: name.into(),
                    kind,
                });
            }
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(if entries.is_empty() && !path.is_empty() {
            Node::Absent
        } else {
            Node::Directory(entries)
        })
    }
}
