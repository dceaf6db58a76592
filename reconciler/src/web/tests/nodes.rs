//! The applications of the sample, the objects of one, and the proof of some.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use api::{Collection, Uid};
use engine::diff::FieldChange;
use engine::plan::Edit;
use engine::proof::Leaf;
use engine::rollout::SyncStatus;
use engine::{Health, HealthStatus};

use super::sample::{Sample, ago, id, key};
use crate::githost::revert::Size;
use crate::service::{
    ApplicationView, Error, ObjectNode, ProofObject, ProofView, RollbackPreview, Span,
};

/// One replica less, as plans tell it.
pub(super) fn fewer() -> Edit {
    Edit {
        object: "Deployment movies/serving".into(),
        changes: vec![FieldChange {
            path: "spec.replicas".into(),
            old: Some(4.into()),
            new: Some(3.into()),
        }],
        after: None,
    }
}

impl Sample {
    /// One that fails, one that drifted, and three that are well.
    pub(super) fn five_views(&self) -> Vec<ApplicationView> {
        let view = |name, sync, health, message| self.view(name, sync, health, message);
        vec![
            view("features", SyncStatus::Synced, HealthStatus::Suspended, ""),
            view("ingestion", SyncStatus::Synced, HealthStatus::Healthy, ""),
            view(
                "serving",
                SyncStatus::OutOfSync,
                HealthStatus::Degraded,
                "Deployment movies/serving: container api in pod serving-7d9f6c8b54-x2x7k exits with code 1",
            ),
            view("training", SyncStatus::OutOfSync, HealthStatus::Healthy, ""),
            view("ui", SyncStatus::OutOfSync, HealthStatus::Healthy, ""),
        ]
    }

    pub(super) fn nodes(&self) -> Vec<ObjectNode> {
        let node = |kind: &str, resource: &str, name: &str, owner: &str, health: Option<Health>| {
            ObjectNode {
                key: key(resource, name),
                kind: kind.into(),
                uid: Uid(format!("{kind}/{name}")),
                owner: (!owner.is_empty()).then(|| {
                    let above = if kind == "Pod" {
                        "ReplicaSet"
                    } else {
                        "Deployment"
                    };
                    Uid(format!("{above}/{owner}"))
                }),
                wave: 0,
                health,
                created_at: Some(ago(300)),
                missing: false,
                warning: String::new(),
            }
        };
        let well = || Some(Health::healthy());
        let bad = || {
            Some(Health::degraded(
                self.text("container api exits with code 1"),
            ))
        };
        let mut all = vec![
            node("Deployment", "deployments.apps", "serving", "", bad()),
            node(
                "ReplicaSet",
                "replicasets.apps",
                "serving-7d9f6c8b54",
                "serving",
                bad(),
            ),
            node(
                "Pod",
                "pods",
                "serving-7d9f6c8b54-x2x7k",
                "serving-7d9f6c8b54",
                bad(),
            ),
            node(
                "ReplicaSet",
                "replicasets.apps",
                "serving-5c77bd9f4d",
                "serving",
                well(),
            ),
            node("Deployment", "deployments.apps", "worker", "", well()),
            node(
                "ReplicaSet",
                "replicasets.apps",
                "worker-66b8d7f9c",
                "worker",
                well(),
            ),
            node(
                "Pod",
                "pods",
                "worker-66b8d7f9c-abcde",
                "worker-66b8d7f9c",
                well(),
            ),
            node("Service", "services", "serving-svc", "", well()),
            node("Job", "jobs.batch", "migrate-42", "", well()),
            node("ConfigMap", "configmaps", "serving", "", None),
            node("Secret", "secrets", "database", "", None),
            node("ServiceAccount", "serviceaccounts", "serving", "", None),
        ];
        for pod in ["q4ztm", "p9hx2", "k2v7w"] {
            let name = format!("serving-5c77bd9f4d-{pod}");
            all.push(node("Pod", "pods", &name, "serving-5c77bd9f4d", well()));
        }
        let mut absent = node("CronJob", "cronjobs.batch", "refresh", "", None);
        absent.missing = true;
        all.push(absent);
        all
    }

    pub(super) fn proof_of(
        &self,
        application: &str,
        commit: &str,
        at: Timestamp,
    ) -> Result<ProofView, Error> {
        if commit == "none" || application == "retired" {
            return Err(Error::NotFound(format!("proof of commit {commit:?}")));
        }
        // That of the commit before.
        let was = commit == id("5d0be77aa210").0 || (commit.is_empty() && at < ago(600));
        let object = |name: &str, holds| ProofObject {
            matches: true,
            leaf: Leaf {
                key: Collection::new("", "configmaps").key("movies", self.text(name)),
                kind: "ConfigMap".into(),
                uid: Uid("u".into()),
                resource_version: "42".into(),
                manifest: "cd".repeat(32),
                wanted: "ab".repeat(32),
                live: "ab".repeat(32),
                fields: None,
            },
            holds,
        };
        Ok(ProofView {
            application: application.into(),
            commit: if was {
                id("5d0be77aa210")
            } else {
                id("7f3c2ab41d0c")
            },
            rollout: format!("{application}-11"),
            at: ago(if was { 29_900 } else { 600 }),
            until: Some(ago(60)),
            again: false,
            root: "ef".repeat(32),
            root_recomputes: true,
            commit_recomputes: Some(true),
            matching: 2,
            holding: 1,
            objects: match self.many {
                0 => vec![object("a", true), object("b", false)],
                many => (0..many)
                    .map(|it| object(&format!("o-{it}"), true))
                    .collect(),
            },
        })
    }

    pub(super) fn preview_of(&self, span: &Span) -> RollbackPreview {
        let rollout = match span {
            Span::Rollout(id) | Span::Range { first: id, .. } => id.as_str(),
            Span::Since { .. } => "serving-11",
        };
        RollbackPreview {
            what: format!("rollout {rollout}"),
            application: rollout.rsplit_once('-').map_or("", |(name, _)| name).into(),
            digest: "ab".repeat(32),
            rollout: rollout.into(),
            parent: self.head.clone(),
            undoes: vec![self.commit()],
            restores: id("e2a9c14bb01f"),
            message: self.text("Revert \"serving: read the model's address from config\"\n\nThis reverts commit 7f3c2ab41d0c.\n\nKedge-Rollback-To: e2a9c14bb01f\nKedge-Rollout: serving-12\n"),
            plan: vec![
                "serving".into(),
                "- delete  CronJob movies/refresh".into(),
                "~ change  Deployment movies/serving".into(),
                "    @@ spec @@".into(),
                self.text("    -replicas: 4"),
                "    +replicas: 3".into(),
                "+ create  ConfigMap movies/old-flags".into(),
            ],
            edits: vec![fewer()],
            touches: vec!["serving".into()],
            waiting: BTreeMap::new(),
            commit: id("c0ffee"),
            size: Size {
                files: 2,
                added: 3,
                removed: 11,
            },
            reach: vec!["restarts 4 pods of Deployment movies/serving, at most 1 missing at a time".into()],
            conflicts: if rollout == "ui-9" { vec!["movies/ui/ui.yaml".into()] } else { Vec::new() },
            stays: if rollout == "api-7" { vec!["movies/ui/ui.yaml".into()] } else { Vec::new() },
            only: if rollout == "api-7" { vec!["movies/api".into()] } else { Vec::new() },
            owners: BTreeMap::from([("movies/ui/ui.yaml".into(), BTreeSet::from(["ui".into()]))]),
        }
    }
}
