//! The reconciler as it would have answered then.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use api::kinds::ApplicationStatus;
use api::{Collection, Object, ObjectKey};
use engine::health;
use engine::rollout::CommitId;
use engine::why::Written;
use engine::{Application, Health, HealthStatus, Origin};

use super::rewind::{self, missing, only_now};
use super::state::Past;
use crate::forge::Change;
use crate::githost::Token;
use crate::githost::token::{self, Made, Wanted};
use crate::history::{
    Action, ApplicationRecord, ApplicationSummary, Drift, ObjectResult, Push, RemovedObject,
    Rollout, RolloutDetail, RolloutQuery, SourceState, Step,
};
use crate::service::{
    ApplicationView, CommitView, Error, ObjectNode, PlanView, ProofView, RepositoryView,
    RollbackPreview, RollbackRequest, RolledBack, Span, Standing, SyncRequest, Tracked,
};
use crate::source::Person;
use crate::web::backend::Backend;
use crate::web::view::search::Found;

/// More of a list than what is left of it when what came later is taken away.
const MORE: u16 = 200;

/// See the module.
pub(super) struct PastBackend {
    pub(super) inner: Arc<dyn Backend>,
    pub(super) past: Arc<Past>,
}

impl PastBackend {
    fn at(&self) -> Timestamp {
        self.past.at
    }

    /// Those that had begun by then, as they stood; at most as many as asked for.
    fn stood(&self, rollouts: Vec<Rollout>) -> Vec<Rollout> {
        let stood = rollouts.into_iter();
        stood
            .filter_map(|rollout| rewind::rollout(rollout, self.at()))
            .collect()
    }

    fn view(&self, object: &Object, last: Option<Rollout>) -> ApplicationView {
        let application = Application::from_object(object);
        let status: ApplicationStatus =
            serde_json::from_value(object.body["status"].clone()).unwrap_or_default();
        let seen_at = api::parse_time(object.creation_timestamp()).unwrap_or(self.at());
        let condition = object.condition("Synced");
        let is_seen = !object.body["status"].is_null();
        let paths: Vec<&str> = application.sources().map(|it| it.path.as_str()).collect();
        ApplicationView {
            path: paths.join(", "),
            depends_on: application.depends_on.clone(),
            standing: Standing {
                sync: status.sync.status,
                sync_message: condition.map(|it| it.message).unwrap_or_default(),
                health: Health::new(word(&status.health.status), status.health.message),
                revision: CommitId(status.sync.revision),
                applied: CommitId(status.revision),
                observed_at: is_seen.then_some(self.at()),
                ..Standing::default()
            },
            commit: None,
            summary: ApplicationSummary {
                application: ApplicationRecord {
                    name: application.name.clone(),
                    in_git: true,
                    deletion: application.deletion,
                    seen_at,
                    removed_at: None,
                },
                last,
                objects: i64::from(status.inventory_count),
                held: None,
            },
        }
    }

    fn applications_then(&self) -> Vec<Arc<Object>> {
        self.past.all(&collection())
    }

    /// What the newest rollouts of then asked for, and what an earlier one that went well left.
    async fn asked_for(&self, application: &str) -> Result<Vec<ObjectResult>, Error> {
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

    fn nodes(&self, application: Option<&Application>, asked: &ObjectResult) -> Vec<ObjectNode> {
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
        let below = made.iter().map(|(key, object)| ObjectNode {
            owner: object.controller().map(|owner| owner.uid),
            health: health::assess(object, self.at()),
            ..node(key, object)
        });
        std::iter::once(root).chain(below).collect()
    }
}

fn collection() -> Collection {
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
    }
}

#[async_trait]
impl Backend for PastBackend {
    async fn tracked(&self) -> Result<Tracked, Error> {
        Ok(Tracked {
            revision: self.past.commit.clone(),
            applications: self.applications_then().len(),
            error: String::new(),
        })
    }

    async fn applications(&self) -> Result<Vec<ApplicationView>, Error> {
        let newest = self.inner.newest_until(self.at()).await?;
        let named = self.stood(newest).into_iter();
        let mut newest: BTreeMap<String, Rollout> =
            named.map(|it| (it.application.clone(), it)).collect();
        let all = self.applications_then();
        let views = all
            .iter()
            .map(|object| self.view(object, newest.remove(object.name())));
        Ok(views.collect())
    }

    async fn application(&self, name: &str) -> Result<ApplicationView, Error> {
        let key = collection().key(engine::application::NAMESPACE, name);
        let Some(object) = self.past.get(&key) else {
            return missing("application", name);
        };
        let query = RolloutQuery {
            application: Some(name.to_owned()),
            limit: 1,
            ..RolloutQuery::default()
        };
        let last = self.rollouts(&query).await?.into_iter().next();
        Ok(self.view(&object, last))
    }

    async fn objects(&self, application: &str) -> Result<Vec<ObjectNode>, Error> {
        let key = collection().key(engine::application::NAMESPACE, application);
        let known = self.past.get(&key);
        let known = known.map(|object| Application::from_object(&object));
        let asked = self.asked_for(application).await?;
        let mut nodes: Vec<ObjectNode> = Vec::new();
        for object in &asked {
            nodes.extend(self.nodes(known.as_ref(), object));
        }
        Ok(nodes)
    }

    async fn plan(&self, _: &str, _: &str) -> Result<PlanView, Error> {
        only_now("what a commit would do")
    }

    async fn preview_sync(&self, _: &SyncRequest) -> Result<PlanView, Error> {
        only_now("what a sync would do")
    }

    async fn sync(&self, _: &SyncRequest) -> Result<(), Error> {
        only_now("a sync")
    }

    async fn suspend(&self, _: &str, _: &str, _: &Person) -> Result<(), Error> {
        only_now("suspending")
    }

    async fn resume(&self, _: &str, _: &Person) -> Result<(), Error> {
        only_now("resuming")
    }

    async fn origins(
        &self,
        key: &ObjectKey,
        commit: &CommitId,
        fields: &[String],
    ) -> Result<Vec<Origin>, Error> {
        self.inner.origins(key, commit, fields).await
    }

    /// Which branches there were then is not recorded.
    async fn written(
        &self,
        key: &ObjectKey,
        commits: &[CommitId],
        field: &str,
    ) -> Result<Option<Written>, Error> {
        let written = self.inner.written(key, commits, field).await?;
        Ok(written.map(rewind::written))
    }

    async fn proof(&self, application: &str, commit: &str) -> Result<ProofView, Error> {
        let proof = self.inner.proof(application, commit).await?;
        if proof.at > self.at() {
            return missing("proof of commit", commit);
        }
        Ok(proof)
    }

    async fn preview_rollback(&self, _: &Span) -> Result<RollbackPreview, Error> {
        only_now("what a rollback would do")
    }

    async fn rollback(&self, _: &RollbackRequest) -> Result<RolledBack, Error> {
        only_now("a rollback")
    }

    async fn sources(&self) -> Result<Vec<SourceState>, Error> {
        let mut sources = self.inner.sources().await?;
        sources.truncate(1);
        for source in &mut sources {
            source.revision = self.past.commit.clone();
            source.fetched_at = None;
            source.error.clear();
        }
        Ok(sources)
    }

    async fn rollouts(&self, query: &RolloutQuery) -> Result<Vec<Rollout>, Error> {
        // The query leaves out its own bound; the moment itself belongs to the past.
        let next = self.at() + SignedDuration::from_micros(1);
        let query = RolloutQuery {
            before: Some(query.before.map_or(next, |before| before.min(next))),
            running: false,
            limit: if query.running { MORE } else { query.limit },
            ..query.clone()
        };
        Ok(self.stood(self.inner.rollouts(&query).await?))
    }

    async fn rollout(&self, id: &str) -> Result<Option<RolloutDetail>, Error> {
        let detail = self.inner.rollout(id).await?;
        Ok(detail.and_then(|detail| rewind::detail(detail, self.at())))
    }

    async fn drifts(&self, application: &str, limit: u16) -> Result<Vec<Drift>, Error> {
        let mut drifts = self.inner.drifts(application, limit.max(MORE)).await?;
        drifts.retain(|drift| drift.at <= self.at());
        drifts.truncate(limit.into());
        Ok(drifts)
    }

    async fn removed_at(&self, name: &str) -> Result<Option<Timestamp>, Error> {
        let removed = self.inner.removed_at(name).await?;
        Ok(removed.filter(|removed| *removed <= self.at()))
    }

    async fn owners(&self, keys: &[ObjectKey]) -> Result<BTreeMap<ObjectKey, String>, Error> {
        self.inner.owners(keys).await
    }

    async fn removed_object(&self, key: &ObjectKey) -> Result<Option<RemovedObject>, Error> {
        let removed = self.inner.removed_object(key).await?;
        Ok(removed.filter(|removed| removed.at <= self.at()))
    }

    async fn newest_until(&self, at: Timestamp) -> Result<Vec<Rollout>, Error> {
        self.inner.newest_until(at.min(self.at())).await
    }

    async fn rollouts_of(&self, commit: &str) -> Result<Vec<Rollout>, Error> {
        Ok(self.stood(self.inner.rollouts_of(commit).await?))
    }

    async fn repositories(&self) -> Result<Vec<RepositoryView>, Error> {
        only_now("how the repositories are")
    }

    async fn changes(&self, _: &str) -> Result<Vec<Change>, Error> {
        only_now("what a branch would do")
    }

    async fn change(&self, _: &str, _: &str) -> Result<Option<Change>, Error> {
        only_now("what a branch would do")
    }

    async fn tokens(&self) -> Vec<Token> {
        Vec::new()
    }

    async fn create_token(&self, _: Wanted) -> Result<Made, token::Error> {
        Err(token::Error::Wrong("the past cannot be changed".into()))
    }

    async fn revoke_token(&self, name: &str) -> Result<Token, token::Error> {
        Err(token::Error::Missing(name.to_owned()))
    }

    async fn search(&self, text: &str) -> Result<Found, Error> {
        self.inner.search(text).await
    }

    async fn commit(&self, prefix: &str) -> Result<Option<CommitView>, Error> {
        self.inner.commit(prefix).await
    }

    async fn push_of(&self, commit: &CommitId) -> Result<Option<Push>, Error> {
        let push = self.inner.push_of(commit).await?;
        Ok(push.filter(|push| push.received_at <= self.at()))
    }

    async fn newest_steps(&self, application: &str, limit: u16) -> Result<Vec<Step>, Error> {
        let mut steps = self
            .inner
            .newest_steps(application, limit.max(1_000))
            .await?;
        steps.retain(|step| step.at <= self.at());
        steps.truncate(limit.into());
        Ok(steps)
    }

    async fn definition(
        &self,
        _: &str,
        _: &[String],
    ) -> Result<Option<(CommitId, Vec<Origin>)>, Error> {
        only_now("the line that sets a field")
    }
}
