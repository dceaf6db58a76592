//! What must hold after every step, whatever goes wrong. Reads only what was committed, and what
//! the runtimes run.

mod history;
mod machines;
mod placing;
mod pods;
mod recent;
mod rollouts;
mod state;

use std::sync::Arc;

use api::{Object, Revision};
use jiff::Timestamp;
use nodeagent::runtime::Listing;
use orchestrator::store::{Change, ChangeKind};

use super::{Log, Violations};
use machines::Machines;
pub use machines::Size;
use placing::Placing;
use recent::Recent;
use rollouts::Rollouts;
pub use state::{State, is_active, is_finished, is_ready, node_of};

/// All of them.
pub struct Invariants {
    violations: Violations,
    state: State,
    rollouts: Rollouts,
    placing: Placing,
    machines: Machines,
    log: Log,
    place: Revision,
    recent: Recent,
    further: Vec<Box<dyn Further>>,
    /// Commits that are neither a node's sign of life nor an election.
    pub commits: u64,
    /// Over all commits: equal seeds must end with equal ones.
    pub digest: u64,
}

/// What must hold besides, where somebody uses the cluster.
pub trait Further {
    /// `state` is as it is after the commit.
    fn check(&mut self, state: &State, commit: &Commit<'_>, found: &mut Vec<String>);
}

/// One commit: an object before and after.
pub struct Commit<'a> {
    pub change: &'a Change,
    pub before: Option<&'a Object>,
    /// The last state, for a deletion.
    pub object: &'a Object,
    pub now: Timestamp,
}

impl Commit<'_> {
    pub fn is_deletion(&self) -> bool {
        self.change.kind == ChangeKind::Deleted
    }

    /// The object begins to go, or is gone at once.
    pub fn begins_to_go(&self) -> bool {
        let went_before = self.before.is_some_and(Object::is_deleting);
        !went_before && (self.is_deletion() || self.object.is_deleting())
    }

    pub fn is_by_controllers(&self) -> bool {
        self.change.actor.starts_with("system:controller-manager/")
    }
}

impl Invariants {
    /// `log` gets every commit.
    pub fn new(violations: Violations, log: Log) -> Self {
        Self {
            violations,
            log,
            state: State::default(),
            rollouts: Rollouts::default(),
            placing: Placing::default(),
            machines: Machines::default(),
            place: Revision(0),
            recent: Recent::default(),
            further: Vec::new(),
            commits: 0,
            digest: 0xcbf2_9ce4_8422_2325,
        }
    }

    /// From now on this must hold too.
    pub fn add(&mut self, further: Box<dyn Further>) {
        self.further.push(further);
    }

    /// Everything up to here was observed.
    pub fn place(&self) -> Revision {
        self.place
    }

    /// The cluster as it is committed.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The last commits that count, at most `most`, one line each.
    pub fn recent(&self, most: u64) -> Vec<String> {
        self.recent.tell(most)
    }

    /// Takes the next commit in.
    pub fn observe(&mut self, change: &Arc<Change>, now: Timestamp) {
        if change.revision <= self.place {
            let text = format!("revision {} came after {}", change.revision, self.place);
            self.violations.report(text);
        }
        self.place = change.revision;
        let object = match change.body.decode(change.revision) {
            Ok(object) => Arc::new(object),
            Err(error) => {
                let text = format!("{} was stored as what is no JSON: {error}", change.key);
                return self.violations.report(text);
            }
        };
        let before = self.state.objects.get(&change.key).cloned();
        self.count(change);
        self.log.add(change, before.as_deref(), &object);
        if change.key.collection.resource == "pods" {
            self.machines.learn(&object);
        }
        if !is_routine(change) {
            let (change, after) = (change.clone(), object.clone());
            self.recent.add(now, change, before.clone(), after);
        }
        let commit = Commit {
            change,
            before: before.as_deref(),
            object: &object,
            now,
        };
        let mut found = Vec::new();
        pods::check(&self.state, &commit, &mut found);
        self.state.apply(change, &object);
        self.placing.check(&self.state, &commit, &mut found);
        self.rollouts.check(&self.state, &commit, &mut found);
        for further in &mut self.further {
            further.check(&self.state, &commit, &mut found);
        }
        for text in found {
            let Change {
                revision, actor, ..
            } = &**change;
            let text = format!("{text} (revision {revision} by {actor})");
            self.violations.report(text);
        }
    }

    /// What a machine of this size runs now.
    pub fn observe_node(&mut self, node: &str, size: Size, listing: &Listing) {
        let mut found = Vec::new();
        self.machines.check(node, size, listing, &mut found);
        for text in found {
            self.violations.report(text);
        }
    }

    /// A machine is gone with all it ran.
    pub fn forget_node(&mut self, node: &str) {
        self.machines.forget(node);
    }

    fn count(&mut self, change: &Change) {
        if !is_routine(change) {
            self.commits += 1;
        }
        let head = format!("{}{}{:?}", change.revision, change.key, change.kind);
        for part in [head.as_bytes(), change.body.stored()] {
            for chunk in part.chunks(8) {
                let mut word = [0; 8];
                word[..chunk.len()].copy_from_slice(chunk);
                let word = u64::from_le_bytes(word);
                self.digest = (self.digest ^ word).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
}

/// A node's sign of life, or an election.
fn is_routine(change: &Change) -> bool {
    matches!(change.key.collection.resource.as_str(), "leases" | "nodes")
}
