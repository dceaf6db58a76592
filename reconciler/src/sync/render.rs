//! What each Application renders to, remembered under everything that was read for it: a commit
//! that touches nothing of it renders nothing.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::application::Source;
use engine::hook::{Hook, hooks};
use engine::render::{self, Place};
use engine::rollout::CommitId;
use engine::sops::Sealed;
use engine::tree::{Changes, Reads, Recorder};
use engine::{Application, Kinds, Manifest, Problem, Problems, Tree, plan};
use prometheus_client::metrics::counter::Counter;

use crate::source::Keyring;

/// How many renders of one Application are kept: the current one, the one that is being checked,
/// the one somebody looks at.
const KEPT: usize = 4;

/// One render.
#[derive(Debug)]
pub(crate) struct Render {
    /// With tokens for what is encrypted; see [`Renders::open`].
    pub(crate) manifests: Result<Vec<Manifest>, Problems>,
    /// Equal where the same objects are asked for; empty where nothing can be rendered.
    pub(crate) digest: String,
    /// Those among the manifests. What is wrong with one is found by the plan.
    pub(crate) hooks: Vec<Hook>,
    sealed: Sealed,
    /// Keys are missing, or cannot be read: it may be another one with the same files.
    is_locked: bool,
    /// Of each source.
    reads: Vec<Reads>,
    sources: Vec<Source>,
    namespace: String,
}

/// All renders there are. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Renders {
    cache: Arc<Mutex<BTreeMap<String, Vec<Entry>>>>,
    /// How often all was forgotten.
    age: Arc<AtomicU64>,
    keys: Keyring,
    /// How often an Application was rendered.
    pub(crate) rendered: Counter,
    /// How often a render was found to hold for one more commit.
    pub(crate) reused: Counter,
}

struct Entry {
    render: Arc<Render>,
    /// The last commits it was found to hold for, newest first.
    commits: Vec<CommitId>,
}

impl Entry {
    fn holds_for(&mut self, commit: &CommitId) {
        if !self.commits.contains(commit) {
            self.commits.insert(0, commit.clone());
            self.commits.truncate(KEPT);
        }
    }
}

impl Renders {
    pub(crate) fn new(keys: &Keyring) -> Self {
        Self {
            keys: keys.clone(),
            ..Self::default()
        }
    }

    /// Manifests of a render as they are applied: decrypted where they are encrypted. For one use.
    pub(crate) fn open<'a>(
        &self,
        render: &Render,
        manifests: &'a [Manifest],
    ) -> Result<Cow<'a, [Manifest]>, Problems> {
        if render.sealed.is_empty() {
            return Ok(Cow::Borrowed(manifests));
        }
        self.keys.open(&render.sealed, manifests).map(Cow::Owned)
    }

    /// The render of `application` at `commit`, if it is known without a look at the files.
    pub(crate) fn known(
        &self,
        application: &Application,
        commit: &CommitId,
    ) -> Option<Arc<Render>> {
        let cache = self.lock();
        let mut entries = cache.get(&application.name)?.iter();
        let found = entries.find(|e| e.commits.contains(commit) && e.render.is_of(application))?;
        Some(found.render.clone())
    }

    /// The render of `application` over `trees`, which are those of `commit`, one for each source.
    pub(crate) fn render(
        &self,
        application: &Application,
        commit: &CommitId,
        trees: &Trees,
        kinds: &Kinds,
    ) -> Arc<Render> {
        if let Some(render) = self.known(application, commit) {
            return render;
        }
        let age = self.age.load(Ordering::SeqCst);
        let render = if let Some(held) = self.holding(application, trees) {
            self.reused.inc();
            held
        } else {
            self.rendered.inc();
            Arc::new(self.fresh(application, trees, kinds))
        };
        if render.is_locked {
            return render;
        }
        let mut cache = self.lock();
        if self.age.load(Ordering::SeqCst) != age {
            return render;
        }
        let entries = cache.entry(application.name.clone()).or_default();
        let known = entries
            .iter()
            .position(|entry| Arc::ptr_eq(&entry.render, &render));
        let mut entry = match known {
            Some(at) => entries.remove(at),
            None => Entry {
                render: render.clone(),
                commits: Vec::new(),
            },
        };
        entry.holds_for(commit);
        entries.insert(0, entry);
        entries.truncate(KEPT);
        render
    }

    /// Finds what held for commit `base` and holds for `commit` too, whose tree is `tree`: all of
    /// it in one go, and without a look at what is the same in both.
    pub(crate) fn carry(
        &self,
        base: &CommitId,
        commit: &CommitId,
        changes: &Changes,
        tree: &dyn Tree,
    ) {
        for entry in self.lock().values_mut().flatten() {
            let held = entry.commits.contains(base) && !entry.commits.contains(commit);
            let mut reads = entry.render.reads.iter();
            if held && reads.all(|it| it.hold_after(changes, tree).unwrap_or(false)) {
                self.reused.inc();
                entry.holds_for(commit);
            }
        }
    }

    /// Forgets everything: what is under way is not kept either.
    pub(crate) fn forget(&self) {
        let mut cache = self.lock();
        self.age.fetch_add(1, Ordering::SeqCst);
        cache.clear();
    }

    /// Forgets Applications that are not among `names`.
    pub(crate) fn retain(&self, names: &BTreeSet<&str>) {
        self.lock().retain(|name, _| names.contains(name.as_str()));
    }

    fn holding(&self, application: &Application, trees: &Trees) -> Option<Arc<Render>> {
        let candidates: Vec<Arc<Render>> = {
            let cache = self.lock();
            let entries = cache.get(&application.name).into_iter().flatten();
            entries.map(|entry| entry.render.clone()).collect()
        };
        candidates
            .into_iter()
            .find(|render| render.is_of(application) && render.holds_in(trees))
    }

    fn fresh(&self, application: &Application, trees: &Trees, kinds: &Kinds) -> Render {
        let recorders: Vec<Recorder> = trees.all().map(Recorder::new).collect();
        let names: Vec<String> = application.sources().map(|it| trees.name(it)).collect();
        let places: Vec<Place> = recorders
            .iter()
            .zip(application.sources())
            .zip(&names)
            .map(|((recorder, source), name)| Place {
                tree: recorder,
                source,
                name,
            })
            .collect();
        let rendered = render::places(&places, kinds, &application.target_namespace);
        let (mut manifests, sealed) = match rendered {
            Ok(rendered) => (Ok(rendered.manifests), rendered.sealed),
            Err(problems) => (Err(problems), Sealed::default()),
        };
        let mut is_locked = false;
        if let (Ok(found), false) = (&manifests, sealed.is_empty())
            && let Err(problems) = self.keys.open(&sealed, found)
        {
            manifests = Err(problems);
            is_locked = true;
        }
        let all = manifests.as_deref().unwrap_or_default();
        Render {
            hooks: hooks(kinds, all).unwrap_or_default(),
            digest: manifests
                .as_deref()
                .map(plan::content_digest)
                .unwrap_or_default(),
            manifests,
            sealed,
            is_locked,
            reads: recorders.into_iter().map(Recorder::into_reads).collect(),
            sources: application.sources().cloned().collect(),
            namespace: application.target_namespace.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<Entry>>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The tree of each source of an Application, in their order.
pub(crate) struct Trees<'a> {
    trees: Vec<&'a dyn Tree>,
    first: &'a Source,
}

impl<'a> Trees<'a> {
    /// All sources are in one commit.
    pub(crate) fn same(tree: &'a dyn Tree, application: &'a Application) -> Self {
        Self::new(application.sources().map(|_| tree).collect(), application)
    }

    pub(crate) fn new(trees: Vec<&'a dyn Tree>, application: &'a Application) -> Self {
        let first = &application.source;
        Self { trees, first }
    }

    fn all(&self) -> impl Iterator<Item = &'a dyn Tree> {
        self.trees.iter().copied()
    }

    fn name(&self, source: &Source) -> String {
        before_files(self.first, source)
    }
}

/// What is written before the files of a source; nothing for those beside the first's.
pub(crate) fn before_files(first: &Source, source: &Source) -> String {
    let (repo, revision) = (source.repo.as_str(), source.revision.as_str());
    if (repo, revision) == (first.repo.as_str(), first.revision.as_str()) {
        return String::new();
    }
    let repo = if repo.is_empty() { "cluster" } else { repo };
    match revision {
        "" => format!("{repo}//"),
        revision => format!("{repo}@{revision}//"),
    }
}

impl Render {
    fn holds_in(&self, trees: &Trees) -> bool {
        let mut each = self.reads.iter().zip(trees.all());
        each.all(|(reads, tree)| reads.hold_in(tree).unwrap_or(false))
    }

    /// One that cannot be made.
    pub(crate) fn failed(application: &Application, why: Problem) -> Self {
        Self {
            manifests: Err(why.into()),
            digest: String::new(),
            hooks: Vec::new(),
            sealed: Sealed::default(),
            is_locked: true,
            reads: Vec::new(),
            sources: application.sources().cloned().collect(),
            namespace: application.target_namespace.clone(),
        }
    }

    fn is_of(&self, application: &Application) -> bool {
        application.sources().eq(&self.sources) && self.namespace == application.target_namespace
    }

    /// Whether any of it is encrypted. What is made of such a one is not kept.
    pub(crate) fn is_sealed(&self) -> bool {
        !self.sealed.is_empty()
    }

    /// Nothing if it cannot be rendered.
    pub(crate) fn manifests(&self) -> &[Manifest] {
        self.manifests.as_deref().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use engine::tree::MapTree;
    use serde_json::json;

    use super::*;

    fn config(value: &str) -> String {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{k: {value}}}\n")
    }

    #[test]
    fn an_unrelated_commit_renders_nothing() {
        let body = json!({"metadata": {"name": "web"}, "spec": {"source": {"path": "web"}}});
        let application = Application::from_object(&body.into());
        let (renders, kinds) = (Renders::default(), Kinds::served());
        let commit = |name: &str| CommitId(name.into());
        let render = |name: &str, tree: &MapTree| {
            let trees = Trees::same(tree, &application);
            renders.render(&application, &commit(name), &trees, &kinds)
        };
        let first = MapTree::default().with_file("web/a.yaml", config("one"));
        let one = render("1", &first);
        assert_eq!(one.manifests().len(), 1);
        let unrelated = first.clone().with_file("api/b.yaml", config("x"));
        assert!(Arc::ptr_eq(&one, &render("2", &unrelated)));
        assert!(renders.known(&application, &commit("2")).is_some());
        assert!(renders.known(&application, &commit("1")).is_some());
        assert_eq!((renders.rendered.get(), renders.reused.get()), (1, 1));

        let other = render("3", &first.clone().with_file("web/a.yaml", config("two")));
        assert_ne!(one.digest, other.digest);
        let broken = render("4", &first.clone().with_file("web/a.yaml", "{"));
        assert!(broken.manifests.is_err() && broken.digest.is_empty());
        // What was there before is still known.
        assert!(Arc::ptr_eq(&one, &render("5", &first)));

        let carry = |base: &str, name: &str, tree: &MapTree, file: &str| {
            let changes = Changes::of_files([file]);
            renders.carry(&commit(base), &commit(name), &changes, tree);
            renders.known(&application, &commit(name)).is_some()
        };
        assert!(carry("5", "6", &unrelated, "api/b.yaml"));
        let changed = first.clone().with_file("web/a.yaml", config("three"));
        assert!(!carry("5", "7", &changed, "web/a.yaml"));
        assert!(!carry("none", "8", &unrelated, "api/b.yaml"));

        let moved = Application {
            target_namespace: "shop".into(),
            ..application.clone()
        };
        let trees = Trees::same(&first, &moved);
        let moved = renders.render(&moved, &commit("5"), &trees, &kinds);
        assert_eq!(moved.manifests()[0].object.namespace(), "shop");
        renders.retain(&BTreeSet::new());
        assert!(renders.known(&application, &commit("5")).is_none());
    }
}
