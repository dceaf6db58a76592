//! What a Deployment's status says, and when its progress is overdue. Pure.

use api::{Object, parse_time};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::decide::Sets;
use super::fraction::{limits, replicas};
use super::scale::{count, total};
use crate::controllers::action::Action;
use crate::controllers::collections::deployments;
use crate::controllers::conditions::{self, Wanted};

const UPDATED: &str = "lastUpdateTime";
const AVAILABLE: &str = "NewReplicaSetAvailable";
const TIMED_OUT: &str = "ProgressDeadlineExceeded";

/// A status in the making. It starts as the one there is.
pub(super) struct Draft<'a> {
    deployment: &'a Object,
    now: Timestamp,
    status: Value,
}

type Report = (Option<Action>, Option<SignedDuration>);

impl<'a> Draft<'a> {
    pub(super) fn new(deployment: &'a Object, now: Timestamp) -> Self {
        let status = match &deployment.body["status"] {
            status @ Value::Object(_) => status.clone(),
            _ => json!({}),
        };
        Self {
            deployment,
            now,
            status,
        }
    }

    pub(super) fn observe_generation(&mut self) {
        self.status["observedGeneration"] = json!(self.deployment.generation());
    }

    /// The clock of the deadline stops while the Deployment is paused.
    pub(super) fn pause(&mut self) {
        let reason = self.reason();
        if self.deadline().is_none() || reason == TIMED_OUT {
            return;
        }
        let paused = self.deployment.pointer("/spec/paused") == Some(&Value::Bool(true));
        if paused && reason != "DeploymentPaused" {
            self.progressing("Unknown", "DeploymentPaused", "Deployment is paused");
        } else if !paused && reason == "DeploymentPaused" {
            self.progressing("Unknown", "DeploymentResumed", "Deployment is resumed");
        }
    }

    /// The set of this template existed before.
    pub(super) fn found(&mut self, new: &Object) {
        if self.deadline().is_some() && conditions::find(&self.status, "Progressing").is_none() {
            let message = format!("Found new replica set \"{}\"", new.name());
            self.progressing("True", "FoundNewReplicaSet", &message);
        }
    }

    pub(super) fn created(&mut self, name: &str) {
        if self.deadline().is_some() {
            let message = format!("Created new replica set \"{name}\"");
            self.progressing("True", "NewReplicaSetCreated", &message);
        }
    }

    pub(super) fn collide(&mut self) {
        let collisions = self.status["collisionCount"].as_i64().unwrap_or(0);
        self.status["collisionCount"] = json!(collisions + 1);
    }

    /// Whether the sets are what the Deployment wants, all of it available.
    pub(super) fn is_complete(&self, sets: &Sets) -> bool {
        let wanted = replicas(self.deployment);
        let new = |field| sets.new.as_deref().map_or(0, |set| count(set, field));
        let all = |field| sets.all().map(|set| count(set, field)).sum::<i64>();
        new("replicas") == wanted && all("replicas") == wanted && all("availableReplicas") == wanted
    }

    /// Counts only: while paused, scaled or going, nothing is said about progress.
    pub(super) fn counted(mut self, sets: &Sets) -> Report {
        self.count(sets);
        let again = self.again();
        self.finished(again)
    }

    /// Counts and progress.
    pub(super) fn progressed(mut self, sets: &Sets) -> Report {
        self.count(sets);
        self.progress(sets);
        self.failure(sets);
        let again = self.again();
        self.finished(again)
    }

    pub(super) fn finished(mut self, again: Option<SignedDuration>) -> Report {
        if self.status["conditions"]
            .as_array()
            .is_some_and(Vec::is_empty)
            && let Some(fields) = self.status.as_object_mut()
        {
            fields.shift_remove("conditions");
        }
        let action = (Some(&self.status) != self.deployment.pointer("/status")).then(|| {
            let mut object = self.deployment.clone();
            object.body["status"] = self.status;
            Action::ReplaceStatus {
                collection: deployments(),
                object,
            }
        });
        (action, again)
    }

    fn count(&mut self, sets: &Sets) {
        let new = |field| sets.new.as_deref().map_or(0, |set| count(set, field));
        let all = |field| sets.all().map(|set| count(set, field)).sum::<i64>();
        let available = all("availableReplicas");
        let unavailable = (total(sets.all()) - available).max(0);
        self.observe_generation();
        for (field, value) in [
            ("replicas", all("replicas")),
            ("updatedReplicas", new("replicas")),
            ("readyReplicas", all("readyReplicas")),
            ("availableReplicas", available),
            ("unavailableReplicas", unavailable),
        ] {
            self.status[field] = json!(value);
        }
        let least = replicas(self.deployment) - limits(self.deployment).unavailable;
        let (status, reason, message) = if available >= least {
            let message = "Deployment has minimum availability.";
            ("True", "MinimumReplicasAvailable", message)
        } else {
            let message = "Deployment does not have minimum availability.";
            ("False", "MinimumReplicasUnavailable", message)
        };
        self.condition("Available", status, reason, message);
    }

    fn progress(&mut self, sets: &Sets) {
        if self.deadline().is_none() {
            conditions::remove(&mut self.status, "Progressing");
            return;
        }
        let field = |field: &str| self.status[field].as_i64().unwrap_or(0);
        let settled = field("replicas") == field("updatedReplicas") && self.reason() == AVAILABLE;
        let what = match &sets.new {
            Some(new) => format!("ReplicaSet \"{}\"", new.name()),
            None => format!("Deployment \"{}\"", self.deployment.name()),
        };
        if settled {
            return;
        }
        if self.is_complete(sets) {
            let message = format!("{what} has successfully progressed.");
            self.progressing("True", AVAILABLE, &message);
        } else if self.has_moved() {
            let message = format!("{what} is progressing.");
            // An update in itself is progress: the deadline starts anew.
            touch(&mut self.status, self.now);
            self.progressing("True", "ReplicaSetUpdated", &message);
        } else if self.overdue_in().is_some_and(|left| left.is_negative()) {
            let message = format!("{what} has timed out progressing.");
            self.progressing("False", TIMED_OUT, &message);
        }
    }

    /// Whether anything came closer to its goal since the last status.
    fn has_moved(&self) -> bool {
        let before = |field: &str| self.deployment.body["status"][field].as_i64().unwrap_or(0);
        let after = |field: &str| self.status[field].as_i64().unwrap_or(0);
        let old = |of: &dyn Fn(&str) -> i64| of("replicas") - of("updatedReplicas");
        after("updatedReplicas") > before("updatedReplicas")
            || old(&after) < old(&before)
            || after("readyReplicas") > before("readyReplicas")
            || after("availableReplicas") > before("availableReplicas")
    }

    /// Says what keeps a set from making pods; the new set's own trouble first.
    fn failure(&mut self, sets: &Sets) {
        let failing = sets.new.iter().chain(&sets.old).find_map(|set| {
            let condition = set.condition("ReplicaFailure")?;
            (condition.status == "True").then_some(condition)
        });
        match failing {
            Some(failure) => {
                self.condition("ReplicaFailure", "True", &failure.reason, &failure.message);
            }
            None => conditions::remove(&mut self.status, "ReplicaFailure"),
        }
    }

    /// When the deadline has to be looked at again.
    fn again(&self) -> Option<SignedDuration> {
        let reason = self.reason();
        if reason == TIMED_OUT || reason == "DeploymentPaused" {
            return None;
        }
        let left = self.overdue_in()?.max(SignedDuration::ZERO);
        Some(left + SignedDuration::from_secs(1))
    }

    /// How long progress may still take; negative when it took too long.
    fn overdue_in(&self) -> Option<SignedDuration> {
        // The last rollout ended well, and the next one has not moved yet: its time has not begun.
        if self.reason() == AVAILABLE {
            return None;
        }
        let condition = conditions::find(&self.status, "Progressing")?;
        let since = parse_time(condition[UPDATED].as_str()?)?;
        Some(self.deadline()? - self.now.duration_since(since))
    }

    fn deadline(&self) -> Option<SignedDuration> {
        let seconds = self
            .deployment
            .pointer("/spec/progressDeadlineSeconds")?
            .as_i64()?;
        // The largest number means that there is no deadline.
        (seconds != i64::from(i32::MAX)).then(|| SignedDuration::from_secs(seconds))
    }

    fn reason(&self) -> &str {
        conditions::find(&self.status, "Progressing")
            .and_then(|condition| condition["reason"].as_str())
            .unwrap_or_default()
    }

    fn progressing(&mut self, status: &str, reason: &str, message: &str) {
        self.condition("Progressing", status, reason, message);
    }

    fn condition(&mut self, kind: &str, status: &str, reason: &str, message: &str) {
        let wanted = Wanted {
            kind,
            status,
            reason,
            message,
        };
        conditions::set(&mut self.status, wanted, Some(UPDATED), self.now);
    }
}

fn touch(status: &mut Value, now: Timestamp) {
    let conditions = status.get_mut("conditions").and_then(Value::as_array_mut);
    for condition in conditions.into_iter().flatten() {
        if condition["type"] == "Progressing" {
            condition[UPDATED] = json!(api::time(now));
        }
    }
}
