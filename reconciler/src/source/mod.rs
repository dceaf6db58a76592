//! Git repositories: read, never checked out.

mod address;
mod commit;
mod error;
mod git;
mod mirror;
mod notify;
#[cfg(test)]
mod tests;
mod tree;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tokio::sync::Notify;

use client::Env;
use engine::rollout::CommitId;

pub use address::probe;
pub use commit::{Commit, Person};
pub use error::Error;
pub(crate) use git::commit_id;
pub use git::{Location, Repository};
pub use mirror::Access;
pub use tree::GitTree;
pub(crate) use watch::{Polling, Waker};

/// The name of the repository that Kedge hosts itself.
pub const HOSTED: &str = "hosted";

/// Where mirrors are below the service's data directory.
pub(crate) fn mirrors(data: &Path) -> PathBuf {
    data.join("git/mirrors")
}

/// Whether the service with this data directory has fetched the repository before.
pub fn is_mirrored(url: &str, data: &Path) -> bool {
    let source = Source::remote(url, Access::default(), &mirrors(data));
    source.location.path.is_dir()
}

/// One repository that is followed. Cheap to clone.
#[derive(Clone)]
pub struct Source {
    /// For people: [`HOSTED`], or the URL without a password.
    pub name: String,
    /// Where it can be read on this machine.
    pub location: Location,
    remote: Option<Arc<Remote>>,
}

struct Remote {
    url: String,
    access: Access,
}

impl Source {
    /// The repository Kedge hosts, at this place.
    pub fn hosted(path: &Path) -> Self {
        Self {
            name: HOSTED.to_owned(),
            location: Location::new(path),
            remote: None,
        }
    }

    /// A repository elsewhere (https, ssh, a path), mirrored below `mirrors`.
    pub fn remote(url: &str, access: Access, mirrors: &Path) -> Self {
        let digest = Sha256::digest(url.as_bytes());
        let name: String = digest[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self {
            name: mirror::shown(url),
            location: Location::new(mirrors.join(format!("{name}.git"))),
            remote: Some(Arc::new(Remote {
                url: url.to_owned(),
                access,
            })),
        }
    }

    pub fn is_hosted(&self) -> bool {
        self.remote.is_none()
    }

    /// Fetches what is new; nothing to do for the hosted one.
    pub async fn refresh(&self, env: &Env) -> Result<(), Error> {
        match &self.remote {
            Some(remote) => mirror::fetch(&self.location, &remote.url, &remote.access, env).await,
            None => Ok(()),
        }
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
        let url = self.remote.as_ref().map_or(&*hosted, |remote| &remote.url);
        notify::Notifier::start(url, wake)
    }
}
