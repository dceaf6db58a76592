//! Deployments and ReplicaSets: never more than asked for plus surge, never less available than
//! allowed by the controllers' own doing.

use std::collections::BTreeMap;

use api::{Object, Uid};
use jiff::Timestamp;

use super::Commit;
use super::history::{History, is_lately};
use super::state::{State, is_active, is_ready, node_of};

#[derive(Default)]
pub(super) struct Rollouts {
    /// Replicas of each ReplicaSet.
    replicas: BTreeMap<Uid, History>,
    /// Replicas plus surge of each Deployment.
    ceilings: BTreeMap<Uid, History>,
    /// Replicas minus unavailable ones of each Deployment.
    floors: BTreeMap<Uid, History>,
    /// When a ready pod of a ReplicaSet was last lost to something else than its controller.
    losses: BTreeMap<Uid, Timestamp>,
}

impl Rollouts {
    pub(super) fn check(&mut self, state: &State, commit: &Commit<'_>, found: &mut Vec<String>) {
        match commit.change.key.collection.resource.as_str() {
            "deployments" => self.deployment(commit),
            "replicasets" => self.replica_set(state, commit, found),
            "pods" => self.pod(state, commit, found),
            _ => {}
        }
    }

    fn deployment(&mut self, commit: &Commit<'_>) {
        let deployment = commit.object;
        let replicas = number(deployment, "/spec/replicas").unwrap_or(1);
        let is_rolling = deployment.text("/spec/strategy/type") != "Recreate";
        let share = |field: &str, up: bool| {
            let value = deployment.pointer(&format!("/spec/strategy/rollingUpdate/{field}"));
            value.map_or(0, |value| share(value, replicas, up))
        };
        let (surge, mut unavailable) = if is_rolling {
            (share("maxSurge", true), share("maxUnavailable", false))
        } else {
            (0, replicas)
        };
        if surge == 0 && unavailable == 0 {
            unavailable = 1;
        }
        let uid = deployment.uid();
        let ceiling = self.ceilings.entry(uid.clone()).or_default();
        ceiling.set(commit.now, replicas + surge);
        let floor = self.floors.entry(uid).or_default();
        floor.set(commit.now, replicas - unavailable);
    }

    fn replica_set(&mut self, state: &State, commit: &Commit<'_>, found: &mut Vec<String>) {
        let replicas = |set: &Object| number(set, "/spec/replicas").unwrap_or(1);
        let now_wanted = replicas(commit.object);
        let history = self.replicas.entry(commit.object.uid()).or_default();
        history.set(commit.now, now_wanted);
        let grew = now_wanted > commit.before.map_or(0, replicas) && !commit.is_deletion();
        let owner = commit.object.controller().map(|owner| owner.uid);
        let Some(owner) = owner.filter(|_| grew && commit.is_by_controllers()) else {
            return;
        };
        let Some(ceiling) = self.ceilings.get_mut(&owner) else {
            return;
        };
        let ceiling = ceiling.most_lately(commit.now);
        let sets = state.children("apps", "replicasets", &owner);
        let sum: i64 = sets.map(replicas).sum();
        if sum > ceiling {
            let key = &commit.change.key;
            found.push(format!(
                "with {key} a Deployment asks for {sum} pods, at most {ceiling} are allowed"
            ));
        }
    }

    fn pod(&mut self, state: &State, commit: &Commit<'_>, found: &mut Vec<String>) {
        let owner = commit.object.controller();
        let Some(owner) = owner.filter(|owner| owner.kind == "ReplicaSet") else {
            return;
        };
        if commit.before.is_none() && commit.is_by_controllers() {
            self.created(state, commit, &owner.uid, found);
        }
        let was_ready = commit
            .before
            .is_some_and(|pod| is_ready(pod) && is_active(pod));
        if was_ready && (commit.begins_to_go() || !is_ready(commit.object)) {
            let is_own_doing = commit.begins_to_go()
                && commit.is_by_controllers()
                && state.is_node_well(node_of(commit.object));
            if is_own_doing {
                self.taken_away(state, commit, &owner.uid, found);
            } else {
                self.losses.insert(owner.uid, commit.now);
            }
        }
    }

    fn created(&mut self, state: &State, commit: &Commit<'_>, set: &Uid, found: &mut Vec<String>) {
        let Some(replicas) = self.replicas.get_mut(set) else {
            return;
        };
        let most = replicas.most_lately(commit.now);
        let active = state.children("", "pods", set).filter(|pod| is_active(pod));
        let active = i64::try_from(active.count()).unwrap_or(i64::MAX);
        if active > most {
            let key = &commit.change.key;
            found.push(format!("{key} is one of {active} pods of a ReplicaSet that never wanted more than {most} lately"));
        }
    }

    /// A controller took a ready pod away.
    fn taken_away(
        &mut self,
        state: &State,
        commit: &Commit<'_>,
        set: &Uid,
        found: &mut Vec<String>,
    ) {
        let owner = state.all("apps", "replicasets").find(|it| it.uid() == *set);
        let deployment = owner.and_then(Object::controller).map(|owner| owner.uid);
        let Some(deployment) = deployment.filter(|uid| is_staying(state, uid)) else {
            return;
        };
        let Some(floor) = self.floors.get_mut(&deployment) else {
            return;
        };
        let floor = floor.least_lately(commit.now);
        let mut ready = 0;
        for set in state.children("apps", "replicasets", &deployment) {
            let uid = set.uid();
            if is_lately(self.losses.get(&uid), commit.now) {
                return;
            }
            ready += state
                .children("", "pods", &uid)
                .filter(|pod| is_active(pod) && is_ready(pod))
                .count();
        }
        if i64::try_from(ready).unwrap_or(i64::MAX) < floor {
            let key = &commit.change.key;
            found.push(format!(
                "without {key} only {ready} pods of its Deployment are ready, {floor} must be"
            ));
        }
    }
}

fn is_staying(state: &State, deployment: &Uid) -> bool {
    state
        .all("apps", "deployments")
        .any(|it| it.uid() == *deployment && !it.is_deleting())
}

fn number(object: &Object, pointer: &str) -> Option<i64> {
    object.pointer(pointer).and_then(serde_json::Value::as_i64)
}

/// A number or a percentage of `whole`.
fn share(value: &serde_json::Value, whole: i64, up: bool) -> i64 {
    if let Some(number) = value.as_i64() {
        return number;
    }
    let percent = value.as_str().and_then(|text| text.strip_suffix('%'));
    let percent: i64 = percent.and_then(|text| text.parse().ok()).unwrap_or(0);
    (whole * percent + if up { 99 } else { 0 }) / 100
}
