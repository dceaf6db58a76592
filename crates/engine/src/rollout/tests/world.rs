//! A small world for the state machine to decide about.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use api::{Collection, Object, ObjectKey, Uid};

use super::super::*;
use crate::diff::FieldChange;
use crate::hook::Hook;
use crate::plan::{Change, Deletion, Step, Wave};
use crate::{Application, Health, Origin, Plan, Problems, WaveNumber};

pub(super) const COMMIT: &str = "aaaaaaaaaaaaaaaa";

pub(super) fn at(seconds: i64) -> Timestamp {
    "2026-11-21T10:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

pub(super) fn key(name: &str) -> ObjectKey {
    Collection::new("", "configmaps").key("shop", name)
}

/// A small world: what Git wants, what is recorded, how the cluster is.
pub(super) struct World {
    pub(super) application: Application,
    pub(super) desired: Desired,
    pub(super) last: Option<Rollout>,
    pub(super) plan: Result<Plan, Problems>,
    pub(super) health: BTreeMap<ObjectKey, Health>,
    pub(super) dependencies: Vec<Dependency>,
    pub(super) hooks: Vec<Hook>,
    pub(super) live: BTreeMap<ObjectKey, Object>,
    pub(super) corrections: BTreeMap<ObjectKey, Correction>,
    pub(super) restoring: bool,
    pub(super) same: bool,
    pub(super) suspended: Option<&'static str>,
    pub(super) on_hold: bool,
    pub(super) fellow: Option<Fellow>,
    pub(super) now: i64,
}

impl World {
    /// Waves of objects by name; a name with `!` still has to be applied.
    pub(super) fn new(waves: &[&[&str]]) -> Self {
        let application = json!({"metadata": {"name": "web"}, "spec": {"deadlineSeconds": 60}});
        Self {
            application: Application::from_object(&application.into()),
            desired: Desired {
                revision: CommitId(COMMIT.into()),
                ..Desired::default()
            },
            last: None,
            plan: Ok(plan(waves)),
            health: BTreeMap::new(),
            dependencies: Vec::new(),
            hooks: Vec::new(),
            live: BTreeMap::new(),
            corrections: BTreeMap::new(),
            restoring: false,
            same: false,
            suspended: None,
            on_hold: false,
            fellow: None,
            now: 0,
        }
    }

    pub(super) fn running(mut self, phase: RolloutPhase) -> Self {
        self.last = Some(Rollout {
            id: "1".into(),
            revision: CommitId(COMMIT.into()),
            phase,
            started_at: at(0),
            began_at: (phase != RolloutPhase::Pending).then(|| at(0)),
            deadline_at: None,
            applied: Vec::new(),
            pruned: 0,
            rollback: None,
            message: String::new(),
            undone: false,
            recalled: false,
            first_try: None,
            unfinished: false,
            changed: true,
            options: Options::default(),
            hooks: BTreeMap::new(),
        });
        self
    }

    pub(super) fn health(mut self, name: &str, health: Health) -> Self {
        self.health.insert(key(name), health);
        self
    }

    pub(super) fn deleting(mut self, names: &[&str]) -> Self {
        self.plan.as_mut().unwrap().deletes = names
            .iter()
            .map(|name| Deletion {
                key: key(name),
                kind: "ConfigMap".into(),
                uid: Uid("u".into()),
                wave: WaveNumber(0),
                object: None,
            })
            .collect();
        self
    }

    pub(super) fn now(mut self, seconds: i64) -> Self {
        self.now = seconds;
        self
    }

    pub(super) fn wanting(mut self, commit: &str) -> Self {
        self.desired.revision = CommitId(commit.into());
        self
    }

    pub(super) fn decide(&self) -> Vec<String> {
        let observed = self.observed();
        decide(&observed).iter().map(say).collect()
    }

    pub(super) fn observed(&self) -> Observed<'_> {
        Observed {
            application: &self.application,
            desired: &self.desired,
            last: self.last.as_ref(),
            plan: self.plan.as_ref(),
            health: &self.health,
            dependencies: &self.dependencies,
            hooks: &self.hooks,
            live: &self.live,
            corrections: &self.corrections,
            restoring: self.restoring,
            same: self.same,
            suspended: self.suspended,
            on_hold: self.on_hold,
            fellow: self.fellow.as_ref(),
            now: at(self.now),
        }
    }
}

pub(super) fn plan(waves: &[&[&str]]) -> Plan {
    let step = |name: &&str| {
        let changed = name.ends_with('!');
        let name = name.trim_end_matches('!');
        Step {
            key: key(name),
            kind: "ConfigMap".into(),
            origin: Origin::default(),
            object: json!({"kind": "ConfigMap"}).into(),
            change: if changed {
                Change::Update(vec![FieldChange {
                    path: "data.a".into(),
                    old: None,
                    new: None,
                }])
            } else {
                Change::Unchanged
            },
        }
    };
    let waves = (0..).zip(waves).map(|(number, names)| Wave {
        number: WaveNumber(number),
        stage: 0,
        steps: names.iter().map(step).collect(),
    });
    Plan {
        waves: waves.collect(),
        ..Plan::default()
    }
}

pub(super) fn say(decision: &Decision) -> String {
    let names = |keys: &[ObjectKey]| {
        keys.iter()
            .map(|key| key.name.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let seconds = |time: &Timestamp| time.duration_since(at(0)).as_secs();
    match decision {
        Decision::Supersede { by } => format!("supersede by {by}"),
        Decision::Start { revision, rollback } if rollback.is_some() => {
            format!("start rollback {revision}")
        }
        Decision::Start { revision, .. } => format!("start {revision}"),
        Decision::Stop { reason } => format!("stop: {reason}"),
        Decision::Hold { reason } => format!("hold: {reason}"),
        Decision::Begin => "begin".into(),
        Decision::Apply { wave, objects } => format!("apply {wave}: {}", names(objects)),
        Decision::Await {
            phase,
            reason,
            until,
            ..
        } => format!("{phase:?} until {}: {reason}", seconds(until)),
        Decision::Prune { deletions } => {
            let keys: Vec<ObjectKey> = deletions
                .iter()
                .map(|deletion| deletion.key.clone())
                .collect();
            format!("prune {}", names(&keys))
        }
        Decision::Renew { deletions } => {
            let keys: Vec<ObjectKey> = deletions.iter().map(|it| it.key.clone()).collect();
            format!("renew {}", names(&keys))
        }
        Decision::Hook { hooks } => format!("run {}", names(hooks)),
        Decision::ClearHooks { deletions } => {
            let keys: Vec<ObjectKey> = deletions.iter().map(|it| it.key.clone()).collect();
            format!("clear {}", names(&keys))
        }
        Decision::Forget { entries } => format!("forget {}", entries.len()),
        Decision::Succeed { changed } => format!("succeed, changed {changed}"),
        Decision::Fail {
            reason,
            along: true,
        } => format!("fail along: {reason}"),
        Decision::Fail { reason, .. } => format!("fail: {reason}"),
        Decision::Correct { objects } => format!("correct {}", names(objects)),
        Decision::Restore { objects, deletions } => {
            let keys = deletions.iter().map(|it| &it.key);
            let keys: Vec<ObjectKey> = keys.cloned().collect();
            format!("restore {} without {}", names(objects), names(&keys))
        }
        Decision::Recall { reason } => format!("recall: {reason}"),
        Decision::Revert => "revert".into(),
        Decision::Wake { at } => format!("wake {}", seconds(at)),
    }
}
