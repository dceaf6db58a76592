//! Which pods a Job makes and removes. Pure.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use api::{Object, parse_time};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::TRACKING;
use super::count::{Counts, is_tracked, untracked};
use super::decide::{Observed, Spec};
use super::indexes;
use crate::controllers::action::Action;
use crate::controllers::collections::pods;
use crate::controllers::names::Seed;
use crate::controllers::pod;
use crate::controllers::replicaset::rank;

/// After the first failure in a row; doubled by each further one.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(10);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(6);
/// The most pods that one run makes.
const BURST: i64 = 500;

/// What to do about the pods, and when to look again.
#[derive(Debug, Default)]
pub(super) struct Moves {
    pub(super) actions: Vec<Action>,
    pub(super) again: Option<SignedDuration>,
}

pub(super) fn moves(observed: &Observed, spec: &Spec, counts: &Counts) -> Moves {
    let active = observed.active();
    let beyond = beyond(spec, &active);
    if !beyond.is_empty() {
        return Moves {
            actions: beyond.into_iter().flat_map(remove).collect(),
            again: None,
        };
    }
    let now = length(active.len());
    let wanted = wanted(spec, counts, now);
    if now > wanted {
        return surplus(observed, spec, active, wanted);
    }
    let mut missing = wanted - now;
    if spec.replaces_only_failed {
        missing -= length(observed.terminating().count());
    }
    if missing <= 0 {
        return Moves::default();
    }
    if let Some(wait) = wait(observed) {
        return Moves {
            actions: Vec::new(),
            again: Some(wait),
        };
    }
    Moves {
        actions: creations(observed, spec, counts, missing.min(BURST)),
        again: None,
    }
}

/// How many pods are to be active. Without a number of completions the pods agree among
/// themselves: once one has succeeded no new one starts.
fn wanted(spec: &Spec, counts: &Counts, active: i64) -> i64 {
    match spec.completions {
        Some(completions) => (completions - counts.all_succeeded()).clamp(0, spec.parallelism),
        None if counts.all_succeeded() > 0 => active.min(spec.parallelism),
        None => spec.parallelism,
    }
}

/// Pods that work on an index which the job no longer has: an elastic one was made smaller.
fn beyond<'a>(spec: &Spec, active: &[&'a Object]) -> Vec<&'a Object> {
    let Some(limit) = spec.indexes() else {
        return Vec::new();
    };
    let is_beyond = |pod: &&Object| indexes::index(pod).is_none_or(|index| index >= limit);
    active.iter().copied().filter(is_beyond).collect()
}

/// Removes what is too much: of pods with one index all but the oldest first.
fn surplus(observed: &Observed, spec: &Spec, active: Vec<&Object>, wanted: i64) -> Moves {
    let nodes = BTreeMap::new();
    let mut ranked = active;
    ranked.sort_by(|one, other| rank::compare(one, other, &nodes, observed.now));
    if spec.is_indexed {
        let duplicates = duplicates(&ranked);
        ranked.sort_by_key(|pod| !duplicates.contains(pod.name()));
    }
    let surplus = usize::try_from(length(ranked.len()) - wanted).unwrap_or(0);
    Moves {
        actions: ranked.into_iter().take(surplus).flat_map(remove).collect(),
        again: None,
    }
}

/// What the Job itself removes is neither a success nor a failure: its finalizer goes first.
pub(super) fn remove(pod: &Object) -> Vec<Action> {
    let mut actions = Vec::with_capacity(2);
    if is_tracked(pod) {
        actions.push(untracked(pod));
    }
    actions.push(Action::delete(&pods(), pod));
    actions
}

fn duplicates(active: &[&Object]) -> BTreeSet<String> {
    let mut by_age = active.to_vec();
    by_age.sort_by(|one, other| age(one, other));
    let mut seen = BTreeSet::new();
    by_age
        .into_iter()
        .filter(|pod| !seen.insert(indexes::index(pod)))
        .map(|pod| pod.name().to_owned())
        .collect()
}

fn age(one: &Object, other: &Object) -> Ordering {
    (one.creation_timestamp(), one.name()).cmp(&(other.creation_timestamp(), other.name()))
}

/// The back-off after failures in a row: since the last success, by when containers ended.
fn wait(observed: &Observed) -> Option<SignedDuration> {
    let owned = &observed.claims.owned;
    let ends = |holds: fn(&Object) -> bool| {
        owned
            .iter()
            .filter(move |pod| holds(pod))
            .filter_map(|pod| ended_at(pod))
    };
    let success = ends(pod::is_succeeded).max();
    let failures: Vec<Timestamp> = ends(pod::is_failed)
        .filter(|at| Some(*at) > success)
        .collect();
    let last = *failures.iter().max()?;
    let doublings = u32::try_from(failures.len() - 1)
        .unwrap_or(u32::MAX)
        .min(16);
    let wait = FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT);
    let left = wait - observed.now.duration_since(last);
    left.is_positive().then_some(left)
}

fn ended_at(pod: &Object) -> Option<Timestamp> {
    let statuses = pod
        .pointer("/status/containerStatuses")
        .and_then(Value::as_array);
    let ended = statuses
        .into_iter()
        .flatten()
        .filter_map(|status| parse_time(status["state"]["terminated"]["finishedAt"].as_str()?))
        .max();
    ended.or_else(|| parse_time(pod.deletion_timestamp().unwrap_or(pod.creation_timestamp())))
}

fn creations(observed: &Observed, spec: &Spec, counts: &Counts, missing: i64) -> Vec<Action> {
    let job = &observed.job;
    let missing = usize::try_from(missing).unwrap_or(0);
    let known: Vec<String> = observed
        .claims
        .owned
        .iter()
        .map(|pod| pod.uid().0)
        .collect();
    let (uid, version) = (job.uid(), job.resource_version());
    let parts = [uid.0.as_str(), version.0.as_str()];
    let seed = Seed::new(parts.into_iter().chain(known.iter().map(String::as_str)));
    let made: Vec<Object> = if spec.is_indexed {
        free_indexes(observed, spec, counts)
            .take(missing)
            .flat_map(|index| {
                let prefix = format!("{}-{index}", job.name());
                let names = seed.names(&prefix, 1, &observed.taken);
                names
                    .into_iter()
                    .map(move |name| indexed(pod_for(job, &prefix, &name), job, index))
            })
            .collect()
    } else {
        let names = seed.names(job.name(), missing, &observed.taken);
        names
            .iter()
            .map(|name| pod_for(job, job.name(), name))
            .collect()
    };
    made.into_iter()
        .map(|object| Action::Create {
            collection: pods(),
            object,
        })
        .collect()
}

/// Indexes that nobody has completed or works on, lowest first.
fn free_indexes<'a>(
    observed: &Observed,
    spec: &Spec,
    counts: &'a Counts,
) -> impl Iterator<Item = i64> + use<'a> {
    let mut busy: BTreeSet<i64> = observed
        .active()
        .iter()
        .filter_map(|pod| indexes::index(pod))
        .collect();
    if spec.replaces_only_failed {
        busy.extend(observed.terminating().filter_map(indexes::index));
    }
    (0..spec.completions.unwrap_or(0))
        .filter(move |index| !busy.contains(index) && !counts.completed.contains(index))
}

fn pod_for(job: &Object, prefix: &str, name: &str) -> Object {
    let mut pod = pod::from_template(&job.body["spec"]["template"], job, prefix, name);
    let mut finalizers: Vec<String> = pod.finalizers().map(ToOwned::to_owned).collect();
    finalizers.push(TRACKING.to_owned());
    pod.metadata_mut()
        .insert("finalizers".into(), json!(finalizers));
    pod
}

/// What a pod of an Indexed job is told about its index.
fn indexed(mut pod: Object, job: &Object, index: i64) -> Object {
    let text = index.to_string();
    pod.set_annotation(indexes::ANNOTATION, &text);
    pod.set_label(indexes::ANNOTATION, &text);
    if pod.text("/spec/hostname").is_empty() {
        pod.body["spec"]["hostname"] = json!(format!("{}-{index}", job.name()));
    }
    let variable = json!({
        "name": "JOB_COMPLETION_INDEX",
        "valueFrom": {"fieldRef": {
            "apiVersion": "v1",
            "fieldPath": format!("metadata.labels['{}']", indexes::ANNOTATION),
        }},
    });
    for list in ["containers", "initContainers"] {
        let containers = pod.body["spec"].get_mut(list).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            let variables = container["env"].as_array().cloned().unwrap_or_default();
            if !variables
                .iter()
                .any(|known| known["name"] == variable["name"])
            {
                container["env"] = [variables, vec![variable.clone()]].concat().into();
            }
        }
    }
    pod
}

fn length(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
