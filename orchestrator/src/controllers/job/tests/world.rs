//! A Job that runs without a cluster.

use std::sync::Arc;

use api::{Object, parse_time};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::decide::{Observed, decide};
use crate::controllers::action::Action;
use crate::controllers::ownership::Claims;

/// A Job and its pods.
pub(super) struct World {
    pub(super) job: Object,
    pub(super) pods: Vec<Object>,
    pub(super) now: Timestamp,
    pub(super) again: Option<SignedDuration>,
    pub(super) made: usize,
}

impl World {
    pub(super) fn new(spec: &Value) -> Self {
        let mut body = json!({
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": {
                "name": "sum", "namespace": "default", "uid": "j", "resourceVersion": "1",
            },
            "spec": {
                "selector": {"matchLabels": {"job": "sum"}},
                "template": {
                    "metadata": {"labels": {"job": "sum"}},
                    "spec": {
                        "restartPolicy": "Never",
                        "containers": [{"name": "a", "env": [{"name": "X", "value": "y"}]}],
                    },
                },
            },
        });
        for (field, value) in spec.as_object().unwrap() {
            body["spec"][field] = value.clone();
        }
        Self {
            job: body.into(),
            pods: Vec::new(),
            now: parse_time("2026-01-01T00:00:00Z").unwrap(),
            again: None,
            made: 0,
        }
    }

    /// One decision, carried out; `crash_after` actions the process dies.
    pub(super) fn step_until(&mut self, crash_after: usize) -> usize {
        let observed = Observed {
            job: Arc::new(self.job.clone()),
            claims: Claims {
                owned: self.pods.iter().cloned().map(Arc::new).collect(),
                changes: Vec::new(),
            },
            taken: self.pods.iter().map(|pod| pod.name().to_owned()).collect(),
            now: self.now,
        };
        let decision = decide(&observed);
        self.again = decision.again;
        let count = decision.actions.len();
        for action in decision.actions.into_iter().take(crash_after) {
            self.apply(action);
        }
        self.pods
            .retain(|pod| !pod.is_deleting() || pod.finalizers().next().is_some());
        count
    }

    pub(super) fn step(&mut self) {
        self.step_until(usize::MAX);
    }

    /// Steps until nothing is left to do.
    pub(super) fn settle(&mut self) {
        for _ in 0..50 {
            let before = (self.job.clone(), self.pods.clone());
            self.step();
            if before == (self.job.clone(), self.pods.clone()) {
                return;
            }
        }
        panic!("never settles: {}", self.job.body["status"]);
    }

    pub(super) fn apply(&mut self, action: Action) {
        match action {
            Action::Create { mut object, .. } => {
                let at = api::time(self.now);
                self.made += 1;
                let uid = format!("uid-{:03}", self.made);
                object
                    .metadata_mut()
                    .insert("creationTimestamp".into(), json!(at));
                object.metadata_mut().insert("uid".into(), json!(uid));
                assert!(self.pods.iter().all(|pod| pod.name() != object.name()));
                self.pods.push(object);
            }
            Action::Replace { object, .. } => {
                let place = self.pods.iter_mut().find(|pod| pod.name() == object.name());
                *place.unwrap() = object;
            }
            Action::ReplaceStatus { object, .. } => self.job = object,
            Action::Delete { key, .. } if key.name == "sum" => {
                self.job
                    .metadata_mut()
                    .insert("deletionTimestamp".into(), json!("x"));
            }
            Action::Delete { key, .. } => {
                let pod = self
                    .pods
                    .iter_mut()
                    .find(|pod| pod.name() == key.name)
                    .unwrap();
                pod.metadata_mut()
                    .insert("deletionTimestamp".into(), json!("x"));
            }
            Action::Record { .. } => {}
            Action::Adopt { .. } => panic!("nothing to adopt"),
        }
    }

    pub(super) fn active(&mut self) -> Vec<&mut Object> {
        self.pods
            .iter_mut()
            .filter(|pod| crate::controllers::pod::is_active(pod))
            .collect()
    }

    /// The first `count` active pods end in `phase`.
    pub(super) fn finish(&mut self, count: usize, phase: &str) {
        let at = api::time(self.now);
        for pod in self.active().into_iter().take(count) {
            pod.body["status"] = json!({
                "phase": phase,
                "containerStatuses": [{"state": {"terminated": {"finishedAt": at}}}],
            });
        }
    }

    pub(super) fn advance(&mut self, seconds: i64) {
        self.now = self
            .now
            .saturating_add(SignedDuration::from_secs(seconds))
            .unwrap();
    }

    pub(super) fn number(&self, field: &str) -> i64 {
        self.job.body["status"][field].as_i64().unwrap_or(0)
    }

    pub(super) fn condition(&self, kind: &str) -> String {
        let condition = self.job.condition(kind).unwrap_or_default();
        format!("{} {}", condition.status, condition.reason)
    }

    pub(super) fn edit(&mut self, field: &str, value: Value) {
        self.job.body["spec"][field] = value;
    }
}
