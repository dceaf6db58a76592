//! What a repository's address means, and what can be said about it before anything is fetched.

use std::path::{Path, PathBuf};

use git2::{BranchType, ErrorCode, Repository};

use engine::tree::path;

use super::Error;

/// What libgit2 speaks here.
const SCHEMES: [&str; 6] = ["https", "http", "ssh", "ssh+git", "git+ssh", "git"];
/// How many branches an error names.
const NAMED: usize = 8;

/// Where a repository is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    /// A directory of this machine.
    Local(PathBuf),
    Remote,
}

impl Address {
    /// Reads a URL, `user@host:path`, or a path.
    pub(super) fn parse(url: &str) -> Result<Self, Error> {
        let wrong = |problem: &str| Error::Address {
            url: super::mirror::shown(url),
            problem: problem.to_owned(),
        };
        if url.trim().is_empty() {
            return Err(wrong("it is empty"));
        }
        if let Some((scheme, rest)) = url.split_once("://") {
            let host = rest.split('/').next().unwrap_or_default();
            return match scheme {
                "file" => Ok(Self::Local(PathBuf::from(rest))),
                _ if !SCHEMES.contains(&scheme) => Err(wrong(&format!(
                    "nothing here speaks {scheme}; https, ssh and git are spoken"
                ))),
                _ if host.is_empty() => Err(wrong("it names no host")),
                _ => Ok(Self::Remote),
            };
        }
        let host = url.split('/').next().unwrap_or_default();
        if host.contains(':') && !Path::new(url).exists() {
            return Ok(Self::Remote);
        }
        Ok(Self::Local(PathBuf::from(url)))
    }
}

/// Opens a repository of this machine, bare or with its files beside it.
pub(super) fn open(path: &Path) -> Result<Repository, Error> {
    if !path.exists() {
        return Err(Error::Missing {
            path: path.to_owned(),
        });
    }
    Repository::open(path).map_err(|source| match source.code() {
        ErrorCode::NotFound => Error::NotRepository {
            path: path.to_owned(),
        },
        _ => failed("open the repository", path)(source),
    })
}

/// Looks at what somebody asks to have followed. A repository elsewhere is only looked at once it
/// is fetched, and one without any commit may get its first.
///
/// # Errors
/// What is wrong with the address, the repository, the branch, or the directory `root` in it.
pub fn probe(url: &str, branch: &str, root: &str) -> Result<(), Error> {
    let address = Address::parse(url)?;
    let missing = || Error::NoDirectory {
        repository: super::mirror::shown(url),
        branch: branch.to_owned(),
        path: root.to_owned(),
    };
    let root = path::join("", root).ok_or_else(missing)?;
    let Address::Local(path) = address else {
        return Ok(());
    };
    let repository = open(&path)?;
    let name = format!("refs/heads/{branch}");
    let Ok(head) = repository.find_reference(&name) else {
        let branches = branches(&repository).map_err(failed("list the branches", &path))?;
        if branches.is_empty() {
            return Ok(());
        }
        return Err(no_branch(url, branch, &branches));
    };
    let tree = head
        .peel_to_tree()
        .map_err(failed("read the branch", &path))?;
    let is_there = root.is_empty()
        || tree
            .get_path(Path::new(&root))
            .is_ok_and(|entry| entry.kind() == Some(git2::ObjectType::Tree));
    if is_there { Ok(()) } else { Err(missing()) }
}

/// The names of a repository's branches.
pub(super) fn branches(repository: &Repository) -> Result<Vec<String>, git2::Error> {
    let mut names = Vec::new();
    for branch in repository.branches(Some(BranchType::Local))? {
        let (branch, _) = branch?;
        names.push(String::from_utf8_lossy(branch.name_bytes()?).into_owned());
    }
    names.sort();
    Ok(names)
}

/// That a repository has other branches, but not this one.
pub(super) fn no_branch(url: &str, branch: &str, branches: &[String]) -> Error {
    let mut named = branches[..branches.len().min(NAMED)].join(", ");
    if branches.len() > NAMED {
        named = format!("{named} and {} more", branches.len() - NAMED);
    }
    Error::NoBranch {
        repository: super::mirror::shown(url),
        branch: branch.to_owned(),
        branches: named,
    }
}

fn failed(operation: &'static str, path: &Path) -> impl Fn(git2::Error) -> Error {
    move |source| Error::Git {
        operation,
        repository: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::testing::{Directory, commit};

    #[test]
    fn an_address_is_a_path_or_has_a_host() {
        let check = |url: &str, expected: Result<Option<&str>, &str>| {
            let parsed = Address::parse(url).map_err(|error| error.to_string());
            match (parsed, expected) {
                (Ok(Address::Local(path)), Ok(Some(local))) => assert_eq!(path, Path::new(local)),
                (Ok(Address::Remote), Ok(None)) => {}
                (Err(error), Err(text)) => assert!(error.contains(text), "{url}: {error}"),
                (parsed, _) => panic!("{url}: {parsed:?}, not {expected:?}"),
            }
        };
        check("/srv/x.git", Ok(Some("/srv/x.git")));
        check("x.git", Ok(Some("x.git")));
        check("file:///srv/x.git", Ok(Some("/srv/x.git")));
        check("https://example.org/x.git", Ok(None));
        check("ssh://git@example.org/x.git", Ok(None));
        check("git@example.org:x.git", Ok(None));
        check("", Err("empty"));
        check("https:///x.git", Err("no host"));
        check("ftp://example.org/x.git", Err("nothing here speaks ftp"));
        check(
            "gopher://ann:secret@example.org/x",
            Err("gopher://example.org/x is no address of a repository"),
        );
    }

    #[test]
    fn what_is_wrong_is_said_before_anything_starts() {
        let directory = Directory::new();
        let path = directory.path().join("x.git");
        let url = path.display().to_string();
        let check = |branch: &str, root: &str, expected: &str| {
            let said = probe(&url, branch, root).err().map(|it| it.to_string());
            let expected = (!expected.is_empty()).then(|| expected.replace("URL", &url));
            assert_eq!(said, expected);
        };
        check("main", ".", "there is no directory URL");
        std::fs::create_dir(&path).unwrap();
        check("main", ".", "URL is not a Git repository");
        Repository::init_bare(&path).unwrap();
        check("main", ".", "");
        commit(&path, "main", "One", &BTreeMap::from([("deploy/a", "a")]));
        commit(&path, "dev", "One", &BTreeMap::from([("b", "b")]));
        check("main", ".", "");
        check("main", "deploy", "");
        check(
            "mian",
            ".",
            "there is no branch mian in URL: it has dev, main",
        );
        for root in ["dev", "../x", "deploy/a"] {
            let expected = format!("there is no directory {root} in branch main of URL");
            check("main", root, &expected);
        }
    }
}
