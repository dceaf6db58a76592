//! What stood then: rollouts, Applications and their objects.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use api::kinds::ApplicationStatus;
use api::{Collection, Object, ObjectKey};
use engine::health;
use engine::rollout::{CommitId, Pause};
use engine::{Application, Health, HealthStatus};

use super::rewind;
use super::state::Past;
use crate::config::MANAGER;
use crate::history::{
    Action, ApplicationRecord, ApplicationSummary, Hold, ObjectResult, Rollout, RolloutQuery,
};
use crate::service::{ApplicationView, Error, ObjectNode, ProofView, Standing};
use crate::web::backend::Backend;

/// What is on record of all Applications at that moment.
pub(super) struct Then {
    /// What was held, newest first.
    pub(super) held: Vec<Hold>,
    /// Whose newest proof was true.
    pub(super) proven: BTreeSet<String>,
}

/// See the module.
pub(super) struct PastBackend {
    pub(super) inner: Arc<dyn Backend>,
    pub(super) past: Arc<Past>,
}

impl PastBackend {
    pub(super) fn at(&self) -> Timestamp {
        self.past.at
    }

    /// A query leaves out its own bound; the moment itself belongs to the past.
    pub(super) fn next(&self) -> Timestamp {
        self.at() + SignedDuration::from_micros(1)
    }

    /// Those that had begun by then, as they stood; at most as many as asked for.
    pub(super) fn stood(&self, rollouts: Vec<Rollout>) -> Vec<Rollout> {
        let stood = rollouts.into_iter();
        stood
            .filter_map(|rollout| rewind::rollout(rollout, self.at()))
            .collect()
    }

    pub(super) fn view(
        &self,
        object: &Object,
        last: Option<Rollout>,
        then: &Then,
    ) -> ApplicationView {
        let application = Application::from_object(object);
        let status: ApplicationStatus =
            serde_json::from_value(object.body["status"].clone()).unwrap_or_default();
        let seen_at = api::parse_time(object.creation_timestamp()).unwrap_or(self.at());
        let condition = object.condition("Synced");
        let is_seen = !object.body["status"].is_null();
        let mut held = then.held.iter();
        let held = held.find(|it| it.application == application.name);
        let paths: Vec<&str> = application.sources().map(|it| it.path.as_str()).collect();
        ApplicationView {
            objects: usize::try_from(status.inventory_count).unwrap_or_default(),
            path: paths.join(", "),
            depends_on: application.depends_on.clone(),
            standing: Arc::new(Standing {
                sync: status.sync.status,
                sync_message: condition.map(|it| it.message).unwrap_or_default(),
                health: Health::new(word(&status.health.status), status.health.message),
                revision: CommitId(status.sync.revision),
                applied: CommitId(status.revision),
                on_hold: held.is_some(),
                proof_stands: then.proven.contains(&application.name),
                paused: object.condition("Paused").as_ref().and_then(Pause::told),
                observed_at: is_seen.then_some(self.at()),
                ..Standing::default()
            }),
            commit: None,
            summary: ApplicationSummary {
                application: Arc::new(ApplicationRecord {
                    name: application.name.clone(),
                    in_git: true,
                    deletion: application.deletion,
                    seen_at,
                    removed_at: None,
                }),
                last: last.map(Arc::new),
                held: held.cloned().map(Arc::new),
            },
        }
    }

    /// A proof beside the objects of then: what they became since is no matter of it.
    pub(super) fn proof_then(&self, mut view: ProofView) -> ProofView {
        for object in &mut view.objects {
            let then = self.past.get(&object.leaf.key);
            object.holds = then.is_some_and(|live| object.leaf.holds(&live, MANAGER));
        }
        view.holding = view.objects.iter().filter(|object| object.holds).count();
        view.until = view.until.filter(|end| *end <= self.at());
        view
    }

    pub(super) fn applications_then(&self) -> Vec<Arc<Object>> {
        self.past.all(&collection())
    }

    /// What the newest rollouts of then asked for, and what an earlier one that went well left.
    pub(super) async fn asked_for(&self, application: &str) -> Result<Vec<ObjectResult>, Error> {
        let query = RolloutQuery {
            application: Some(application.to_owned()),
            limit: 20,
            ..RolloutQuery::default()
        };
        let rollouts = self.rollouts(&query).await?;
        let whole = rollouts.iter().filter(|it| !it.options.is_partial());
        let newest = whole.clone().next();
        let good = whole
            .clone()
            .find(|it| it.phase == engine::rollout::RolloutPhase::Succeeded);
        let mut found = Vec::new();
        let mut keys = BTreeSet::new();
        for rollout in newest.into_iter().chain(good) {
            let detail = self.inner.rollout(&rollout.id).await?;
            for object in detail.into_iter().flat_map(|detail| detail.objects) {
                if keys.insert(object.key.clone()) {
                    found.push(object);
                }
            }
        }
        Ok(found)
    }

    pub(super) fn nodes(
        &self,
        application: Option<&Application>,
        asked: &ObjectResult,
    ) -> Vec<ObjectNode> {
        let checks = application.map(|it| it.health_checks.clone());
        let checks = checks.unwrap_or_default();
        let Some(object) = self.past.get(&asked.key) else {
            let is_wanted = matches!(
                asked.action,
                Action::Create | Action::Change | Action::Unchanged
            );
            return if is_wanted {
                vec![absent(asked)]
            } else {
                Vec::new()
            };
        };
        let made = self.past.descendants(&object);
        let bodies: Vec<Object> = made.iter().map(|(_, it)| (**it).clone()).collect();
        let mut root = node(&asked.key, &object);
        root.wave = asked.wave;
        root.health = health::judge(&checks, &object, &bodies, self.at());
        root.warning = self.past.warning(&object);
        let below = made.iter().map(|(key, object)| ObjectNode {
            owner: object.controller().map(|owner| owner.uid),
            health: health::within(object, &bodies, self.at()),
            ..node(key, object)
        });
        std::iter::once(root).chain(below).collect()
    }
}

pub(super) fn collection() -> Collection {
    Collection::new(api::kinds::GROUP, "applications")
}

fn word(status: &str) -> HealthStatus {
    serde_json::from_value(status.into()).unwrap_or_default()
}

fn node(key: &ObjectKey, object: &Object) -> ObjectNode {
    ObjectNode {
        key: key.clone(),
        kind: object.kind().to_owned(),
        uid: object.uid(),
        owner: None,
        wave: 0,
        health: None,
        created_at: api::parse_time(object.creation_timestamp()),
        missing: false,
        warning: String::new(),
    }
}

fn absent(asked: &ObjectResult) -> ObjectNode {
    ObjectNode {
        key: asked.key.clone(),
        kind: asked.kind.clone(),
        uid: api::Uid::default(),
        owner: None,
        wave: asked.wave,
        health: Some(Health::missing()),
        created_at: None,
        missing: true,
        warning: String::new(),
    }
}
