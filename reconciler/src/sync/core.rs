//! What all parts of the reconciler share.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use tokio::sync::watch;

use api::{Collection, kinds};
use client::{Cache, Client, Env, Tasks, WorkQueue};
use engine::Application;
use engine::application::{Found, NAMESPACE};
use engine::tree::path;

use super::branches::Branches;
use super::cluster::Cluster;
use super::definitions::Definitions;
use super::fetch::Fetcher;
use super::holds::Holds;
use super::inventory::Inventory;
use super::mirroring::Mirroring;
use super::pulls::Changes;
use super::read::{Reads, is_source_here};
use super::render::Renders;
use super::signatures::Signatures;
use super::sources::Sources;
use super::standing::Standings;
use super::target::Target;
use super::trouble::Troubles;
use crate::config::Config;
use crate::events::Events;
use crate::githost::Repositories;
use crate::githost::hosted::CLUSTER;
use crate::history::{self, History, Trigger, Write};
use crate::service::Blames;
use crate::source::{self, Location, Source, Waker};
use crate::usage::Used;
use crate::web::webhook::Deliveries;

/// The key that stands for the set of all Applications; no Application has an empty name.
pub(crate) const SET: &str = "";

/// One instance's things.
pub(crate) struct Core {
    pub(crate) config: Config,
    pub(crate) env: Env,
    pub(crate) tasks: Tasks,
    pub(crate) client: Arc<dyn Client>,
    pub(crate) history: History,
    pub(crate) cluster: Cluster,
    pub(crate) inventory: Inventory,
    pub(crate) holds: Holds,
    pub(crate) renders: Renders,
    pub(crate) definitions: Definitions,
    pub(crate) signatures: Signatures,
    pub(crate) reads: Reads,
    /// The repository that is followed.
    pub(crate) source: Source,
    pub(crate) hosted: Arc<Repositories>,
    pub(crate) mirroring: Mirroring,
    /// The plans of branches that are being made.
    pub(crate) changes: Changes,
    /// What is new on branches that nobody follows.
    pub(crate) branches: Branches,
    pub(crate) fetcher: Fetcher,
    /// Those that single Applications name.
    pub(crate) sources: Sources,
    /// Wakes the one who follows `source`.
    pub(crate) waker: Waker,
    /// `None` before the first commit that can be followed.
    pub(crate) target: watch::Sender<Option<Arc<Target>>>,
    pub(crate) standings: Standings,
    pub(crate) troubles: Troubles,
    pub(crate) events: Events,
    /// The commits that lines of files came with.
    pub(crate) blames: Blames,
    pub(crate) deliveries: Deliveries,
    /// What was measured last.
    pub(crate) used: watch::Sender<Arc<Used>>,
    pub(crate) queue: OnceLock<WorkQueue<String>>,
}

impl Core {
    pub(crate) fn target(&self) -> Option<Arc<Target>> {
        self.target.borrow().clone()
    }

    /// Has the Application looked at as soon as possible.
    pub(crate) fn wake(&self, application: &str) {
        if let Some(queue) = self.queue.get() {
            queue.add(application.to_owned());
        }
    }

    /// The names of all Applications there are, or were until now.
    pub(crate) fn everybody(&self) -> BTreeSet<String> {
        let mut names: BTreeSet<String> = self.inventory.applications().into_iter().collect();
        if let Some(target) = self.target() {
            names.extend(target.applications.keys().cloned());
        }
        let objects = self.applications().in_namespace(NAMESPACE);
        names.extend(objects.iter().map(|object| object.name().to_owned()));
        names.remove(SET);
        names
    }

    pub(crate) fn wake_all(&self) {
        self.wake(SET);
        for name in &self.everybody() {
            self.wake(name);
        }
    }

    /// Has those looked at that have manifests in the repository at `path`, other than in the
    /// commit that is followed: who is concerned by that one hears of it where it is published.
    pub(crate) fn wake_readers(&self, path: &Path) {
        let Some(target) = self.target() else {
            return;
        };
        let reads = |application: &Application| {
            let mut sources = application.sources().filter(|it| !is_source_here(it));
            sources.any(|it| self.repository(it).location.path == path)
        };
        for found in target.applications.values() {
            if reads(&found.application) {
                self.wake(&found.application.name);
            }
        }
        for object in self.applications().in_namespace(NAMESPACE) {
            let by_hand = target.application(object.name()).is_none();
            let application = by_hand.then(|| self.application(&target, object.name()));
            if application.flatten().is_some_and(|it| reads(&it)) {
                self.wake(object.name());
            }
        }
    }

    /// Records, in the table and in memory.
    pub(crate) async fn commit(&self, writes: &[Write]) -> Result<(), client::Error> {
        self.history.commit(writes).await.map_err(recorded)?;
        self.inventory.follow(writes);
        self.holds.follow(writes);
        Ok(())
    }

    /// The Application objects in the cluster.
    pub(crate) fn applications(&self) -> Cache {
        self.cluster.cache(&application_collection())
    }

    pub(crate) fn rollouts(&self) -> Cache {
        self.cluster
            .cache(&Collection::new(kinds::GROUP, "rollouts"))
    }

    /// An Application that the commit defines, or that somebody made by hand.
    pub(crate) fn application(&self, target: &Target, name: &str) -> Option<Application> {
        if let Some(application) = target.application(name) {
            return Some(application.clone());
        }
        let key = application_collection().key(NAMESPACE, name);
        // One that came from a commit and is in none any more is on its way out.
        if self.inventory.owner(&key).is_some() {
            return None;
        }
        let object = self.applications().get(&key)?;
        if object.is_deleting() {
            return None;
        }
        let mut application = Application::from_object(&object);
        for source in application.sources_mut() {
            source.path = path::join(&self.root(), &source.path)?;
        }
        Some(application)
    }

    /// The directory of the repository that has `apps/` in it, normalised.
    pub(crate) fn root(&self) -> String {
        path::join("", &self.config.path).unwrap_or_default()
    }

    /// Where a repository is: the followed one, one that is hosted, or one that is read.
    pub(crate) fn location_of(&self, repository: &str) -> Option<Location> {
        if repository == CLUSTER {
            return Some(self.source.location.clone());
        }
        if let Some(hosted) = self.hosted.get(repository) {
            return Some(Location::new(hosted.path));
        }
        let mut followed = self.sources.followed().into_iter();
        let found = followed.find(|source| source.name == repository);
        found.map(|source| source.location)
    }

    /// The Applications that take their manifests from this hosted repository.
    pub(crate) fn readers(&self, repository: &str) -> Vec<String> {
        let Some(target) = self.target() else {
            return Vec::new();
        };
        let reads = |application: &&Application| {
            application.sources().any(|source| {
                let hosted = self.hosted.named(&source.repo);
                hosted.is_some_and(|hosted| hosted.name == repository)
            })
        };
        let all = target.applications.values().map(|found| &found.application);
        all.filter(reads).map(|it| it.name.clone()).collect()
    }

    /// The repository an Application's manifests are in: of several, the first.
    pub(crate) fn source_of(&self, application: &Application) -> Source {
        self.source_at(&application.source)
    }

    /// The repository that one source of an Application names; it is followed from now on.
    pub(crate) fn source_at(&self, source: &engine::application::Source) -> Source {
        self.follow(source);
        self.repository(source)
    }

    /// The same, whether or not it is followed.
    pub(crate) fn repository(&self, source: &engine::application::Source) -> Source {
        if self.is_tracked(&source.repo) {
            return self.source.clone();
        }
        self.sources.source(&source.repo)
    }

    /// One mirror has one who fetches into it.
    fn is_tracked(&self, url: &str) -> bool {
        url.is_empty() || self.sources.source(url).location == self.source.location
    }

    /// Has the repository of a source looked at from now on, and the ref that it names.
    pub(crate) fn follow(&self, source: &engine::application::Source) {
        let (url, revision) = (&source.repo, &source.revision);
        if self.is_tracked(url) {
            if self.source.follow_ref(revision) {
                self.waker.wake(Trigger::Application);
            }
        } else if self.sources.get(url).follow_ref(revision) {
            self.sources.wake(Trigger::Application, |it| it == url);
        }
    }
}

pub(crate) fn application_collection() -> Collection {
    Collection::new(kinds::GROUP, "applications")
}

/// The Applications of a commit.
pub(crate) fn applications(found: &[Arc<Found>]) -> impl Iterator<Item = &Application> {
    found.iter().map(|found| &found.application)
}

/// The driver knows what to do about a client's errors: these are for another try, later.
pub(crate) fn recorded(error: history::Error) -> client::Error {
    client::Error::Own {
        operation: "record what is done".into(),
        source: Box::new(error),
    }
}

pub(crate) fn unread(error: source::Error) -> client::Error {
    client::Error::Own {
        operation: "read the repository".into(),
        source: Box::new(error),
    }
}

/// The error with its causes, in one line.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
