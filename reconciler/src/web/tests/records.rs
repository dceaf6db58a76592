//! What the history of the sample's day holds.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};

use api::Uid;
use api::kinds::DeletionPolicy;
use engine::diff::FieldChange;
use engine::plan::{self, Change};
use engine::rollout::{Options, Pause, Rollback, RolloutPhase, SyncStatus};
use engine::{Health, HealthStatus, Origin, Plan, WaveNumber};

use super::sample::{Sample, ago, id, key};
use crate::history::{
    Action, ApplicationRecord, ApplicationSummary, ObjectResult, Rollout, RolloutDetail, Step,
    StepKind, TakenBack, Trigger,
};
use crate::service::{ApplicationView, Standing};
use crate::source::{Commit, Person};

impl Sample {
    pub(super) fn rollout(
        &self,
        app: &str,
        number: i64,
        phase: RolloutPhase,
        at: i64,
        took: i64,
    ) -> Rollout {
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
            digest: format!("digest {number}"),
            first_try: None,
            same_as_previous: false,
            phase,
            message: String::new(),
            changed: over.then_some(true),
            started_at: ago(at),
            began_at: Some(ago(at - 1)),
            deadline_at: Some(ago(at) + SignedDuration::from_mins(10)),
            finished_at: over.then(|| ago(at - took)),
            undone_at: None,
            taken_back: None,
            asked_by: None,
            options: Options::default(),
        }
    }

    pub(super) fn all_rollouts(&self) -> Vec<Rollout> {
        if self.empty {
            return Vec::new();
        }
        if self.many > 0 {
            return self.many_rollouts();
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
            only: None,
        });
        let mut bad = self.rollout("serving", 9, RolloutPhase::Failed, 43_000, 600);
        bad.message = "Deployment movies/serving was not healthy in time".into();
        let mut synced = self.rollout("training", 4, RolloutPhase::Succeeded, 12_000, 31);
        synced.asked_by = Some(Person::new("Bea", "bea@example.org"));
        let mut gone = self.rollout("serving", 5, RolloutPhase::Succeeded, 90_000, 66);
        gone.taken_back = Some(TakenBack {
            rollout: "serving-10".into(),
            at: ago(39_952),
        });
        vec![
            running,
            failed,
            synced,
            self.rollout("ingestion", 6, RolloutPhase::Succeeded, 21_000, 52),
            self.rollout("serving", 11, RolloutPhase::Succeeded, 30_000, 72),
            back,
            bad,
            self.rollout("serving", 8, RolloutPhase::Superseded, 60_000, 3),
            gone,
            self.rollout("features", 3, RolloutPhase::Succeeded, 200_000, 44),
        ]
    }

    pub(super) fn view(
        &self,
        name: &str,
        sync: SyncStatus,
        health: HealthStatus,
        message: &str,
    ) -> ApplicationView {
        let mut all = self.all_rollouts().into_iter();
        let last = all.find(|one| one.application == name);
        let held = last.as_ref().and_then(super::held::held);
        ApplicationView {
            objects: 7,
            summary: ApplicationSummary {
                application: Arc::new(ApplicationRecord {
                    name: name.into(),
                    in_git: true,
                    deletion: DeletionPolicy::KeepData,
                    seen_at: ago(500_000),
                    removed_at: None,
                }),
                held: held.map(Arc::new),
                last: last.map(Arc::new),
            },
            path: self.text(&format!("movies/{name}")),
            depends_on: Vec::new(),
            standing: Arc::new(Standing {
                sync,
                sync_message: if sync == SyncStatus::OutOfSync {
                    "1 to change, 6 unchanged".into()
                } else {
                    String::new()
                },
                health: Health::new(health, self.text(message)),
                revision: id("7f3c2ab41d0c"),
                applied: id("e2a9c14bb01f"),
                on_hold: false,
                proof_stands: true,
                paused: self.suspended.then(|| Pause {
                    reason: Pause::SUSPENDED,
                    message: "suspended by Ann: the database moves".into(),
                }),
                observed_at: Some(ago(3)),
                trouble: None,
            }),
            commit: None,
        }
    }

    pub(super) fn result(
        &self,
        wave: i32,
        action: Action,
        kind: (&str, &str),
        name: &str,
        times: (i64, i64),
    ) -> ObjectResult {
        ObjectResult {
            wave,
            position: wave,
            file: format!("movies/serving/{name}.yaml"),
            line: 1,
            changes: match action {
                Action::Change => self.changes(),
                _ => Vec::new(),
            },
            applied_at: (times.0 > 0).then(|| ago(times.0)),
            healthy_at: (times.1 > 0).then(|| ago(times.1)),
            health: match (action, times) {
                (Action::Delete, _) | (_, (0, _)) => String::new(),
                (_, (_, 0)) => "Progressing".into(),
                _ => "Healthy".into(),
            },
            ..ObjectResult::new(key(kind.1, name), kind.0, action)
        }
    }

    pub(super) fn changes(&self) -> Vec<FieldChange> {
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

    pub(super) fn secret(&self) -> ObjectResult {
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

    pub(super) fn detail(&self, rollout: Rollout) -> RolloutDetail {
        RolloutDetail {
            steps: self.steps(&rollout),
            objects: self.results(),
            applies: Vec::new(),
            rollout,
        }
    }

    pub(super) fn steps(&self, rollout: &Rollout) -> Vec<Step> {
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
        vec![
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
        ]
    }

    pub(super) fn results(&self) -> Vec<ObjectResult> {
        let deployment = ("Deployment", "deployments.apps");
        let mut stuck = self.result(2, Action::Change, deployment, "serving", (300, 0));
        stuck.health = "Degraded".into();
        stuck.message =
            self.text("container api in pod serving-7d9f6c8b54-x2x7k exits with code 1");
        stuck.exits = self.exits();
        vec![
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
        ]
    }

    pub(super) fn commit(&self) -> Commit {
        Commit {
            id: id("7f3c2ab41d0c"),
            parents: vec![id("e2a9c14bb01f")],
            author: Person::new(self.text("Mara Lindqvist"), "mara@example.org"),
            authored_at: ago(400),
            committed_at: ago(400),
            message: self.text("serving: read the model's address from config"),
        }
    }

    pub(super) fn plan_now(&self) -> Plan {
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
        let flags = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"flag": "on"},
            "metadata": {"name": "old-flags", "namespace": "movies", "uid": "u"}});
        Plan {
            waves: vec![plan::Wave {
                stage: 0,
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
                object: Some(Box::new(flags.into())),
            }],
            ..Plan::default()
        }
    }
}
