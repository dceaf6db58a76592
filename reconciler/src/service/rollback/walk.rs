//! The commits of a branch that changed what an application asks for.

use engine::render::{self, Place};
use engine::rollout::CommitId;
use engine::{Kinds, Tree, application, plan};

use crate::source::{Commit, Error, Repository};

/// How far back a rollback goes, in commits.
const COMMITS: usize = 500;

/// From where to where, and whose commits.
pub(super) struct Way {
    /// Empty for all of the repository.
    pub(super) application: String,
    /// Where in the repository Applications are looked for.
    pub(super) root: String,
    /// Where the branch is.
    pub(super) tip: CommitId,
    /// The newest commit that is taken.
    pub(super) top: CommitId,
    /// The newest commit below, which is not.
    pub(super) below: CommitId,
}

/// The commits from `top` down to `below`, newest first. `None` where the branch does not lead there.
pub(super) fn walk(
    git: &Repository,
    kinds: &Kinds,
    way: &Way,
) -> Result<Option<Vec<Commit>>, Error> {
    let mut commits = Vec::new();
    let mut at = way.tip.clone();
    let mut taking = false;
    let mut content = None;
    for _ in 0..COMMITS {
        if at == way.below {
            return Ok(Some(commits));
        }
        taking |= at == way.top;
        let commit = git.commit(&at)?;
        let Some(parent) = commit.parents.first().cloned() else {
            return Ok(None);
        };
        if taking {
            let own = match content.take() {
                Some(known) => known,
                None => way.content(kinds, git, &at)?,
            };
            let before = way.content(kinds, git, &parent)?;
            if before != own {
                commits.push(commit);
            }
            content = Some(before);
        }
        at = parent;
    }
    Ok(None)
}

impl Way {
    /// A name for what the commit makes of the application.
    fn content(&self, kinds: &Kinds, git: &Repository, at: &CommitId) -> Result<String, Error> {
        if self.application.is_empty() {
            // Each commit is one that counts: nobody asks what it changes.
            return Ok(at.0.clone());
        }
        Ok(self.rendered(kinds, &git.tree(at)?))
    }

    fn rendered(&self, kinds: &Kinds, tree: &dyn Tree) -> String {
        let found = application::find(tree, &self.root).unwrap_or_default();
        let mut found = found.into_iter();
        let Some(found) = found.find(|it| it.application.name == self.application) else {
            return "absent".into();
        };
        let application = &found.application;
        let here = application.sources().filter(|it| it.repo.is_empty());
        let places: Vec<Place> = here
            .map(|source| Place {
                tree,
                source,
                name: "",
            })
            .collect();
        match render::places(&places, kinds, &application.target_namespace) {
            Ok(rendered) => plan::content_digest(&rendered.manifests),
            Err(problems) => problems.to_string(),
        }
    }
}
