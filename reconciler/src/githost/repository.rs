//! The hosted repository itself: made once, filled once, moved only by compare-and-swap.

use std::fs;
use std::path::{Path, PathBuf};

use git2::{FileMode, Oid, Repository, RepositoryInitOptions, Signature};

use engine::rollout::CommitId;

use crate::source::{Person, commit_id};

/// Where the hosted repository is below the data directory.
pub const PATH: &str = "git/cluster.git";
/// The author of what Kedge writes by itself.
const NAME: &str = "Kedge";
const EMAIL: &str = "kedge@localhost";

/// Why the repository could not be made or moved.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot {operation} in {}", repository.display())]
    Git {
        operation: &'static str,
        repository: PathBuf,
        #[source]
        source: git2::Error,
    },
    #[error("cannot read {}", path.display())]
    Seed {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{branch} is at {actual} by now, not at {expected}")]
    Moved {
        branch: String,
        expected: CommitId,
        actual: CommitId,
    },
}

pub(super) fn failed(
    operation: &'static str,
    repository: &Path,
) -> impl Fn(git2::Error) -> Error + use<> {
    let repository = repository.to_owned();
    move |source| Error::Git {
        operation,
        repository: repository.clone(),
        source,
    }
}

/// Makes the bare repository where it is not there, with `branch` as its first. Where the branch
/// has no commit yet and `seed` is given, its files become the first one; answers its id.
pub fn prepare(path: &Path, branch: &str, seed: Option<&Path>) -> Result<Option<CommitId>, Error> {
    let repository = match Repository::open_bare(path) {
        Ok(repository) => repository,
        Err(_) => create(path, branch)?,
    };
    let Some(seed) = seed else {
        return Ok(None);
    };
    let reference = format!("refs/heads/{branch}");
    if repository.refname_to_id(&reference).is_ok() {
        return Ok(None);
    }
    let tree = directory(&repository, seed, path)?;
    let author = Signature::now(NAME, EMAIL).map_err(failed("sign", path))?;
    let tree = repository.find_tree(tree).map_err(failed("read", path))?;
    let message = "Describe the cluster\n\nThe first content of this repository.\n";
    let made = repository
        .commit(Some(&reference), &author, &author, message, &tree, &[])
        .map_err(failed("make the first commit", path))?;
    Ok(Some(commit_id(made)))
}

fn create(path: &Path, branch: &str) -> Result<Repository, Error> {
    let mut options = RepositoryInitOptions::new();
    options.bare(true).mkpath(true).initial_head(branch);
    Repository::init_opts(path, &options).map_err(failed("make a repository", path))
}

/// Writes a directory's files into the repository; `.git` is left out.
fn directory(repository: &Repository, from: &Path, path: &Path) -> Result<Oid, Error> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::Seed { path, source }
    };
    let write = failed("write a tree", path);
    let mut builder = repository.treebuilder(None).map_err(&write)?;
    for entry in fs::read_dir(from).map_err(unreadable(from))? {
        let entry = entry.map_err(unreadable(from))?;
        let (name, at) = (entry.file_name(), entry.path());
        let kind = entry.file_type().map_err(unreadable(&at))?;
        if name == ".git" {
            continue;
        }
        let (id, mode) = if kind.is_dir() {
            (directory(repository, &at, path)?, FileMode::Tree)
        } else if kind.is_symlink() {
            let target = fs::read_link(&at).map_err(unreadable(&at))?;
            let target = target.to_string_lossy().into_owned();
            let blob = repository.blob(target.as_bytes()).map_err(&write)?;
            (blob, FileMode::Link)
        } else if kind.is_file() {
            let content = fs::read(&at).map_err(unreadable(&at))?;
            let blob = repository.blob(&content).map_err(&write)?;
            (blob, mode(&at)?)
        } else {
            continue;
        };
        builder.insert(name, id, mode.into()).map_err(&write)?;
    }
    builder.write().map_err(&write)
}

fn mode(path: &Path) -> Result<FileMode, Error> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = fs::metadata(path).map_err(|source| Error::Seed {
        path: path.to_owned(),
        source,
    })?;
    Ok(if metadata.permissions().mode() & 0o100 == 0 {
        FileMode::Blob
    } else {
        FileMode::BlobExecutable
    })
}

/// Moves `branch` from `expected` to `new`, or says where it is instead.
pub fn advance(
    path: &Path,
    branch: &str,
    expected: &CommitId,
    new: &CommitId,
    log: &str,
) -> Result<(), Error> {
    let repository = Repository::open_bare(path).map_err(failed("open", path))?;
    let read = failed("read an id", path);
    let (old, new) = (
        Oid::from_str(&expected.0).map_err(&read)?,
        Oid::from_str(&new.0).map_err(&read)?,
    );
    let reference = format!("refs/heads/{branch}");
    let moved = repository.reference_matching(&reference, new, true, old, log);
    moved.map(drop).map_err(|error| {
        let actual = repository.refname_to_id(&reference).ok().map(commit_id);
        match actual {
            Some(actual) if actual != *expected => Error::Moved {
                branch: branch.to_owned(),
                expected: expected.clone(),
                actual,
            },
            _ => failed("move the branch", path)(error),
        }
    })
}

/// Who commits what people ask Kedge for.
pub(super) fn committer(path: &Path) -> Result<Signature<'static>, Error> {
    Signature::now(NAME, EMAIL).map_err(failed("sign", path))
}

/// A person as the author of a commit; what Git does not take in a name is left out.
pub(super) fn author(person: &Person, path: &Path) -> Result<Signature<'static>, Error> {
    let clean = |text: &str, instead: &str| {
        let text: String = text
            .chars()
            .filter(|c| !c.is_control() && !matches!(c, '<' | '>'))
            .collect();
        match text.trim() {
            "" => instead.to_owned(),
            text => text.to_owned(),
        }
    };
    let (name, email) = (clean(&person.name, NAME), clean(&person.email, EMAIL));
    Signature::now(&name, &email).map_err(failed("sign", path))
}
