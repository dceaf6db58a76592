//! A Deployment that runs without a cluster.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{Object, parse_time};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::decide::{Observed, decide};
use crate::controllers::action::Action;
use crate::controllers::ownership::Claims;

/// A Deployment, its ReplicaSets and the pods they would have.
pub(super) struct World {
    pub(super) deployment: Object,
    pub(super) sets: Vec<Object>,
    /// Images whose pods become available.
    pub(super) healthy: &'static [&'static str],
    pub(super) now: Timestamp,
    pub(super) events: Vec<String>,
    pub(super) again: Option<SignedDuration>,
}

impl World {
    pub(super) fn new(replicas: i64, image: &str, strategy: &Value) -> Self {
        let deployment = json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {
                "name": "web", "namespace": "default", "uid": "d", "generation": 1,
            },
            "spec": {
                "replicas": replicas, "selector": {"matchLabels": {"app": "web"}},
                "strategy": strategy, "progressDeadlineSeconds": 600, "revisionHistoryLimit": 10,
                "template": template(image),
            },
        });
        Self {
            deployment: deployment.into(),
            sets: Vec::new(),
            healthy: &["one", "two", "three"],
            now: parse_time("2026-01-01T00:00:00Z").unwrap(),
            events: Vec::new(),
            again: None,
        }
    }

    pub(super) fn rolled_out(replicas: i64, strategy: &Value) -> Self {
        let mut world = Self::new(replicas, "one", strategy);
        world.settle();
        world
    }

    pub(super) fn set_image(&mut self, image: &str) {
        self.deployment.body["spec"]["template"] = template(image);
        self.edit(
            "metadata",
            "generation",
            json!(self.deployment.generation() + 1),
        );
    }

    pub(super) fn edit(&mut self, part: &str, field: &str, value: Value) {
        self.deployment.body[part][field] = value;
    }

    pub(super) fn step(&mut self) -> bool {
        let owned: Vec<Arc<Object>> = self.sets.iter().cloned().map(Arc::new).collect();
        let observed = Observed {
            deployment: Arc::new(self.deployment.clone()),
            taken: self.sets.iter().map(|set| set.name().to_owned()).collect(),
            running: BTreeMap::new(),
            claims: Claims {
                owned,
                changes: Vec::new(),
            },
            now: self.now,
        };
        let decision = decide(&observed);
        self.again = decision.again;
        let moved = !decision.actions.is_empty();
        for action in decision.actions {
            self.apply(action);
        }
        self.now = self
            .now
            .saturating_add(SignedDuration::from_secs(1))
            .unwrap();
        moved
    }

    pub(super) fn apply(&mut self, action: Action) {
        match action {
            Action::Create { mut object, .. } => {
                let at = api::time(self.now);
                let uid = format!("rs-{}", self.sets.len());
                object
                    .metadata_mut()
                    .insert("creationTimestamp".into(), json!(at));
                object.metadata_mut().insert("uid".into(), json!(uid));
                self.sets.push(object);
            }
            Action::Replace { object, .. } | Action::ReplaceStatus { object, .. } => {
                if object.kind() == "Deployment" {
                    self.deployment = object;
                } else {
                    let place = self.sets.iter_mut().find(|set| set.name() == object.name());
                    *place.unwrap() = object;
                }
            }
            Action::Delete { key, .. } => self.sets.retain(|set| set.name() != key.name),
            Action::Record { message, .. } => self.events.push(message),
            Action::Adopt { .. } => panic!("nothing to adopt"),
        }
    }

    /// What kubelets and the ReplicaSet controller would do, at once.
    pub(super) fn run_pods(&mut self) -> bool {
        let mut moved = false;
        for set in &mut self.sets {
            let size = set.body["spec"]["replicas"].clone();
            let image = set.text("/spec/template/spec/containers/0/image");
            let available = if self.healthy.contains(&image) {
                size.clone()
            } else {
                json!(0)
            };
            let status = json!({
                "replicas": size, "readyReplicas": available, "availableReplicas": available,
                "observedGeneration": 0,
            });
            moved |= set.body["status"] != status;
            set.body["status"] = status;
        }
        moved
    }

    /// Runs until nothing moves; answers the sizes (by creation) after every change of them.
    pub(super) fn settle(&mut self) -> Vec<String> {
        let mut trace = Vec::new();
        for _ in 0..200 {
            let moved = self.step();
            let sizes = self.sizes();
            if trace.last() != Some(&sizes) && !sizes.is_empty() {
                trace.push(sizes);
            }
            if !self.run_pods() && !moved {
                return trace;
            }
        }
        panic!("never settles: {trace:?}");
    }

    pub(super) fn step_until(&mut self, reached: impl Fn(&Self) -> bool) {
        let mut trace = Vec::new();
        for _ in 0..50 {
            if reached(self) {
                return;
            }
            self.step();
            self.run_pods();
            trace.push(self.sizes());
        }
        panic!("never there: {trace:?}");
    }

    pub(super) fn sizes(&self) -> String {
        let sizes: Vec<String> = self
            .sets
            .iter()
            .map(|set| set.body["spec"]["replicas"].to_string())
            .collect();
        sizes.join("/")
    }

    pub(super) fn condition(&self, kind: &str) -> String {
        let condition = self.deployment.condition(kind).unwrap_or_default();
        format!("{} {}", condition.status, condition.reason)
    }
}

pub(super) fn template(image: &str) -> Value {
    json!({
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "web", "image": image}]},
    })
}
