//! The reconciler as it would have answered then.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use futures::try_join;
use jiff::Timestamp;

use api::{Object, ObjectKey};
use engine::rollout::CommitId;
use engine::why::Written;
use engine::{Application, Origin};

use super::repositories::{Heads, repositories};
use super::rewind::{self, missing, only_now};
use super::stood::{PastBackend, Then, collection};
use super::under_way::under_way;
use crate::forge::Change;
use crate::githost::Token;
use crate::githost::token::{self, Made, Wanted};
use crate::history::{
    Counted, Drift, DriftQuery, Hold, Push, RemovedObject, ReportQuery, Reports, ReportsAbout,
    Rollout, RolloutDetail, RolloutQuery, SourceState, Step,
};
use crate::service::{
    ApplicationView, CommitView, Error, ObjectNode, PlanView, ProofView, RepositoryView,
    RollbackPreview, RollbackRequest, RolledBack, Span, SyncRequest, Tracked,
};
use crate::source::Person;
use crate::usage::Used;
use crate::web::backend::Backend;
use crate::web::view::diff::is_fixed;
use crate::web::view::proof::Proven;
use crate::web::view::search::Found;

/// Of what is gone since, as many are looked up one by one.
const FEW: usize = 20;
/// More of a list than what is left of it when what came later is taken away.
const MORE: u16 = 200;

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
        let (newest, held, proven) = try_join!(
            self.inner.newest_until(self.at(), None),
            self.inner.holds_until(self.at()),
            self.inner.proven_at(self.at())
        )?;
        let then = Then { held, proven };
        let named = self.stood(newest).into_iter();
        let mut newest: BTreeMap<String, Rollout> =
            named.map(|it| (it.application.clone(), it)).collect();
        let all = self.applications_then();
        let views = all
            .iter()
            .map(|object| self.view(object, newest.remove(object.name()), &then));
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
        let (held, proven) = try_join!(
            self.inner.holds_until(self.at()),
            self.inner.proven_at(self.at())
        )?;
        Ok(self.view(&object, last, &Then { held, proven }))
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

    async fn compare(&self, application: &str, from: &str, to: &str) -> Result<PlanView, Error> {
        if is_fixed(from) && is_fixed(to) {
            return self.inner.compare(application, from, to).await;
        }
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

    async fn brought(
        &self,
        key: &ObjectKey,
        commit: &CommitId,
        fields: &[String],
    ) -> Result<Vec<CommitId>, Error> {
        self.inner.brought(key, commit, fields).await
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

    async fn proof(
        &self,
        application: &str,
        commit: &str,
        at: Timestamp,
    ) -> Result<ProofView, Error> {
        let view = self
            .inner
            .proof(application, commit, at.min(self.at()))
            .await?;
        Ok(self.proof_then(view))
    }

    async fn proven(&self, application: &str, at: Timestamp) -> Result<Option<Proven>, Error> {
        self.inner.proven(application, at.min(self.at())).await
    }

    async fn proven_at(&self, at: Timestamp) -> Result<BTreeSet<String>, Error> {
        self.inner.proven_at(at.min(self.at())).await
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
        let next = self.next();
        let query = RolloutQuery {
            before: Some(query.before.map_or(next, |before| before.min(next))),
            as_of: Some(self.at()),
            ..query.clone()
        };
        Ok(self.stood(self.inner.rollouts(&query).await?))
    }

    async fn rollout(&self, id: &str) -> Result<Option<RolloutDetail>, Error> {
        let detail = self.inner.rollout(id).await?;
        let mut detail = detail.and_then(|detail| rewind::detail(detail, self.at()));
        if let Some(detail) = &mut detail {
            under_way(&self.past, detail);
        }
        Ok(detail)
    }

    async fn counted(&self, rollouts: &[String]) -> Result<BTreeMap<String, Counted>, Error> {
        self.inner.counted(rollouts).await
    }

    async fn drifts(&self, query: &DriftQuery) -> Result<Vec<Drift>, Error> {
        let next = self.next();
        let query = DriftQuery {
            before: Some(query.before.map_or(next, |before| before.min(next))),
            open_at: query.open_at.map(|at| at.min(self.at())),
            ..query.clone()
        };
        let drifts = self.inner.drifts(&query).await?.into_iter();
        Ok(drifts.map(|it| rewind::drift(it, self.at())).collect())
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

    async fn newest_until(
        &self,
        at: Timestamp,
        of: Option<&[String]>,
    ) -> Result<Vec<Rollout>, Error> {
        self.inner.newest_until(at.min(self.at()), of).await
    }

    async fn holds_until(&self, at: Timestamp) -> Result<Vec<Hold>, Error> {
        self.inner.holds_until(at.min(self.at())).await
    }

    async fn rollouts_of(&self, commit: &str) -> Result<Vec<Rollout>, Error> {
        Ok(self.stood(self.inner.rollouts_of(commit).await?))
    }

    async fn repositories(&self) -> Result<Vec<RepositoryView>, Error> {
        let followed = self.inner.sources().await?.into_iter().next();
        let head = match &followed {
            Some(source) => self.inner.head_at(source, self.at()).await?,
            None => None,
        };
        let there = self.inner.repositories().await?.into_iter();
        let heads = Heads {
            followed: head,
            pushed: self.inner.heads_at(self.at()).await?,
        };
        Ok(repositories(there, &self.applications_then(), &heads))
    }

    async fn heads_at(&self, at: Timestamp) -> Result<Vec<(String, String, CommitId)>, Error> {
        self.inner.heads_at(at.min(self.at())).await
    }

    async fn head_at(
        &self,
        source: &SourceState,
        at: Timestamp,
    ) -> Result<Option<CommitId>, Error> {
        self.inner.head_at(source, at.min(self.at())).await
    }

    async fn changes(&self, repository: &str) -> Result<Vec<Change>, Error> {
        self.changes_at(repository, self.at()).await
    }

    async fn changes_at(&self, repository: &str, at: Timestamp) -> Result<Vec<Change>, Error> {
        self.inner.changes_at(repository, at.min(self.at())).await
    }

    /// The plan of then: nothing is planned anew in the past.
    async fn change(&self, repository: &str, branch: &str) -> Result<Option<Change>, Error> {
        let all = self.changes(repository).await?.into_iter();
        Ok(all.into_iter().find(|it| it.branch == branch))
    }

    async fn open_changes(&self) -> Result<usize, Error> {
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
        let wanted = text.to_lowercase();
        // Applications are found by themselves.
        let keys = self.past.named(&wanted);
        let keys = keys.filter(|key| key.collection != collection());
        let keys: Vec<ObjectKey> = keys.take(usize::from(MORE)).collect();
        let mut owners = self.inner.owners(&keys).await?;
        for key in keys
            .iter()
            .filter(|key| !owners.contains_key(key))
            .take(FEW)
            .collect::<Vec<_>>()
        {
            if let Some(removed) = self.inner.removed_object(key).await? {
                owners.insert(key.clone(), removed.application);
            }
        }
        let known = self.inner.search(text).await?;
        let applications = self.applications_then().into_iter();
        Ok(Found {
            applications: applications.map(|it| it.name().to_owned()).collect(),
            objects: owners.into_iter().map(rewind::item).collect(),
            rollouts: self.stood(known.rollouts),
            // Where branches were then is not kept.
            changes: Vec::new(),
        })
    }

    async fn commit(&self, prefix: &str) -> Result<Option<CommitView>, Error> {
        self.inner.commit(prefix).await
    }

    async fn push_of(&self, commit: &CommitId) -> Result<Option<Push>, Error> {
        let push = self.inner.push_of(commit).await?;
        Ok(push.filter(|push| push.received_at <= self.at()))
    }

    async fn reports(&self, query: &ReportQuery) -> Result<Reports, Error> {
        let until = query.until.map_or(self.at(), |until| until.min(self.at()));
        let query = ReportQuery {
            until: Some(until),
            ..query.clone()
        };
        self.inner.reports(&query).await
    }

    async fn reports_about(&self, about: &ReportsAbout) -> Result<Vec<Object>, Error> {
        let until = about.until.map_or(self.at(), |until| until.min(self.at()));
        let about = ReportsAbout {
            until: Some(until),
            ..about.clone()
        };
        self.inner.reports_about(&about).await
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

    /// What was used then is not kept but for a day, and pages of the past show none of it.
    fn used(&self) -> Arc<Used> {
        Arc::default()
    }

    async fn definition(
        &self,
        _: &str,
        _: &[String],
    ) -> Result<Option<(CommitId, Vec<Origin>)>, Error> {
        only_now("the line that sets a field")
    }
}
