//! A day of a small system: one application fails, one has drifted, the rest is well.

use std::sync::Mutex;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use api::{Collection, Object, ObjectKey, Uid};
use engine::diff::FieldChange;
use engine::plan::{self, Change};
use engine::rollout::{CommitId, Rollback, RolloutPhase, SyncStatus};
use engine::{Health, HealthStatus, Origin, Plan, WaveNumber};

use crate::history::{
    Action, ApplicationRecord, ApplicationSummary, Drift, Hold, ObjectResult, Rollout,
    RolloutDetail, RolloutQuery, SourceState, Step, StepKind, Trigger,
};
use crate::service::{
    ApplicationView, Error, ObjectNode, PlanView, RollbackPreview, RollbackRequest, RolledBack,
    Standing, Tracked,
};
use crate::source::{Commit, Person};
use crate::web::backend::Backend;

pub(super) fn now() -> Timestamp {
    "2026-03-01T14:13:28Z".parse().unwrap()
}

fn ago(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

fn id(text: &str) -> CommitId {
    CommitId(format!("{text}{}", "0".repeat(40 - text.len())))
}

pub(super) fn key(resource: &str, name: &str) -> ObjectKey {
    let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
    Collection::new(group, resource).key("movies", name)
}

/// What a page must survive.
pub(super) const HOSTILE: &str = "<script>alert(1)</script>\"'&<b>";

/// The backend of the tests.
pub(super) struct Sample {
    /// What the rollbacks that were asked for said.
    pub(super) asked: Mutex<Vec<RollbackRequest>>,
    /// Where the branch is; a rollback from elsewhere is refused.
    pub(super) head: CommitId,
    /// Names and messages are hostile.
    pub(super) hostile: bool,
    /// There is nothing at all.
    pub(super) empty: bool,
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            asked: Mutex::default(),
            head: id("7f3c2ab41d0c"),
            hostile: false,
            empty: false,
        }
    }
}

impl Sample {
    fn text(&self, text: &str) -> String {
        if self.hostile {
            HOSTILE.into()
        } else {
            text.into()
        }
    }

    fn rollout(&self, app: &str, number: i64, phase: RolloutPhase, at: i64, took: i64) -> Rollout {
        let over = phase.is_final();
        let (author, subject, revision) = match number % 3 {
            0 => (
                "Mara Lindqvist",
                "read the model's address from config",
                "7f3c2ab41d0c",
            ),
            1 => ("Jonas Berg", "raise the image to 2.18.0", "e2a9c14bb01f"),
            _ => (
                "Ines Kowal",
                "four replicas for the weekend",
                "5d0be77aa210",
            ),
        };
        Rollout {
            id: format!("{app}-{number}"),
            application: app.into(),
            number,
            push: Some(format!("push-{number}")),
            revision: id(revision),
            previous: id("e2a9c14bb01"),
            author: Person::new(self.text(author), "someone@example.org"),
            commit_message: self.text(&format!("{app}: {subject}")),
            trigger: Trigger::Push,
            rollback_of: String::new(),
            rollback: None,
            digest: "d".into(),
            phase,
            message: String::new(),
            changed: over.then_some(true),
            started_at: ago(at),
            began_at: Some(ago(at - 1)),
            deadline_at: Some(ago(at) + SignedDuration::from_mins(10)),
            finished_at: over.then(|| ago(at - took)),
        }
    }

    fn all_rollouts(&self) -> Vec<Rollout> {
        if self.empty {
            return Vec::new();
        }
        let mut running = self.rollout("serving", 12, RolloutPhase::Verifying, 368, 0);
        running.message = self.text("waits for Deployment movies/serving: container api in pod serving-7d9f6c8b54-x2x7k exits with code 1");
        let mut failed = self.rollout("ui", 9, RolloutPhase::Failed, 5_400, 600);
        failed.message = self.text("Deployment movies/ui: container ui in pod ui-66b8d7f9c-9kq2z cannot pull image movies/ui:nope: not found");
        let mut back = self.rollout("serving", 10, RolloutPhase::Succeeded, 40_000, 48);
        back.rollback_of = "serving-9".into();
        back.rollback = Some(Rollback {
            reverts: vec![id("7f3c2ab41d0c")],
            restores: Some(id("5d0be77aa210")),
            rollout: Some("serving-9".into()),
        });
        let mut bad = self.rollout("serving", 9, RolloutPhase::Failed, 43_000, 600);
        bad.message = "Deployment movies/serving was not healthy in time".into();
        vec![
            running,
            failed,
            self.rollout("training", 4, RolloutPhase::Succeeded, 12_000, 31),
            self.rollout("ingestion", 6, RolloutPhase::Succeeded, 21_000, 52),
            self.rollout("serving", 11, RolloutPhase::Succeeded, 30_000, 72),
            back,
            bad,
            self.rollout("serving", 8, RolloutPhase::Superseded, 60_000, 3),
            self.rollout("serving", 5, RolloutPhase::Succeeded, 90_000, 66),
            self.rollout("features", 3, RolloutPhase::Succeeded, 200_000, 44),
        ]
    }

    fn view(
        &self,
        name: &str,
        sync: SyncStatus,
        health: HealthStatus,
        message: &str,
    ) -> ApplicationView {
        let last = self
            .all_rollouts()
            .into_iter()
            .find(|one| one.application == name);
        let held = last
            .as_ref()
            .filter(|last| last.phase == RolloutPhase::Failed)
            .map(|last| Hold {
                application: name.into(),
                revision: last.revision.clone(),
                rollout: last.id.clone(),
                reason: last.message.clone(),
                since: last.started_at,
            });
        ApplicationView {
            summary: ApplicationSummary {
                application: ApplicationRecord {
                    name: name.into(),
                    in_git: true,
                    prune: true,
                    seen_at: ago(500_000),
                    removed_at: None,
                },
                objects: 7,
                held,
                last: last.clone(),
            },
            path: self.text(&format!("movies/{name}")),
            depends_on: Vec::new(),
            standing: Standing {
                sync,
                sync_message: if sync == SyncStatus::OutOfSync {
                    "1 to change, 6 unchanged".into()
                } else {
                    String::new()
                },
                health: Health::new(health, self.text(message)),
                revision: id("7f3c2ab41d0c"),
                applied: id("e2a9c14bb01f"),
                held: false,
                observed_at: Some(ago(3)),
            },
            commit: None,
        }
    }

    fn result(
        &self,
        wave: i32,
        action: Action,
        kind: (&str, &str),
        name: &str,
        times: (i64, i64),
    ) -> ObjectResult {
        ObjectResult {
            key: key(kind.1, name),
            kind: kind.0.into(),
            wave,
            position: wave,
            action,
            file: format!("movies/serving/{name}.yaml"),
            line: 1,
            changes: if action == Action::Change {
                self.changes()
            } else {
                Vec::new()
            },
            applied_at: (times.0 > 0).then(|| ago(times.0)),
            healthy_at: (times.1 > 0).then(|| ago(times.1)),
            health: match (action, times) {
                (Action::Delete, _) | (_, (0, _)) => String::new(),
                (_, (_, 0)) => "Progressing".into(),
                _ => "Healthy".into(),
            },
            message: String::new(),
        }
    }

    fn changes(&self) -> Vec<FieldChange> {
        let change = |path: &str, old: Value, new: Value| FieldChange {
            path: path.into(),
            old: (!old.is_null()).then_some(old),
            new: (!new.is_null()).then_some(new),
        };
        vec![
            change(
                "spec.template.spec.containers[api].image",
                json!(self.text("movies/serving:2.18.0")),
                json!("movies/serving:2.18.1"),
            ),
            change("spec.replicas", json!(3), json!(4)),
            change(
                "spec.template.spec.containers[api].env[MODEL_URL]",
                Value::Null,
                json!({"name": "MODEL_URL", "valueFrom": {"configMapKeyRef": {"name": "serving", "key": "model-url"}}}),
            ),
        ]
    }

    fn secret(&self) -> ObjectResult {
        let mut secret = self.result(
            1,
            Action::Change,
            ("Secret", "secrets"),
            "database",
            (363, 363),
        );
        secret.changes = vec![FieldChange {
            path: "data.password".into(),
            old: Some(json!("aHVudGVyMg==")),
            new: Some(json!("c3dvcmRmaXNo")),
        }];
        secret
    }

    fn detail(&self, rollout: Rollout) -> RolloutDetail {
        let deployment = ("Deployment", "deployments.apps");
        let mut stuck = self.result(2, Action::Change, deployment, "serving", (300, 0));
        stuck.health = "Degraded".into();
        stuck.message =
            self.text("container api in pod serving-7d9f6c8b54-x2x7k exits with code 1");
        let step = |seq: i64, at: i64, kind: StepKind, text: &str| Step {
            seq,
            at: ago(at),
            application: "serving".into(),
            rollout: Some(rollout.id.clone()),
            push: None,
            kind,
            text: self.text(text),
            data: Value::Null,
        };
        RolloutDetail {
            steps: vec![
                step(
                    1,
                    368,
                    StepKind::Received,
                    "main e2a9c14..7f3c2ab was pushed; 1 commit touches movies/serving",
                ),
                step(
                    2,
                    366,
                    StepKind::Started,
                    "plan: 1 to delete, 1 to create, 3 to change, 3 unchanged",
                ),
                step(
                    3,
                    363,
                    StepKind::Applied,
                    "wave 1: ConfigMap movies/serving, Secret movies/database, Job movies/migrate-42",
                ),
                step(4, 301, StepKind::Progress, "Job movies/migrate-42: healthy"),
                step(
                    5,
                    300,
                    StepKind::Applied,
                    "wave 2: Deployment movies/serving, Deployment movies/worker",
                ),
                step(
                    6,
                    280,
                    StepKind::ApplyFailed,
                    "Deployment movies/serving: container api in pod serving-7d9f6c8b54-x2x7k exits with code 1: MODEL_URL is not set",
                ),
                step(
                    7,
                    255,
                    StepKind::Progress,
                    "Deployment movies/worker: healthy",
                ),
            ],
            objects: vec![
                self.result(
                    1,
                    Action::Change,
                    ("ConfigMap", "configmaps"),
                    "serving",
                    (363, 363),
                ),
                self.secret(),
                self.result(
                    1,
                    Action::Create,
                    ("Job", "jobs.batch"),
                    "migrate-42",
                    (363, 301),
                ),
                self.result(
                    1,
                    Action::Unchanged,
                    ("ServiceAccount", "serviceaccounts"),
                    "serving",
                    (0, 0),
                ),
                stuck,
                self.result(2, Action::Change, deployment, "worker", (300, 255)),
                self.result(
                    2,
                    Action::Unchanged,
                    ("Service", "services"),
                    "serving",
                    (0, 0),
                ),
                self.result(
                    3,
                    Action::Create,
                    ("CronJob", "cronjobs.batch"),
                    "refresh",
                    (0, 0),
                ),
                self.result(
                    9,
                    Action::Delete,
                    ("ConfigMap", "configmaps"),
                    "old-flags",
                    (0, 0),
                ),
            ],
            applies: Vec::new(),
            rollout,
        }
    }

    fn commit(&self) -> Commit {
        Commit {
            id: id("7f3c2ab41d0c"),
            parents: vec![id("e2a9c14bb01f")],
            author: Person::new(self.text("Mara Lindqvist"), "mara@example.org"),
            authored_at: ago(400),
            committed_at: ago(400),
            message: self.text("serving: read the model's address from config"),
        }
    }

    fn plan_now(&self) -> Plan {
        let step =
            |kind: &str, resource: &str, name: &str, object: Value, change: Change| plan::Step {
                key: key(resource, name),
                kind: kind.into(),
                origin: Origin {
                    file: self.text("movies/serving/api.yaml"),
                    line: 7,
                },
                object: object.into(),
                change,
            };
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "token", "namespace": "movies"}, "data": {"token": "aHVudGVyMg=="}});
        Plan {
            waves: vec![plan::Wave {
                number: WaveNumber::default(),
                steps: vec![
                    step(
                        "Deployment",
                        "deployments.apps",
                        "serving",
                        json!({"kind": "Deployment"}),
                        Change::Update(self.changes()),
                    ),
                    step("Secret", "secrets", "token", secret, Change::Create),
                ],
            }],
            deletes: vec![plan::Deletion {
                key: key("configmaps", "old-flags"),
                kind: "ConfigMap".into(),
                uid: Uid("u".into()),
                wave: WaveNumber::default(),
            }],
            ..Plan::default()
        }
    }
}

fn missing(what: &str, name: &str) -> Error {
    Error::NotFound(format!("{what} {name}"))
}

#[async_trait]
impl Backend for Sample {
    async fn tracked(&self) -> Result<Tracked, Error> {
        Ok(Tracked {
            applications: self.applications().await?.len(),
            ..Tracked::default()
        })
    }

    async fn applications(&self) -> Result<Vec<ApplicationView>, Error> {
        if self.empty {
            return Ok(Vec::new());
        }
        let view = |name, sync, health, message| self.view(name, sync, health, message);
        Ok(vec![
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
        ])
    }

    async fn application(&self, name: &str) -> Result<ApplicationView, Error> {
        let all = self.applications().await?;
        let found = all
            .into_iter()
            .find(|view| view.summary.application.name == name);
        found.ok_or_else(|| missing("application", name))
    }

    async fn objects(&self, application: &str) -> Result<Vec<ObjectNode>, Error> {
        if application == "ui" {
            return Err(Error::Impossible("the cluster did not answer".into()));
        }
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
        Ok(all)
    }

    async fn plan(&self, application: &str, revision: &str) -> Result<PlanView, Error> {
        if revision == "broken" {
            return Err(Error::Refused(
                self.text("movies/serving/api.yaml:7:3: unknown field spec.replica"),
            ));
        }
        let plan = if application == "ingestion" {
            Plan::default()
        } else {
            self.plan_now()
        };
        Ok(PlanView {
            application: application.into(),
            commit: self.commit(),
            lines: plan::lines(&plan),
            plan,
        })
    }

    async fn preview_rollback(&self, rollout: &str) -> Result<RollbackPreview, Error> {
        Ok(RollbackPreview {
            rollout: rollout.into(),
            parent: self.head.clone(),
            undoes: vec![self.commit()],
            restores: id("e2a9c14bb01f"),
            message: self.text("Revert \"serving: read the model's address from config\"\n\nThis reverts commit 7f3c2ab41d0c.\n\nKedge-Rollback-To: e2a9c14bb01f\nKedge-Rollout: serving-12\n"),
            plan: vec![
                "serving".into(),
                "- delete  CronJob movies/refresh".into(),
                "~ change  Deployment movies/serving".into(),
                self.text("    spec.replicas: 4 -> 3"),
                "+ create  ConfigMap movies/old-flags".into(),
            ],
            conflicts: if rollout == "ui-9" { vec!["movies/ui/ui.yaml".into()] } else { Vec::new() },
        })
    }

    async fn rollback(&self, request: &RollbackRequest) -> Result<RolledBack, Error> {
        if request
            .parent
            .as_ref()
            .is_some_and(|parent| *parent != self.head)
        {
            return Err(Error::Moved {
                branch: "main".into(),
                head: self.head.clone(),
            });
        }
        self.asked.lock().unwrap().push(request.clone());
        Ok(RolledBack {
            commit: id("aaaa"),
            push: "push-11".into(),
            report: vec!["~ change  Deployment movies/serving".into()],
        })
    }

    async fn sources(&self) -> Result<Vec<SourceState>, Error> {
        Ok(vec![SourceState {
            repository: "hosted".into(),
            branch: "main".into(),
            revision: id("7f3c2ab41d0c"),
            fetched_at: Some(ago(3)),
            error: String::new(),
        }])
    }

    async fn rollouts(&self, query: &RolloutQuery) -> Result<Vec<Rollout>, Error> {
        let all = self.all_rollouts().into_iter();
        let wanted = all
            .filter(|one| {
                query
                    .application
                    .as_ref()
                    .is_none_or(|name| one.application == *name)
            })
            .filter(|one| query.push.is_none() || one.push == query.push)
            .filter(|one| !query.running || !one.phase.is_final());
        Ok(wanted.collect())
    }

    async fn rollout(&self, id: &str) -> Result<Option<RolloutDetail>, Error> {
        let found = self.all_rollouts().into_iter().find(|one| one.id == id);
        Ok(found.map(|rollout| self.detail(rollout)))
    }

    async fn drifts(&self, application: &str, _: u16) -> Result<Vec<Drift>, Error> {
        if application != "serving" {
            return Ok(Vec::new());
        }
        Ok(vec![Drift {
            at: ago(2_460),
            application: application.into(),
            key: key("deployments.apps", "worker"),
            kind: "Deployment".into(),
            what: "changed".into(),
            actor: self.text("kubectl-edit"),
            changes: vec![FieldChange {
                path: "spec.replicas".into(),
                old: Some(json!(2)),
                new: Some(json!(5)),
            }],
        }])
    }

    async fn removed_at(&self, name: &str) -> Result<Option<Timestamp>, Error> {
        Ok((name == "retired").then(|| ago(7_000)))
    }

    async fn owner(&self, key: &ObjectKey) -> Result<Option<String>, Error> {
        Ok((key.name == "serving").then(|| "serving".into()))
    }
}

/// The objects in the cluster.
pub(super) fn objects(hostile: bool) -> Vec<Object> {
    let text = |text: &str| {
        if hostile {
            HOSTILE.to_owned()
        } else {
            text.to_owned()
        }
    };
    let condition = |kind: &str, status: &str, reason: &str, message: &str| json!({"type": kind, "status": status, "reason": reason, "message": text(message), "lastTransitionTime": "2026-03-01T14:07:20Z"});
    let node = |name: &str, ready: &str| {
        json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": {
        "allocatable": {"cpu": "2", "memory": "4Gi", "pods": "110"}, "addresses": [{"type": "InternalIP", "address": "10.42.0.2"}],
        "conditions": [{"type": "Ready", "status": ready}], "nodeInfo": {"kubeletVersion": "v1.36.0"}}})
    };
    let replica_set = |name: &str, revision: &str, wanted: i64, ready: i64| {
        json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"name": name, "namespace": "movies", "annotations": {"deployment.kubernetes.io/revision": revision},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "serving", "uid": "d", "controller": true}]},
        "spec": {"replicas": wanted}, "status": {"replicas": wanted, "readyReplicas": ready}})
    };
    [
        json!({"apiVersion": "kedge.dev/v1alpha1", "kind": "Application", "metadata": {"name": "serving", "namespace": "kedge"},
            "spec": {"source": {"path": "movies/serving", "revision": "main"}, "targetNamespace": "movies", "dependsOn": ["training"]},
            "status": {"conditions": [condition("Synced", "False", "OutOfSync", "1 to change, 6 unchanged"),
                condition("Healthy", "False", "Degraded", "Deployment movies/serving: container api exits with code 1"),
                condition("RollingOut", "True", "Verifying", "waits for wave 2")]}}),
        replica_set("serving-7d9f6c8b54", "3", 1, 0),
        replica_set("serving-5c77bd9f4d", "2", 3, 3),
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "serving", "namespace": "movies"}, "spec": {"replicas": 4}, "status": {"readyReplicas": 3}}),
        json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "serving-7d9f6c8b54-x2x7k", "namespace": "movies", "uid": "p1", "creationTimestamp": "2026-03-01T14:08:21Z",
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "serving-7d9f6c8b54", "uid": "r", "controller": true}]},
            "spec": {"nodeName": "north-b", "serviceAccountName": "serving", "restartPolicy": "Always",
                "initContainers": [{"name": "wait", "image": "movies/tools:1"}],
                "containers": [{"name": "api", "image": text("movies/serving:2.18.1"), "resources": {"requests": {"cpu": "250m", "memory": "512Mi"}}}, {"name": "proxy", "image": "movies/proxy:1.2"}]},
            "status": {"phase": "Running", "podIP": "10.42.2.71", "qosClass": "Burstable",
                "initContainerStatuses": [{"name": "wait", "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}],
                "containerStatuses": [
                    {"name": "api", "restartCount": 4, "ready": false, "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 2m40s restarting failed container"}},
                        "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "startedAt": "2026-03-01T14:11:31Z", "finishedAt": "2026-03-01T14:11:44Z", "message": text("MODEL_URL is not set")}}},
                    {"name": "proxy", "restartCount": 0, "ready": true, "state": {"running": {}}}]}}),
        json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e1", "namespace": "movies"}, "type": "Warning", "reason": "BackOff", "count": 14,
            "message": text("Back-off restarting failed container api"), "lastTimestamp": "2026-03-01T14:12:20Z",
            "involvedObject": {"kind": "Pod", "name": "serving-7d9f6c8b54-x2x7k", "namespace": "movies"}}),
        json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e2", "namespace": "movies"}, "type": "Normal", "reason": "Scheduled", "count": 1,
            "message": text("Assigned to north-b"), "lastTimestamp": "2026-03-01T14:08:21Z",
            "involvedObject": {"kind": "Pod", "name": "serving-7d9f6c8b54-x2x7k", "namespace": "movies"}}),
        node("north-a", "True"),
        node("north-b", "True"),
        node("north-c", "False"),
    ]
    .into_iter()
    .map(Object::from)
    .collect()
}

pub(super) const LOG: &str = "\
2026-03-01T14:11:31.204000001Z INFO serving 2.18.1 starting, 2 workers
2026-03-01T14:11:31.210000001Z INFO config: reading environment
2026-03-01T14:11:33.013000001Z WARN config: MODEL_URL is missing, trying service discovery for 10 s
2026-03-01T14:11:43.410000001Z ERROR config: MODEL_URL is not set (expected an absolute URL)
2026-03-01T14:11:43.702000001Z INFO exit 1
";
