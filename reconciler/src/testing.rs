//! For tests: directories that clean up after themselves, and commits without a work tree.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use git2::{FileMode, Index, IndexEntry, IndexTime, Repository, Signature};

use engine::rollout::CommitId;

use crate::source::commit_id;

/// A directory of its own, removed at the end.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("kedge-reconciler-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Makes an empty bare repository.
pub(crate) fn init(path: &Path) {
    Repository::init_bare(path).unwrap();
}

/// Commits exactly these files on top of the branch; a path that ends in `@` is a symbolic link.
pub(crate) fn commit<P: AsRef<str>, C: AsRef<str>>(
    repository: &Path,
    branch: &str,
    message: &str,
    files: &BTreeMap<P, C>,
) -> CommitId {
    let repository = Repository::open_bare(repository).unwrap();
    let mut index = Index::new().unwrap();
    for (path, content) in files {
        let (path, content) = (path.as_ref(), content.as_ref());
        let (path, mode) = match path.strip_suffix('@') {
            Some(path) => (path, FileMode::Link),
            None => (path, FileMode::Blob),
        };
        let zero = IndexTime::new(0, 0);
        let entry = IndexEntry {
            ctime: zero,
            mtime: zero,
            dev: 0,
            ino: 0,
            mode: u32::try_from(i32::from(mode)).unwrap(),
            uid: 0,
            gid: 0,
            file_size: 0,
            id: repository.blob(content.as_bytes()).unwrap(),
            flags: 0,
            flags_extended: 0,
            path: path.as_bytes().to_vec(),
        };
        index.add(&entry).unwrap();
    }
    let tree = index.write_tree_to(&repository).unwrap();
    let tree = repository.find_tree(tree).unwrap();
    let reference = format!("refs/heads/{branch}");
    let parent = repository
        .find_reference(&reference)
        .ok()
        .map(|parent| parent.peel_to_commit().unwrap());
    let parents: Vec<&git2::Commit> = parent.iter().collect();
    let author = Signature::now("Ann", "ann@example.org").unwrap();
    let id = repository
        .commit(Some(&reference), &author, &author, message, &tree, &parents)
        .unwrap();
    commit_id(id)
}

/// What breaks readers of addresses and messages.
const WORDS: [&str; 14] = [
    "@", ":", "://", "//", "%", "%00", "%zz", "\n", "\0", "é", "[", "-", "\"", "..",
];

/// `count` texts that are nearly those of `corpus`: the same ones each time.
pub(crate) fn mutations(corpus: &[&str], count: u64) -> impl Iterator<Item = Vec<u8>> {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};
    (0..count).map(move |seed| {
        let mut random = StdRng::seed_from_u64(seed);
        let mut text = corpus[random.random_range(0..corpus.len())]
            .as_bytes()
            .to_vec();
        for _ in 0..random.random_range(1..5) {
            let at = random.random_range(0..=text.len());
            let end = (at + random.random_range(0..6)).min(text.len());
            match random.random_range(0..5) {
                0 => text.truncate(at),
                1 => drop(text.drain(at..end)),
                2 => {
                    let part = text[at..end].to_vec();
                    text.splice(at..at, part.repeat(random.random_range(1..40)));
                }
                3 if at < text.len() => text[at] ^= 1 << random.random_range(0..8),
                _ => {
                    let word = WORDS[random.random_range(0..WORDS.len())];
                    text.splice(at..at, word.bytes());
                }
            }
        }
        text
    })
}
