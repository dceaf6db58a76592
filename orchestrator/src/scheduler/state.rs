//! What the scheduler knows and what it has under way. Pure: objects and `now` come in, work
//! comes out.
//!
//! A pod that was given a node counts there until the caches say where it is, or until its binding
//! is known not to have happened: a lost answer never makes room twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use api::selector::LabelSelector;
use api::{Object, ObjectKey};
use client::Backoff;
use jiff::Timestamp;

use super::decide::{Placement, decide};
use super::filter::VolumeChoice;
use super::node::NodeFacts;
use super::pending::Pending;
use super::pod::{Name, Pod, is_finished};
use super::reason::Event;
use super::snapshot::Snapshot;
use super::terms;
use super::volume::{Claim, Class, Volume};

/// The name pods ask for when they mean this scheduler.
pub(super) const NAME: &str = "default-scheduler";
/// The most pods placed before the caches are looked at again.
const BATCH: usize = 128;
/// How long a pod holds its place while its volumes are made.
const VOLUME_DEADLINE: Duration = Duration::from_mins(10);
/// Between two tries to write one binding.
const BINDING: Backoff = Backoff {
    first: Duration::from_millis(100),
    most: Duration::from_secs(10),
};

/// Something to write.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Work {
    Bind {
        pod: Arc<Pod>,
        node: String,
    },
    PrepareVolumes {
        pod: Arc<Pod>,
        node: String,
        choices: Vec<VolumeChoice>,
    },
    Report {
        pod: Arc<Pod>,
        message: String,
    },
}

/// How a write ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    Done,
    /// The pod is no more.
    Gone,
    /// It will not be accepted like this.
    Refused(String),
    /// It may or may not have happened, or may happen next time.
    Unclear,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) snapshot: Snapshot,
    pub(super) pending: Pending,
    assumed: BTreeMap<Name, Assumed>,
    /// What may have made room since the last plan.
    events: BTreeSet<Event>,
    /// Volumes that were held for nothing: to be read again.
    stale_volumes: BTreeSet<String>,
}

/// A pod between its decision and the caches' word.
struct Assumed {
    pod: Arc<Pod>,
    placement: Placement,
    stage: Stage,
    failures: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// A write is under way, or done and not seen yet.
    Written,
    BindAt(Timestamp),
    VolumesUntil(Timestamp),
}

impl State {
    /// Takes in the newest state of an object; `None` where it is gone.
    pub(super) fn apply(&mut self, key: &ObjectKey, object: Option<&Object>) {
        let name = Name::new(&key.namespace, &key.name);
        match key.collection.resource.as_str() {
            "pods" => self.apply_pod(&name, object),
            "nodes" => {
                let changed = match object {
                    Some(object) => self.snapshot.set_node(NodeFacts::from_object(object)),
                    None => self.snapshot.remove_node(&key.name),
                };
                self.happened(changed, Event::NodeChanged);
            }
            "persistentvolumeclaims" => {
                let claims = &mut self.snapshot.storage.claims;
                let changed = put(claims, name, object.map(Claim::from_object));
                self.happened(changed, Event::VolumeChanged);
            }
            "persistentvolumes" => {
                let volumes = &mut self.snapshot.storage.volumes;
                let volume = object.map(Volume::from_object);
                let changed = put(volumes, key.name.clone(), volume);
                self.happened(changed, Event::VolumeChanged);
            }
            "storageclasses" => {
                let classes = &mut self.snapshot.storage.classes;
                let changed = put(classes, key.name.clone(), object.map(Class::from_object));
                self.happened(changed, Event::VolumeChanged);
            }
            "services" => {
                let selector = object
                    .map(|object| LabelSelector::from_map(object.pointer("/spec/selector")))
                    .filter(|selector| !selector.is_empty());
                put(&mut self.snapshot.services, name, selector);
            }
            "namespaces" => {
                let labels = object.map(|object| terms::labels(object.pointer("/metadata/labels")));
                let changed = put(&mut self.snapshot.namespaces, key.name.clone(), labels);
                self.happened(changed, Event::PodPlaced);
            }
            _ => {}
        }
    }

    fn apply_pod(&mut self, name: &Name, object: Option<&Object>) {
        let live = object.filter(|object| !is_finished(object));
        let Some(object) = live else {
            return self.drop_pod(name);
        };
        let pod = Arc::new(Pod::from_object(object));
        if !pod.node.is_empty() {
            self.pending.remove(name);
            self.assumed.remove(name);
            let before = self.snapshot.pod(name).cloned();
            if before.as_ref() != Some(&pod) {
                // It may have been elsewhere, or ask for less than it did.
                self.happened(before.is_some(), Event::PodGone);
                self.events.insert(Event::PodPlaced);
                self.snapshot.place(pod);
            }
            return;
        }
        let is_other = |known: &Arc<Pod>| known.uid != pod.uid;
        if self.snapshot.pod(name).is_some_and(is_other) {
            self.drop_pod(name);
        }
        if is_for_us(object) {
            self.pending.set(pod);
        } else {
            self.drop_pod(name);
        }
    }

    fn drop_pod(&mut self, name: &Name) {
        self.pending.remove(name);
        self.forget(name);
        let was_placed = self.snapshot.remove_pod(name).is_some();
        self.happened(was_placed, Event::PodGone);
    }

    fn happened(&mut self, really: bool, event: Event) {
        if really {
            self.events.insert(event);
        }
    }

    /// The pod is not where it was assumed to be, nor will it be.
    fn forget(&mut self, name: &Name) {
        let Some(assumed) = self.assumed.remove(name) else {
            return;
        };
        self.snapshot.remove_pod(name);
        self.events.insert(Event::PodGone);
        for choice in assumed.placement.volumes {
            if let VolumeChoice::Existing { volume, .. } = choice {
                self.stale_volumes.insert(volume);
            }
        }
    }

    /// Volumes whose newest state must be applied again.
    pub(super) fn take_stale_volumes(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.stale_volumes)
    }

    /// Decides what to write now.
    pub(super) fn plan(&mut self, now: Timestamp) -> Vec<Work> {
        let mut work = self.continue_assumed(now);
        let events = std::mem::take(&mut self.events);
        self.pending.wake(&events);
        let batch = self.pending.take(BATCH, now);
        let verdicts = decide(&mut self.snapshot, &batch);
        for (pod, verdict) in batch.into_iter().zip(verdicts) {
            match verdict {
                Ok(placement) => work.push(self.begin(pod, placement)),
                Err(misfit) => {
                    let message = misfit.to_string();
                    if self.pending.block(&pod.name, Some(misfit), &message, now) {
                        work.push(Work::Report { pod, message });
                    }
                }
            }
        }
        work
    }

    fn begin(&mut self, pod: Arc<Pod>, placement: Placement) -> Work {
        self.events.insert(Event::PodPlaced);
        let node = placement.node.clone();
        let work = if placement.volumes.is_empty() {
            Work::Bind {
                pod: pod.clone(),
                node,
            }
        } else {
            let choices = placement.volumes.clone();
            Work::PrepareVolumes {
                pod: pod.clone(),
                node,
                choices,
            }
        };
        let assumed = Assumed {
            placement,
            stage: Stage::Written,
            failures: 0,
            pod,
        };
        self.assumed.insert(assumed.pod.name.clone(), assumed);
        work
    }

    /// Bindings to try again, and those whose volumes have come.
    fn continue_assumed(&mut self, now: Timestamp) -> Vec<Work> {
        let mut work = Vec::new();
        let mut lost = Vec::new();
        for (name, assumed) in &mut self.assumed {
            let is_due = match assumed.stage {
                Stage::Written => false,
                Stage::BindAt(at) => at <= now,
                Stage::VolumesUntil(until) => {
                    match volumes(&self.snapshot, &assumed.pod, &assumed.placement.node) {
                        Readiness::Ready => true,
                        Readiness::Waiting if now < until => false,
                        Readiness::Waiting | Readiness::Lost => {
                            lost.push(name.clone());
                            false
                        }
                    }
                }
            };
            if is_due {
                assumed.stage = Stage::Written;
                work.push(Work::Bind {
                    pod: assumed.pod.clone(),
                    node: assumed.placement.node.clone(),
                });
            }
        }
        for name in lost {
            self.forget(&name);
            let message = "its volumes did not become available in time";
            self.pending.block(&name, None, message, now);
        }
        work
    }

    /// Takes in how a write ended.
    pub(super) fn finish(&mut self, work: &Work, ending: Ending, now: Timestamp) {
        match work {
            Work::Report { pod, .. } => {
                if ending == Ending::Unclear {
                    self.pending.unreported(&pod.name);
                }
            }
            Work::Bind { pod, .. } => self.finish_bind(pod, ending, now),
            Work::PrepareVolumes { pod, .. } => match ending {
                Ending::Done => {
                    self.stage(&pod.name, Stage::VolumesUntil(later(now, VOLUME_DEADLINE)));
                }
                Ending::Gone | Ending::Refused(_) | Ending::Unclear => {
                    self.forget(&pod.name);
                    self.pending.block(&pod.name, None, "", now);
                }
            },
        }
    }

    fn finish_bind(&mut self, pod: &Pod, ending: Ending, now: Timestamp) {
        let Some(assumed) = self.assumed.get_mut(&pod.name) else {
            return;
        };
        match ending {
            Ending::Done => {}
            Ending::Gone => self.forget(&pod.name),
            Ending::Refused(message) => {
                self.forget(&pod.name);
                self.pending.block(&pod.name, None, &message, now);
            }
            Ending::Unclear => {
                assumed.failures = assumed.failures.saturating_add(1);
                let at = later(now, BINDING.delay(assumed.failures));
                self.stage(&pod.name, Stage::BindAt(at));
            }
        }
    }

    fn stage(&mut self, name: &Name, stage: Stage) {
        if let Some(assumed) = self.assumed.get_mut(name) {
            assumed.stage = stage;
        }
    }

    /// Whether a plan made now would have nothing to do.
    pub(super) fn is_idle(&self) -> bool {
        self.pending.is_idle() && self.events.is_empty() && self.stale_volumes.is_empty()
    }

    /// When a plan will have something to do although nothing changes.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let stages = self.assumed.values().filter_map(|each| match each.stage {
            Stage::Written => None,
            Stage::BindAt(at) | Stage::VolumesUntil(at) => Some(at),
        });
        stages.chain(self.pending.next_due()).min()
    }
}

fn later(now: Timestamp, wait: Duration) -> Timestamp {
    now.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

/// `true` where the map is different now.
fn put<K: Ord, V: PartialEq>(map: &mut BTreeMap<K, V>, key: K, value: Option<V>) -> bool {
    match value {
        None => map.remove(&key).is_some(),
        Some(value) if map.get(&key) == Some(&value) => false,
        Some(value) => {
            map.insert(key, value);
            true
        }
    }
}

fn is_for_us(pod: &Object) -> bool {
    let scheduler = pod.text("/spec/schedulerName");
    let is_gated = pod
        .pointer("/spec/schedulingGates")
        .and_then(serde_json::Value::as_array)
        .is_some_and(|gates| !gates.is_empty());
    !pod.is_deleting() && !is_gated && (scheduler.is_empty() || scheduler == NAME)
}

enum Readiness {
    Ready,
    Waiting,
    /// They will not come, or not here.
    Lost,
}

/// How far the volumes of a pod are that is to run on `node`.
fn volumes(snapshot: &Snapshot, pod: &Pod, node: &str) -> Readiness {
    let Some(node) = snapshot.node(node) else {
        return Readiness::Lost;
    };
    for claim in &pod.claims {
        let name = Name::new(&pod.name.namespace, claim);
        let Some(claim) = snapshot.storage.claims.get(&name) else {
            return Readiness::Lost;
        };
        let is_elsewhere = !claim.selected_node.is_empty() && claim.selected_node != node.name();
        if claim.is_deleting || (!claim.is_bound && is_elsewhere) {
            return Readiness::Lost;
        }
        if !claim.is_bound {
            return Readiness::Waiting;
        }
        match snapshot.storage.volumes.get(&claim.volume) {
            None => return Readiness::Waiting,
            Some(volume) if !volume.is_reached_by(&node.facts) => return Readiness::Lost,
            Some(_) => {}
        }
    }
    Readiness::Ready
}
