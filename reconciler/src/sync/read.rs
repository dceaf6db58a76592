//! What is in a commit: its Applications, and what each renders to. A commit is read as what is
//! different in it from one that was read before; what is not different is not looked at again.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::application::{self, Found};
use engine::rollout::CommitId;
use engine::tree::{Changes, Reader, Reads as Places, Recorder};
use engine::validate::{self, Rendered};
use engine::{Application, Problem, Problems, Tree};

use super::core::{Core, applications, unread};
use super::render::{Render, Renders, Trees};
use crate::source::{self, Location, Repository};

/// How many commits are kept as they were read: the followed one, the one that is pushed, the
/// branch somebody looks at.
const KEPT: usize = 3;

/// What is in a commit, rendered, and nothing wrong with it.
pub(crate) struct Read {
    commit: CommitId,
    /// By name.
    pub(crate) found: Vec<Arc<Found>>,
    /// Of those whose manifests are in the commit itself.
    pub(crate) renders: BTreeMap<String, Arc<Render>>,
    /// Everything that was read to find the Applications.
    places: Places,
}

/// The last commits that were read. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Reads {
    newest: Arc<Mutex<VecDeque<Arc<Read>>>>,
}

impl Reads {
    fn of(&self, commit: &CommitId) -> Option<Arc<Read>> {
        self.lock().iter().find(|it| it.commit == *commit).cloned()
    }

    fn newest(&self) -> Option<Arc<Read>> {
        self.lock().front().cloned()
    }

    pub(crate) fn forget(&self) {
        self.lock().clear();
    }

    fn keep(&self, read: &Arc<Read>) {
        let mut all = self.lock();
        all.retain(|it| it.commit != read.commit);
        all.push_front(read.clone());
        all.truncate(KEPT);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Read>>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a commit without asking the cluster.
pub(crate) async fn read(
    core: &Core,
    location: &Location,
    commit: &CommitId,
) -> Result<Result<Arc<Read>, Problems>, client::Error> {
    if let Some(known) = core.reads.of(commit) {
        return Ok(Ok(known));
    }
    let reading = Reading {
        base: core.reads.newest(),
        renders: core.renders.clone(),
        cluster: core.cluster.clone(),
        commit: commit.clone(),
        root: core.root(),
    };
    let read = location.read(move |git| reading.read(git));
    let read = read.await.map_err(unread)?;
    if let Ok(read) = &read {
        core.reads.keep(read);
    }
    Ok(read)
}

struct Reading {
    base: Option<Arc<Read>>,
    renders: Renders,
    cluster: super::Cluster,
    commit: CommitId,
    root: String,
}

impl Reading {
    fn read(&self, git: &Repository) -> Result<Result<Arc<Read>, Problems>, source::Error> {
        let tree = git.tree(&self.commit)?;
        // A repository that was replaced does not have the commit of before.
        let base = self.base.as_deref().and_then(|base| {
            let changes = git.changes(&base.commit, &self.commit).ok()?;
            Some((base, changes))
        });
        let base = base.as_ref().map(|(base, changes)| (*base, changes));
        Ok(self.find(&tree, base).and_then(|(found, places)| {
            let read = self.render(&tree, base, found, places);
            self.problems(&read, base.map(|(base, _)| base))
                .or(Arc::new(read))
        }))
    }

    fn find(
        &self,
        tree: &dyn Tree,
        base: Option<(&Read, &Changes)>,
    ) -> Result<(Vec<Arc<Found>>, Places), Problems> {
        if let Some((base, changes)) = base
            && base.places.hold_after(changes, tree).unwrap_or(false)
        {
            return Ok((base.found.clone(), base.places.clone()));
        }
        let recorder = Recorder::new(tree);
        rooted(&recorder, &self.root)?;
        let found = application::find(&recorder, &self.root)?;
        let found = found.into_iter().map(Arc::new).collect();
        Ok((found, recorder.into_reads()))
    }

    fn render(
        &self,
        tree: &dyn Tree,
        base: Option<(&Read, &Changes)>,
        found: Vec<Arc<Found>>,
        places: Places,
    ) -> Read {
        if let Some((base, changes)) = base {
            self.renders
                .carry(&base.commit, &self.commit, changes, tree);
        }
        let mut renders = self.rendered(tree, &found);
        let manifests = renders.values().flat_map(|it| it.manifests());
        let is_more_known = self.cluster.note(manifests);
        if is_more_known && renders.values().any(|it| it.manifests.is_err()) {
            // What one Application defines, the others may use.
            self.renders.forget();
            renders = self.rendered(tree, &found);
        }
        Read {
            commit: self.commit.clone(),
            found,
            renders,
            places,
        }
    }

    fn rendered(&self, tree: &dyn Tree, found: &[Arc<Found>]) -> BTreeMap<String, Arc<Render>> {
        let kinds = self.cluster.kinds();
        let here = applications(found).filter(|it| is_here(it));
        let render = |it: &Application| {
            let trees = Trees::same(tree, it);
            let render = self.renders.render(it, &self.commit, &trees, &kinds);
            (it.name.clone(), render)
        };
        here.map(render).collect()
    }

    fn problems(&self, read: &Read, base: Option<&Read>) -> Problems {
        if base.is_some_and(|base| is_same(base, read)) {
            // It was checked as it is.
            return Problems(Vec::new());
        }
        problems(&self.cluster, &read.found, &read.renders)
    }
}

fn is_same(one: &Read, other: &Read) -> bool {
    let found = one.found.iter().zip(&other.found);
    let renders = one.renders.values().zip(other.renders.values());
    one.found.len() == other.found.len()
        && one.renders.len() == other.renders.len()
        && found
            .into_iter()
            .all(|(one, other)| Arc::ptr_eq(one, other))
        && renders
            .into_iter()
            .all(|(one, other)| Arc::ptr_eq(one, other))
}

/// Everything that is wrong with Applications and what they render to.
pub(super) fn problems(
    cluster: &super::Cluster,
    found: &[Arc<Found>],
    renders: &BTreeMap<String, Arc<Render>>,
) -> Problems {
    cluster.note(renders.values().flat_map(|it| it.manifests()));
    let kinds = cluster.kinds();
    let failed = renders.values();
    let failed = failed.filter_map(|render| render.manifests.as_ref().err());
    let mut problems: Vec<Problem> = failed.flat_map(|it| it.0.clone()).collect();
    problems.extend(validate::commit(&kinds, found, &parts(renders)).0);
    Problems(problems)
}

fn parts(renders: &BTreeMap<String, Arc<Render>>) -> Vec<Rendered<'_>> {
    let parts = renders.iter();
    parts
        .map(|(application, render)| Rendered {
            application,
            manifests: render.manifests(),
        })
        .collect()
}

/// Whether there is a directory to look for Applications in: without it all would be removed.
fn rooted(tree: &dyn Tree, root: &str) -> Result<(), Problems> {
    if root.is_empty() || Reader::new(tree).directory(root)?.is_some() {
        return Ok(());
    }
    let problem = Problem::new("", format!("there is no directory {root} in the commit"));
    Err(problem
        .hint("--path names the directory that holds apps/")
        .into())
}

/// Whether the Application's manifests are in the very commit that defines it.
pub(crate) fn is_here(application: &Application) -> bool {
    application.sources().all(is_source_here)
}

/// The same of one of its sources.
pub(crate) fn is_source_here(source: &application::Source) -> bool {
    source.repo.is_empty() && source.revision.is_empty()
}

#[cfg(test)]
mod tests {
    use engine::tree::MapTree;

    use super::*;

    #[test]
    fn a_commit_without_the_directory_that_is_followed_removes_nothing() {
        let tree = MapTree::default().with_file("deploy/apps/web.yaml", "");
        let check = |root: &str, expected: Option<&str>| {
            let said = rooted(&tree, root).err().map(|it| it.summary());
            assert_eq!(said.as_deref(), expected, "{root}");
        };
        check("", None);
        check("deploy", None);
        check(
            "gone",
            Some(
                "there is no directory gone in the commit, \
                 --path names the directory that holds apps/",
            ),
        );
    }
}
