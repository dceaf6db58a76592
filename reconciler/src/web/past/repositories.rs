//! The repositories as far as they are known of then: who read them, and where the followed branch
//! was. What else a repository said then nobody wrote down. Pure.

use std::sync::Arc;

use api::Object;
use engine::Application;
use engine::rollout::CommitId;

use crate::githost::hosted::CLUSTER;
use crate::service::{BranchHead, RepositoryView};
use crate::sync::news;

/// What the bar of these pages says.
pub(super) const UNKEPT: &str = "Kept are where the followed branch was, and which applications read a repository. \
    Other branches, fetches, webhooks, mirrors, rules and errors of then are not.";

/// Those of now that somebody read then, and the followed one.
pub(super) fn repositories(
    now: impl Iterator<Item = RepositoryView>,
    applications: &[Arc<Object>],
    head: Option<&CommitId>,
) -> Vec<RepositoryView> {
    let applications: Vec<Application> = applications
        .iter()
        .map(|object| Application::from_object(object))
        .collect();
    let then = |view: RepositoryView| RepositoryView {
        applications: readers(&view, &applications),
        branches: match (head, view.name == CLUSTER) {
            (Some(commit), true) => vec![BranchHead {
                name: view.followed.clone(),
                commit: commit.clone(),
            }],
            _ => Vec::new(),
        },
        fetched_at: None,
        told_at: None,
        webhook: None,
        error: String::new(),
        mirrors: Vec::new(),
        rules: Vec::new(),
        ..view
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
