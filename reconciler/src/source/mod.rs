//! Git repositories: read, never checked out.

mod access;
mod address;
mod beginning;
mod changed;
mod command;
mod commit;
mod error;
mod failure;
mod git;
mod github;
mod hosts;
mod keyring;
mod merge;
mod mirror;
mod notify;
mod probe;
mod range;
pub(crate) mod signature;
#[cfg(test)]
mod tests;
mod tree;
mod upkeep;
mod watch;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use tokio::sync::Notify;

use client::Env;
use engine::rollout::CommitId;

pub use access::Access;
use address::{Address, Remote};
pub use commit::{Commit, Person};
pub use error::Error;
pub use failure::{Failure, FailureKind};
pub(crate) use git::commit_id;
pub use git::{Location, Moved, Repository};
pub(crate) use github::Apps;
pub(crate) use hosts::Hosts;
pub use keyring::{Keyring, KeyringError};
pub use probe::{Probe, Wish, probe};
pub use signature::{SigningKey, SigningKeyError, Trust};
pub use tree::GitTree;
pub use upkeep::{Kept, Limits, Upkeep, Use};
pub(crate) use watch::{Polling, Waker};

/// The name of the repository that Kedge hosts itself.
pub const HOSTED: &str = "hosted";

/// What a branch would be once it is merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merged {
    Commit(CommitId),
    /// It is in there already.
    Nothing,
    /// Both changed the same places of these files.
    Conflicts(Vec<String>),
}

/// Refs besides branches and tags that are fetched from one repository.
const REFS: usize = 1_000;

/// Where mirrors are below the service's data directory.
pub(crate) fn mirrors(data: &Path) -> PathBuf {
    data.join("git/mirrors")
}

/// The host of an address, where it is not on this machine.
pub(crate) fn host(url: &str) -> Option<String> {
    match Address::parse(url) {
        Ok(Address::Remote(remote)) => Some(remote.host),
        _ => None,
    }
}

/// One repository that is followed. Cheap to clone.
#[derive(Clone)]
pub struct Source {
    /// For people: [`HOSTED`], or the URL without a password.
    pub name: String,
    /// Where it can be read on this machine.
    pub location: Location,
    /// `None` for hosted ones.
    url: Option<Arc<str>>,
    /// Refs that somebody follows besides branches and tags.
    further: Arc<Mutex<BTreeSet<String>>>,
}

impl Source {
    /// The repository Kedge hosts, at this place.
    pub fn hosted(path: &Path) -> Self {
        Self {
            name: HOSTED.to_owned(),
            location: Location::new(path),
            url: None,
            further: Arc::default(),
        }
    }

    /// Another repository that is hosted here.
    pub fn kept(name: &str, path: &Path) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::hosted(path)
        }
    }

    /// A repository elsewhere (https, ssh, a path), mirrored below `mirrors`. Credentials make no
    /// other repository of it.
    pub fn remote(url: &str, mirrors: &Path) -> Self {
        let plain = match Address::parse(url) {
            Ok(Address::Remote(remote)) => remote.url,
            _ => url.to_owned(),
        };
        let digest = Sha256::digest(plain.as_bytes());
        let name: String = digest[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self {
            name: mirror::shown(url),
            location: Location::new(mirrors.join(format!("{name}.git"))),
            url: Some(url.into()),
            further: Arc::default(),
        }
    }

    pub fn is_hosted(&self) -> bool {
        self.url.is_none()
    }

    /// As it was named; `None` for the hosted one.
    pub(crate) fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// Its URL and its host, where it is not on this machine.
    pub(crate) fn elsewhere(&self) -> Option<(&str, String)> {
        let url = self.url.as_deref()?;
        match Address::parse(url) {
            Ok(Address::Remote(remote)) => Some((url, remote.host)),
            _ => None,
        }
    }

    /// Fetches what is new; nothing to do for the hosted one.
    pub async fn refresh(&self, access: &Access, env: &Env) -> Result<(), Error> {
        match &self.url {
            Some(url) => {
                let further = self.further().clone();
                mirror::fetch(&self.location, url, (access, &further), env).await
            }
            None => Ok(()),
        }
    }

    /// Fetches, and a ref besides that nobody follows.
    pub(crate) async fn refresh_with(
        &self,
        reference: &str,
        access: &Access,
        env: &Env,
    ) -> Result<(), Error> {
        let Some(url) = &self.url else {
            return Ok(());
        };
        let mut further = self.further().clone();
        further.insert(reference.to_owned());
        mirror::fetch(&self.location, url, (access, &further), env).await
    }

    /// Has the branches and tags of the repository at `url` here, and no others.
    pub(crate) async fn adopt(&self, url: &str, access: &Access, env: &Env) -> Result<(), Error> {
        let none = BTreeSet::new();
        mirror::fetch(&self.location, url, (access, &none), env).await?;
        mirror::point_head_at_branch(&self.location).await
    }

    /// Has the branches and tags of this one at `url`, and no others.
    pub(crate) async fn publish(&self, url: &str, access: &Access, env: &Env) -> Result<(), Error> {
        mirror::publish(&self.location, url, access, env).await
    }

    /// Has a ref fetched that is no branch and no tag, such as `refs/pull/7/head`. Answers whether
    /// it is one that nobody asked for before.
    pub(crate) fn follow_ref(&self, name: &str) -> bool {
        let is_further = self.url.is_some()
            && name.starts_with("refs/")
            && !["refs/heads/", "refs/tags/", "refs/kedge/"]
                .iter()
                .any(|known| name.starts_with(known))
            && git2::Reference::is_valid_name(name);
        let mut further = self.further();
        is_further && further.len() < REFS && further.insert(name.to_owned())
    }

    fn further(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.further.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there are commits, but none in this branch.
    pub async fn lacks(&self, branch: &str) -> Result<Option<Error>, Error> {
        let (name, branch) = (self.name.clone(), branch.to_owned());
        let reading = self.location.read(move |git| {
            let branches = git.branches()?;
            let lacks = !branches.is_empty() && !branches.contains(&branch);
            Ok(lacks.then(|| address::no_branch(&name, &branch, &branches)))
        });
        reading.await
    }

    /// The commit the branch is at, as of the last refresh.
    pub async fn head(&self, branch: &str) -> Result<Option<CommitId>, Error> {
        let branch = branch.to_owned();
        self.location.read(move |git| git.branch(&branch)).await
    }

    pub async fn commit(&self, id: &CommitId) -> Result<Commit, Error> {
        let id = id.clone();
        self.location.read(move |git| git.commit(&id)).await
    }

    pub async fn resolve(&self, revision: &str) -> Result<Option<CommitId>, Error> {
        let revision = revision.to_owned();
        self.location.read(move |git| git.resolve(&revision)).await
    }

    /// Wakes `wake` whenever the repository changes, where that can be seen from here.
    fn notifier(&self, wake: &Arc<Notify>) -> Option<notify::Notifier> {
        let hosted = self.location.path.to_string_lossy();
        let url = self.url.as_deref().unwrap_or(&hosted);
        notify::Notifier::start(url, wake)
    }
}
