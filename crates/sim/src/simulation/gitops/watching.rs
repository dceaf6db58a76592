//! What must hold after every write to the cluster, whatever goes wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::{Generation, Object, ObjectKey};
use jiff::{SignedDuration, Timestamp};

use super::script::{Fate, Script, Scripted};
use super::shape::{APPLICATIONS, NAMESPACE, Wanted, has};
use crate::simulation::invariants::{Commit, Further, State};

/// How long somebody may act on what was before others changed it.
const LATELY: SignedDuration = SignedDuration::from_secs(120);

/// Reads the log of the cluster beside the script.
pub(super) struct Watching {
    script: Script,
    /// Per application, the place of the newest commit it was brought to.
    newest: BTreeMap<&'static str, usize>,
    /// What came from Git at any time.
    written: BTreeSet<ObjectKey>,
    /// The generation at which each Deployment was healthy last.
    healthy: BTreeMap<ObjectKey, Generation>,
    /// Commits that were there as a whole, and healthy.
    whole: BTreeSet<(&'static str, usize)>,
    /// What others changed, and when.
    touched: BTreeMap<ObjectKey, Timestamp>,
    /// Hooks that were created, and for which rollout.
    hooks: BTreeSet<(ObjectKey, String)>,
}

/// A write of the reconciler.
struct Written<'a> {
    key: &'a ObjectKey,
    application: &'static str,
    place: usize,
    commit: Arc<Scripted>,
}

impl Watching {
    pub(super) fn new(script: &Script) -> Self {
        Self {
            script: script.clone(),
            newest: BTreeMap::new(),
            written: BTreeSet::new(),
            healthy: BTreeMap::new(),
            whole: BTreeSet::new(),
            touched: BTreeMap::new(),
            hooks: BTreeSet::new(),
        }
    }

    /// The health of Deployments, and who touched what.
    fn learn(&mut self, commit: &Commit<'_>) {
        let (key, object) = (&commit.change.key, commit.object);
        if key.collection.resource == "deployments" && !commit.is_deletion() && is_healthy(object) {
            self.healthy.insert(key.clone(), object.generation());
        }
        let actor = &commit.change.actor;
        if actor.starts_with("system:user/") {
            self.touched.insert(key.clone(), commit.now);
        }
    }

    fn is_touched(&self, key: &ObjectKey, now: Timestamp) -> bool {
        let at = self.touched.get(key);
        at.is_some_and(|at| now.duration_since(*at) <= LATELY)
    }

    /// Whether it is there as it is wanted, and was healthy since.
    fn is_fulfilled(&self, state: &State, wanted: &Wanted) -> bool {
        let Some(live) = state.objects.get(&wanted.key) else {
            return false;
        };
        let is_well = wanted.key.collection.resource != "deployments"
            || self.healthy.get(&wanted.key) == Some(&live.generation());
        is_well && !live.is_deleting() && has(&live.body, &wanted.object)
    }

    fn note_whole(&mut self, state: &State, application: &'static str) {
        let Some(place) = self.newest.get(application).copied() else {
            return;
        };
        if self.whole.contains(&(application, place)) {
            return;
        }
        let commits = self.script.all();
        let mut kept = commits[place].of(application).iter();
        if kept.all(|it| it.is_hook || self.is_fulfilled(state, it)) {
            self.whole.insert((application, place));
        }
    }

    fn wrote(
        &mut self,
        state: &State,
        commit: &Commit<'_>,
        written: &Written<'_>,
        found: &mut Vec<String>,
    ) {
        let Written {
            key, application, ..
        } = written;
        let newest = self.newest.get(application).copied().unwrap_or(0);
        let is_back = written.place < newest;
        if is_back && self.script.all()[newest].fate != Fate::Unhealthy {
            let short = written.commit.short();
            found.push(format!(
                "{key} is of commit {short} again, after a newer one that is good"
            ));
        }
        self.newest.insert(application, newest.max(written.place));
        // A commit that only takes something away is there as a whole before anything is written.
        self.note_whole(state, application);
        let wanted = written.commit.of(application);
        let its = wanted.iter().find(|it| it.key == **key);
        if commit.is_deletion() || commit.begins_to_go() {
            self.deleted(commit, written, its, found);
            return;
        }
        self.written.insert((*key).clone());
        match its {
            None => found.push(format!(
                "{key} is in no file of the commit it is written for"
            )),
            Some(its) if its.is_hook => self.ran(commit, key, found),
            Some(its) if !is_back && !self.whole.contains(&(application, written.place)) => {
                let open = wanted.iter().filter(|it| !it.is_hook && it.wave < its.wave);
                let open = open.filter(|it| !self.is_touched(&it.key, commit.now));
                for before in open.filter(|it| !self.is_fulfilled(state, it)) {
                    let (before, wave) = (&before.key, its.wave);
                    found.push(format!(
                        "{key} of wave {wave} is written before {before} is well"
                    ));
                }
            }
            Some(_) => {}
        }
    }

    fn deleted(
        &self,
        commit: &Commit<'_>,
        written: &Written<'_>,
        its: Option<&Wanted>,
        found: &mut Vec<String>,
    ) {
        let (key, application) = (written.key, written.application);
        if its.is_some_and(|it| it.is_hook) || commit.before.is_some_and(is_hook) {
            return;
        }
        if !self.written.contains(key) {
            found.push(format!("{key} is deleted and never came from Git"));
        }
        if its.is_some() {
            found.push(format!("{key} is deleted although its commit has it"));
        }
        let is_newest = self.newest.get(application) == Some(&written.place);
        if is_newest && !self.whole.contains(&(application, written.place)) {
            let others = written.commit.of(application).iter();
            let mut touched = others.filter(|it| self.is_touched(&it.key, commit.now));
            if touched.next().is_none() {
                found.push(format!("{key} is deleted before what stays is healthy"));
            }
        }
    }

    fn ran(&mut self, commit: &Commit<'_>, key: &ObjectKey, found: &mut Vec<String>) {
        if commit.before.is_some() {
            return;
        }
        let rollout = commit.object.annotation(engine::hook::ROLLOUT_ANNOTATION);
        let rollout = rollout.unwrap_or_default().to_owned();
        if !self.hooks.insert((key.clone(), rollout.clone())) {
            found.push(format!("the hook {key} runs twice in {rollout}"));
        }
    }
}

impl Further for Watching {
    fn check(&mut self, state: &State, commit: &Commit<'_>, found: &mut Vec<String>) {
        let change = commit.change;
        if change.key.namespace != NAMESPACE {
            return;
        }
        self.learn(commit);
        let application = application(&change.key);
        if change.actor.starts_with("system:reconciler/") {
            let of = application.zip(self.script.find(&change.commit));
            if let Some((application, (place, of))) = of {
                let written = Written {
                    key: &change.key,
                    application,
                    place,
                    commit: of,
                };
                self.wrote(state, commit, &written, found);
            } else {
                let (key, commit) = (&change.key, &change.commit);
                found.push(format!(
                    "{key} is written for commit {commit:?}, which nobody pushed"
                ));
            }
        }
        if let Some(application) = application {
            self.note_whole(state, application);
        }
    }
}

/// Whose object it is, by its name.
pub(super) fn application(key: &ObjectKey) -> Option<&'static str> {
    let is_ours = matches!(
        key.collection.resource.as_str(),
        "configmaps" | "deployments"
    );
    let first = key.name.split('-').next().unwrap_or_default();
    let mut names = APPLICATIONS.into_iter();
    names.find(|name| is_ours && *name == first)
}

fn is_hook(object: &Object) -> bool {
    object
        .annotation(engine::hook::ROLLOUT_ANNOTATION)
        .is_some()
}

fn is_healthy(deployment: &Object) -> bool {
    let number = |pointer: &str| {
        let value = deployment
            .pointer(pointer)
            .and_then(serde_json::Value::as_i64);
        value.unwrap_or(0)
    };
    let wanted = number("/spec/replicas");
    let (updated, all) = (
        number("/status/updatedReplicas"),
        number("/status/replicas"),
    );
    deployment.observed_generation() == Some(deployment.generation())
        && updated >= wanted
        && all <= updated
        && number("/status/availableReplicas") >= wanted
}
