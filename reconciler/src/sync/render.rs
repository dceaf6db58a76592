//! What each Application renders to, remembered under everything that was read for it: a commit
//! that touches nothing of it renders nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::application::Source;
use engine::hook::{Hook, hooks};
use engine::render::{self, Options};
use engine::rollout::CommitId;
use engine::tree::{Reads, Recorder};
use engine::{Application, Kinds, Manifest, Problems, Tree, plan};

/// How many renders of one Application are kept: the current one, the one that is being checked,
/// the one somebody looks at.
const KEPT: usize = 4;

/// One render.
#[derive(Debug)]
pub(crate) struct Render {
    pub(crate) manifests: Result<Vec<Manifest>, Problems>,
    /// Equal where the same objects are asked for; empty where nothing can be rendered.
    pub(crate) digest: String,
    /// Those among the manifests. What is wrong with one is found by the plan.
    pub(crate) hooks: Vec<Hook>,
    reads: Reads,
    source: Source,
    namespace: String,
}

/// All renders there are. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Renders {
    cache: Arc<Mutex<BTreeMap<String, Vec<Entry>>>>,
}

struct Entry {
    render: Arc<Render>,
    /// The last commit it was found to hold for.
    commit: CommitId,
}

impl Renders {
    /// The render of `application` at `commit`, if it is known without a look at the files.
    pub(crate) fn known(
        &self,
        application: &Application,
        commit: &CommitId,
    ) -> Option<Arc<Render>> {
        let cache = self.lock();
        let mut entries = cache.get(&application.name)?.iter();
        let found = entries.find(|e| e.commit == *commit && e.render.is_of(application))?;
        Some(found.render.clone())
    }

    /// The render of `application` over `tree`, which is the tree of `commit`.
    pub(crate) fn render(
        &self,
        application: &Application,
        commit: &CommitId,
        tree: &dyn Tree,
        kinds: &Kinds,
    ) -> Arc<Render> {
        if let Some(render) = self.known(application, commit) {
            return render;
        }
        let render = self
            .holding(application, tree)
            .unwrap_or_else(|| Arc::new(fresh(application, tree, kinds)));
        let mut cache = self.lock();
        let entries = cache.entry(application.name.clone()).or_default();
        entries.retain(|entry| !Arc::ptr_eq(&entry.render, &render));
        entries.insert(
            0,
            Entry {
                render: render.clone(),
                commit: commit.clone(),
            },
        );
        entries.truncate(KEPT);
        render
    }

    /// Forgets Applications that are not among `names`.
    pub(crate) fn retain(&self, names: &BTreeSet<&str>) {
        self.lock().retain(|name, _| names.contains(name.as_str()));
    }

    fn holding(&self, application: &Application, tree: &dyn Tree) -> Option<Arc<Render>> {
        let candidates: Vec<Arc<Render>> = {
            let cache = self.lock();
            let entries = cache.get(&application.name).into_iter().flatten();
            entries.map(|entry| entry.render.clone()).collect()
        };
        candidates
            .into_iter()
            .find(|render| render.is_of(application) && render.reads.hold_in(tree).unwrap_or(false))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<Entry>>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Render {
    fn is_of(&self, application: &Application) -> bool {
        self.source == application.source && self.namespace == application.target_namespace
    }

    /// Nothing if it cannot be rendered.
    pub(crate) fn manifests(&self) -> &[Manifest] {
        self.manifests.as_deref().unwrap_or_default()
    }
}

fn fresh(application: &Application, tree: &dyn Tree, kinds: &Kinds) -> Render {
    let recorder = Recorder::new(tree);
    let options = Options {
        kinds,
        namespace: &application.target_namespace,
        substitutions: application.source.substitutions.as_ref(),
    };
    let manifests = render::render(&recorder, &application.source.path, &options);
    let all = manifests.as_deref().unwrap_or_default();
    Render {
        hooks: hooks(kinds, all).unwrap_or_default(),
        digest: manifests
            .as_deref()
            .map(plan::content_digest)
            .unwrap_or_default(),
        manifests,
        reads: recorder.into_reads(),
        source: application.source.clone(),
        namespace: application.target_namespace.clone(),
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
        let render =
            |name: &str, tree: &MapTree| renders.render(&application, &commit(name), tree, &kinds);
        let first = MapTree::default().with_file("web/a.yaml", config("one"));
        let one = render("1", &first);
        assert_eq!(one.manifests().len(), 1);
        let unrelated = first.clone().with_file("api/b.yaml", config("x"));
        assert!(Arc::ptr_eq(&one, &render("2", &unrelated)));
        assert!(renders.known(&application, &commit("2")).is_some());
        assert!(renders.known(&application, &commit("1")).is_none());

        let other = render("3", &first.clone().with_file("web/a.yaml", config("two")));
        assert_ne!(one.digest, other.digest);
        let broken = render("4", &first.clone().with_file("web/a.yaml", "{"));
        assert!(broken.manifests.is_err() && broken.digest.is_empty());
        // What was there before is still known.
        assert!(Arc::ptr_eq(&one, &render("5", &first)));

        let moved = Application {
            target_namespace: "shop".into(),
            ..application.clone()
        };
        let moved = renders.render(&moved, &commit("5"), &first, &kinds);
        assert_eq!(moved.manifests()[0].object.namespace(), "shop");
        renders.retain(&BTreeSet::new());
        assert!(renders.known(&application, &commit("5")).is_none());
    }
}
