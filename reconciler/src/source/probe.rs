//! What can be said about a repository before anything is started.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use client::Env;
use engine::tree::path;

use super::address::{Address, Remote, branches, no_branch, open};
use super::command::Session;
use super::{Access, Apps, Error, Location, Source, mirrors};

/// How long a repository elsewhere may take to say what it has.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long the newest commit's directories may take to arrive.
const LOOKING: Duration = Duration::from_mins(1);

/// What somebody asks to have followed.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    pub url: &'a str,
    /// A directory; see [`Access::from_directory`].
    pub credentials: Option<&'a Path>,
    pub branch: &'a str,
    /// The directory that holds `apps/`.
    pub root: &'a str,
}

/// What the look came to.
#[derive(Debug)]
pub enum Probe {
    /// It is there, as far as it has any commit.
    Fine,
    /// It is not there now, but was fetched before: the cluster is kept as it was last.
    Away(Error),
}

/// Looks at what somebody asks to have followed by the service with this data directory.
///
/// # Errors
/// What is wrong with the address, the credentials, the repository, the branch, or the directory.
pub async fn probe(wish: &Wish<'_>, data: &Path, env: &Env) -> Result<Probe, Error> {
    let address = Address::parse(wish.url)?;
    let wanted = Wanted::new(wish)?;
    let access = match wish.credentials {
        Some(directory) => Access::from_directory(directory)?,
        None => Access::default(),
    };
    let access = Apps::default().signed_in(&access, env).await?;
    let mirror = Source::remote(wish.url, &mirrors(data)).location.path;
    let looked = match address {
        Address::Local(path) => wanted.clone().look_at(path).await,
        Address::Remote(remote) => wanted.ask(&remote, &access, &mirror, env).await,
    };
    match looked {
        Err(error) if error.is_away() && mirror.is_dir() => {
            wanted.look_at(mirror).await?;
            Ok(Probe::Away(error))
        }
        looked => looked.map(|()| Probe::Fine),
    }
}

#[derive(Clone)]
struct Wanted {
    shown: String,
    branch: String,
    /// As written, for people.
    written: String,
    root: String,
}

impl Wanted {
    fn new(wish: &Wish<'_>) -> Result<Self, Error> {
        let mut wanted = Self {
            shown: super::mirror::shown(wish.url),
            branch: wish.branch.to_owned(),
            written: wish.root.to_owned(),
            root: String::new(),
        };
        wanted.root = path::join("", wish.root).ok_or_else(|| wanted.no_directory())?;
        Ok(wanted)
    }

    fn no_directory(&self) -> Error {
        Error::NoDirectory {
            repository: self.shown.clone(),
            branch: self.branch.clone(),
            path: self.written.clone(),
        }
    }

    /// Looks into a repository of this machine. One without any commit may get its first.
    async fn look_at(self, path: PathBuf) -> Result<(), Error> {
        let looking = client::blocking(move || self.look(&path));
        looking.await.map_err(Error::Broken)?
    }

    fn look(&self, path: &Path) -> Result<(), Error> {
        let failed = |operation| {
            move |source: git2::Error| Error::Git {
                operation,
                repository: path.to_owned(),
                source: source.into(),
            }
        };
        let repository = open(path)?;
        let name = format!("refs/heads/{}", self.branch);
        let Ok(head) = repository.find_reference(&name) else {
            let branches = branches(&repository).map_err(failed("list the branches"))?;
            if branches.is_empty() {
                return Ok(());
            }
            return Err(no_branch(&self.shown, &self.branch, &branches));
        };
        let tree = head.peel_to_tree().map_err(failed("read the branch"))?;
        self.look_into(&tree)
    }

    fn look_into(&self, tree: &git2::Tree) -> Result<(), Error> {
        let is_there = self.root.is_empty()
            || tree
                .get_path(Path::new(&self.root))
                .is_ok_and(|entry| entry.kind() == Some(git2::ObjectType::Tree));
        if is_there {
            Ok(())
        } else {
            Err(self.no_directory())
        }
    }

    /// Asks a repository elsewhere for its branches, and for the directory where one is named.
    async fn ask(
        &self,
        remote: &Remote,
        access: &Access,
        mirror: &Path,
        env: &Env,
    ) -> Result<(), Error> {
        let place = format!("kedge-probe-{}", env.ids.uid());
        let place = std::env::temp_dir().join(place);
        let session = Session::open(remote, access, place.clone())?;
        let line: [&OsStr; 2] = ["ls-remote".as_ref(), "--heads".as_ref()];
        let answer = session.git(&line, &[], PATIENCE, env).await?;
        let heads = heads(&String::from_utf8_lossy(&answer));
        let Some(commit) = heads.get(&self.branch) else {
            if heads.is_empty() {
                return Ok(());
            }
            let names: Vec<String> = heads.into_keys().collect();
            return Err(no_branch(&self.shown, &self.branch, &names));
        };
        if self.root.is_empty() {
            return Ok(());
        }
        if let Some(looked) = self.known(mirror, commit).await? {
            return looked;
        }
        let copy = place.join("copy.git");
        git2::Repository::init_bare(&copy).map_err(|source| Error::Git {
            operation: "make a place to look at",
            repository: copy.clone(),
            source: source.into(),
        })?;
        let line = [
            "--git-dir".as_ref(),
            copy.as_os_str(),
            "fetch".as_ref(),
            "--quiet".as_ref(),
            "--depth=1".as_ref(),
            "--filter=blob:none".as_ref(),
            "--no-tags".as_ref(),
        ];
        let head = format!("+refs/heads/{0}:refs/heads/{0}", self.branch);
        session.git(&line, &[&head], LOOKING, env).await?;
        self.clone().look_at(copy).await
    }

    /// What a mirror that has the commit says.
    async fn known(&self, mirror: &Path, commit: &str) -> Result<Option<Result<(), Error>>, Error> {
        let (wanted, commit) = (self.clone(), engine::rollout::CommitId(commit.to_owned()));
        if !mirror.is_dir() {
            return Ok(None);
        }
        let location = Location::new(mirror);
        let reading = location.read(move |git| {
            let Ok(commit) = git.find(&commit) else {
                return Ok(None);
            };
            let tree = commit.tree().map_err(git.failed("read a tree"))?;
            Ok(Some(wanted.look_into(&tree)))
        });
        reading.await
    }
}

/// The branches and their commits out of what `git ls-remote` prints.
fn heads(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter_map(|line| line.split_once('\t'));
    lines
        .filter_map(|(commit, name)| {
            let name = name.strip_prefix("refs/heads/")?;
            Some((name.to_owned(), commit.to_owned()))
        })
        .collect()
}
