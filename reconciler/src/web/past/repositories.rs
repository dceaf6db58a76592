//! The repositories as far as they are known of then: who read them, and where their branches were, as
//! pushes say. What else a repository said then nobody wrote down. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::Object;
use engine::Application;
use engine::rollout::CommitId;

use crate::githost::hosted::CLUSTER;
use crate::service::{BranchHead, RepositoryView};
use crate::sync::news;

/// What the bar of these pages says.
pub(super) const UNKEPT: &str = "Kept are where the followed branch and those of hosted repositories were, and which applications \
    read a repository. Other branches, fetches, webhooks, mirrors, rules and errors of then are not.";

/// Where branches were.
#[derive(Debug, Clone, Default)]
pub(super) struct Heads {
    /// That of the cluster repository that is followed.
    pub(super) followed: Option<CommitId>,
    /// Those that were pushed here: repository, branch, commit.
    pub(super) pushed: Vec<(String, String, CommitId)>,
}

impl Heads {
    /// Of one repository, by name.
    fn of(&self, view: &RepositoryView) -> Vec<BranchHead> {
        // One that is elsewhere now may have had the name of one that was here.
        let is_here = !view.clone_url.is_empty();
        let own = self
            .pushed
            .iter()
            .filter(|(name, ..)| is_here && *name == view.name);
        let mut heads: BTreeMap<&str, &CommitId> = own
            .map(|(_, branch, commit)| (branch.as_str(), commit))
            .collect();
        if let (Some(commit), true) = (&self.followed, view.name == CLUSTER) {
            heads.insert(&view.followed, commit);
        }
        let head = |(name, commit): (&str, &CommitId)| BranchHead {
            name: name.to_owned(),
            commit: commit.clone(),
        };
        heads.into_iter().map(head).collect()
    }
}

/// Those of now that somebody read then, and the followed one.
pub(super) fn repositories(
    now: impl Iterator<Item = RepositoryView>,
    applications: &[Arc<Object>],
    heads: &Heads,
) -> Vec<RepositoryView> {
    let applications: Vec<Application> = applications
        .iter()
        .map(|object| Application::from_object(object))
        .collect();
    let then = |view: RepositoryView| {
        let branches = heads.of(&view);
        RepositoryView {
            applications: readers(&view, &applications),
            branch_count: branches.len(),
            branches,
            fetched_at: None,
            told_at: None,
            webhook: None,
            error: String::new(),
            mirrors: Vec::new(),
            rules: Vec::new(),
            ..view
        }
    };
    let was = |view: &RepositoryView| view.name == CLUSTER || !view.applications.is_empty();
    now.map(then).filter(was).collect()
}

/// The applications that had a source in the repository.
fn readers(view: &RepositoryView, applications: &[Application]) -> Vec<String> {
    let own: Vec<String> = [&view.url, &view.clone_url]
        .into_iter()
        .filter(|url| !url.is_empty())
        .map(|url| news::name(url))
        .collect();
    let is_it = |url: &str| match url {
        "" => view.name == CLUSTER,
        url => url == view.name || own.contains(&news::name(url)),
    };
    let reads = applications
        .iter()
        .filter(|application| application.sources().any(|source| is_it(&source.repo)));
    reads.map(|application| application.name.clone()).collect()
}
