//! The commits of a branch that changed what an application asks for.

use engine::application::Source;
use engine::render::{self, Place};
use engine::rollout::CommitId;
use engine::{Kinds, Tree, application, plan};

use crate::source::{Commit, Error, Repository};
use crate::sync::is_source_here;

/// How far back a rollback goes, in commits.
const COMMITS: usize = 500;

/// From where to where, and whose commits.
pub(super) struct Way {
    pub(super) whose: Whose,
    /// Where the branch is.
    pub(super) tip: CommitId,
    /// The newest commit that is taken.
    pub(super) top: CommitId,
    /// The newest commit below, which is not.
    pub(super) below: CommitId,
}

/// Whose commits are taken.
#[derive(Debug, Clone)]
pub(super) enum Whose {
    Everybody,
    /// The one of this name, which the commits define below `root`.
    Application {
        name: String,
        root: String,
    },
    /// One that is defined elsewhere: what these make of the commits.
    Sources {
        sources: Vec<Source>,
        namespace: String,
    },
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
        match &self.whose {
            // Each commit is one that counts: nobody asks what it changes.
            Whose::Everybody => Ok(at.0.clone()),
            Whose::Application { name, root } => {
                let tree = git.tree(at)?;
                let found = application::find(&tree, root).unwrap_or_default();
                let mut found = found.into_iter().map(|found| found.application);
                let Some(application) = found.find(|it| it.name == *name) else {
                    return Ok("absent".into());
                };
                let sources = application.sources().filter(|it| is_source_here(it));
                Ok(rendered(
                    kinds,
                    &tree,
                    sources,
                    &application.target_namespace,
                ))
            }
            Whose::Sources { sources, namespace } => {
                Ok(rendered(kinds, &git.tree(at)?, sources.iter(), namespace))
            }
        }
    }
}

fn rendered<'a>(
    kinds: &Kinds,
    tree: &dyn Tree,
    sources: impl Iterator<Item = &'a Source>,
    namespace: &str,
) -> String {
    let place = |source| Place {
        tree,
        source,
        name: "",
    };
    let places: Vec<Place> = sources.map(place).collect();
    match render::places(&places, kinds, namespace) {
        Ok(rendered) => plan::content_digest(&rendered.manifests),
        Err(problems) => problems.to_string(),
    }
}
