//! A part of what is in a branch, and what a revert makes of that part alone: every other file stays
//! as it is.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use git2::{Commit, Index, IndexEntry, Oid, Repository};

use engine::rollout::CommitId;

use super::repository::{Error, failed};

/// Files that belong together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// With everything below them; the empty one is the whole branch.
    pub directories: BTreeSet<String>,
    /// Files elsewhere.
    pub files: BTreeSet<String>,
}

impl Part {
    pub fn has(&self, file: &str) -> bool {
        let mut directories = self.directories.iter();
        self.files.contains(file) || directories.any(|directory| is_below(file, directory))
    }

    /// Its directories, and those of the files that lie elsewhere.
    pub fn paths<'a>(&self, files: impl IntoIterator<Item = &'a String>) -> Vec<String> {
        let elsewhere = files.into_iter().filter(|file| self.files.contains(*file));
        let inside = |file: &str| self.directories.iter().any(|it| is_below(file, it));
        let elsewhere = elsewhere.filter(|file| !inside(file)).cloned();
        self.directories.iter().cloned().chain(elsewhere).collect()
    }
}

/// Whether the file lies below the directory, or is what is called so.
pub fn is_below(file: &str, directory: &str) -> bool {
    let rest = file.strip_prefix(directory);
    directory.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The files that these commits changed, each beside its first parent.
pub fn changed(path: &Path, commits: &[CommitId]) -> Result<BTreeSet<String>, Error> {
    let repository = Repository::open_bare(path).map_err(failed("open", path))?;
    let mut files = BTreeSet::new();
    let mut look = |id: &CommitId| -> Result<(), git2::Error> {
        let commit = repository.find_commit(Oid::from_str(&id.0)?)?;
        let before = commit.parents().next().map(|it| it.tree()).transpose()?;
        let diff = repository.diff_tree_to_tree(before.as_ref(), Some(&commit.tree()?), None)?;
        for delta in diff.deltas() {
            let sides = [delta.old_file(), delta.new_file()];
            let paths = sides.iter().filter_map(git2::DiffFile::path_bytes);
            files.extend(paths.map(|path| String::from_utf8_lossy(path).into_owned()));
        }
        Ok(())
    };
    commits
        .iter()
        .try_for_each(&mut look)
        .map_err(failed("read what a commit changed", path))?;
    Ok(files)
}

/// The tree of `at` with what `made` makes of the part, in which nothing conflicts.
pub(super) fn tree(
    repository: &Repository,
    (at, made): (&Commit, &Index),
    part: &Part,
) -> Result<Oid, git2::Error> {
    let mut index = Index::new()?;
    index.read_tree(&at.tree()?)?;
    let own = |entry: &IndexEntry| part.has(&String::from_utf8_lossy(&entry.path));
    let before: Vec<IndexEntry> = index.iter().filter(own).collect();
    for entry in before {
        index.remove_path(Path::new(OsStr::from_bytes(&entry.path)))?;
    }
    for entry in made.iter().filter(own) {
        index.add(&entry)?;
    }
    index.write_tree_to(repository)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_what_is_below_its_directories_and_what_is_named() {
        let set = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect();
        let part = Part {
            directories: set(&["shop"]),
            files: set(&["base/web.yaml", "shop/a.yaml"]),
        };
        let check = |file: &str, expected: bool| assert_eq!(part.has(file), expected, "{file}");
        check("shop/a.yaml", true);
        check("shop/deep/b.yaml", true);
        check("base/web.yaml", true);
        check("base/other.yaml", false);
        check("shop-2/a.yaml", false);
        check("shop", true);
        let files = ["base/web.yaml", "shop/a.yaml", "two/a.yaml"].map(str::to_owned);
        assert_eq!(part.paths(&files), ["shop", "base/web.yaml"]);
        assert!(is_below("a/b", "") && !is_below("ab/c", "a"));
    }
}
