//! What is different between two trees, and whether a render read any of it.

use std::collections::BTreeSet;

use super::recorder::holds;
use super::{Error, Reads, Tree};

/// The paths whose node may be another one, directories included: a changed file is a change of
/// every directory above it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes(BTreeSet<String>);

impl Changes {
    /// Of the files that were added, removed or changed.
    pub fn of_files<P: AsRef<str>>(files: impl IntoIterator<Item = P>) -> Self {
        let mut paths = BTreeSet::new();
        for file in files {
            let mut path = file.as_ref();
            while paths.insert(path.to_owned()) && !path.is_empty() {
                path = super::path::parent(path);
            }
        }
        Self(paths)
    }
}

impl Reads {
    /// Whether a render that held before `changes` holds in the tree they lead to. Only what is in
    /// both is looked at.
    pub fn hold_after(&self, changes: &Changes, tree: &dyn Tree) -> Result<bool, Error> {
        if changes.0.len() < self.0.len() {
            for path in &changes.0 {
                if let Some(identity) = self.0.get(path)
                    && !holds(tree, path, identity)?
                {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        for (path, identity) in &self.0 {
            if changes.0.contains(path) && !holds(tree, path, identity)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{MapTree, Reader, Recorder};

    #[test]
    fn what_was_read_holds_until_a_change_touches_it() {
        let tree = MapTree::default()
            .with_file("a/one.yaml", "1")
            .with_file("a/b/deep.yaml", "1")
            .with_file("d/e/there.yaml", "1");
        let recorder = Recorder::new(&tree);
        let reader = Reader::new(&recorder);
        reader.file("a/one.yaml").unwrap();
        reader.file("a/absent.yaml").unwrap();
        reader.file("d/e/absent.yaml").unwrap();
        reader.directory("a").unwrap();
        let reads = recorder.into_reads();
        let check = |file: &str, content: &str, expected: bool| {
            let after = tree.clone().with_file(file, content);
            let more: Vec<String> = (0..10).map(|it| format!("other/{it}")).collect();
            for unrelated in [&more[..0], &more[..]] {
                let files = unrelated.iter().map(String::as_str).chain([file]);
                let changes = Changes::of_files(files);
                let holds = reads.hold_after(&changes, &after).unwrap();
                assert_eq!(holds, expected, "{file}");
                assert_eq!(reads.hold_in(&after).unwrap(), expected, "{file}");
            }
        };
        check("a/one.yaml", "2", false);
        check("a/absent.yaml", "there", false);
        check("a/new.yaml", "one name more", false);
        check("a/b/deep.yaml", "never read", true);
        check("c.yaml", "elsewhere", true);
        // One more beside the directories on the way, which nobody listed.
        check("d/e/absent.yaml", "there", false);
        check("d/e/new.yaml", "beside an absent one", true);
        check("d/other/new.yaml", "a directory more", true);
        check("d/e", "a file on the way", false);
        // Said to be changed, and the same.
        check("a/one.yaml", "1", true);
    }
}
