//! What the pages ask of the reconciler, in one place: the service and its history.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

use api::{Object, ObjectKey};
use engine::Origin;
use engine::rollout::CommitId;
use engine::why::Written;

use super::view::proof::Proven;
use super::view::search::Found;
use crate::forge::Change;
use crate::githost::Token;
use crate::githost::token::{self, Made, Wanted};
use crate::history::{
    Counted, Drift, DriftQuery, Hold, Push, RECENT, Recent, RemovedObject, ReportQuery, Reports,
    ReportsAbout, Rollout, RolloutDetail, RolloutQuery, SourceState, Step,
};
use crate::service::{
    ApplicationView, CommitView, Error, ObjectNode, PlanView, ProofView, RepositoryView,
    RollbackPreview, RollbackRequest, RolledBack, Service, Span, SyncRequest, Tracked,
};
use crate::source::Person;
use crate::usage::Used;

/// See [`Service`] for what each of them does.
#[async_trait]
pub(super) trait Backend: Send + Sync + 'static {
    async fn tracked(&self) -> Result<Tracked, Error>;
    async fn applications(&self) -> Result<Vec<ApplicationView>, Error>;
    async fn application(&self, name: &str) -> Result<ApplicationView, Error>;
    async fn objects(&self, application: &str) -> Result<Vec<ObjectNode>, Error>;
    async fn compare(&self, application: &str, from: &str, to: &str) -> Result<PlanView, Error>;
    async fn preview_sync(&self, request: &SyncRequest) -> Result<PlanView, Error>;
    async fn sync(&self, request: &SyncRequest) -> Result<(), Error>;
    async fn suspend(&self, application: &str, reason: &str, actor: &Person) -> Result<(), Error>;
    async fn resume(&self, application: &str, actor: &Person) -> Result<(), Error>;
    async fn origins(
        &self,
        key: &ObjectKey,
        commit: &CommitId,
        fields: &[String],
    ) -> Result<Vec<Origin>, Error>;
    async fn brought(
        &self,
        key: &ObjectKey,
        commit: &CommitId,
        fields: &[String],
    ) -> Result<Vec<CommitId>, Error>;
    async fn written(
        &self,
        key: &ObjectKey,
        commits: &[CommitId],
        field: &str,
    ) -> Result<Option<Written>, Error>;
    async fn proof(
        &self,
        application: &str,
        commit: &str,
        at: Timestamp,
    ) -> Result<ProofView, Error>;
    /// The newest proof of an application, in short.
    async fn proven(&self, application: &str, at: Timestamp) -> Result<Option<Proven>, Error>;
    /// The applications whose newest proof was true at that moment.
    async fn proven_at(&self, at: Timestamp) -> Result<BTreeSet<String>, Error>;
    async fn preview_rollback(&self, span: &Span) -> Result<RollbackPreview, Error>;
    async fn rollback(&self, request: &RollbackRequest) -> Result<RolledBack, Error>;
    async fn sources(&self) -> Result<Vec<SourceState>, Error>;
    async fn rollouts(&self, query: &RolloutQuery) -> Result<Vec<Rollout>, Error>;
    /// What began since then, newest first.
    async fn recent(&self, since: Timestamp) -> Result<Recent, Error> {
        let query = RolloutQuery {
            since: Some(since),
            limit: RECENT,
            ..RolloutQuery::default()
        };
        let rollouts = self.rollouts(&query).await?;
        Ok(Arc::new(rollouts.into_iter().map(Arc::new).collect()))
    }
    async fn rollout(&self, id: &str) -> Result<Option<RolloutDetail>, Error>;
    /// How many objects each of these rollouts creates, changes and deletes, by id.
    async fn counted(&self, rollouts: &[String]) -> Result<BTreeMap<String, Counted>, Error>;
    async fn drifts(&self, query: &DriftQuery) -> Result<Vec<Drift>, Error>;
    /// When an application left the repository, if there ever was one of this name.
    async fn removed_at(&self, name: &str) -> Result<Option<Timestamp>, Error>;
    /// The application of each of these objects that is from Git.
    async fn owners(&self, keys: &[ObjectKey]) -> Result<BTreeMap<ObjectKey, String>, Error>;
    /// The last rollout that deleted this object.
    async fn removed_object(&self, key: &ObjectKey) -> Result<Option<RemovedObject>, Error>;
    /// The newest rollout of each application that had begun by then; of some of them where they
    /// are named.
    async fn newest_until(
        &self,
        at: Timestamp,
        of: Option<&[String]>,
    ) -> Result<Vec<Rollout>, Error>;
    /// What was held at that moment, newest first.
    async fn holds_until(&self, at: Timestamp) -> Result<Vec<Hold>, Error>;
    /// The rollouts to a commit, of which a beginning is enough; newest first.
    async fn rollouts_of(&self, commit: &str) -> Result<Vec<Rollout>, Error>;
    async fn commit(&self, prefix: &str) -> Result<Option<CommitView>, Error>;
    async fn repositories(&self) -> Result<Vec<RepositoryView>, Error>;
    /// Where a followed branch was, as pushes say.
    async fn head_at(&self, source: &SourceState, at: Timestamp)
    -> Result<Option<CommitId>, Error>;
    /// Where the branches of hosted repositories were: repository, branch, commit.
    async fn heads_at(&self, at: Timestamp) -> Result<Vec<(String, String, CommitId)>, Error>;
    /// Plans of branches of one repository, or of all where it is empty; newest first.
    async fn changes(&self, repository: &str) -> Result<Vec<Change>, Error>;
    /// The same as they stood.
    async fn changes_at(&self, repository: &str, at: Timestamp) -> Result<Vec<Change>, Error>;
    async fn change(&self, repository: &str, branch: &str) -> Result<Option<Change>, Error>;
    /// How many branches have a plan.
    async fn open_changes(&self) -> Result<usize, Error>;
    async fn tokens(&self) -> Vec<Token>;
    async fn create_token(&self, wanted: Wanted) -> Result<Made, token::Error>;
    async fn revoke_token(&self, name: &str) -> Result<Token, token::Error>;
    /// What is recorded that a few letters may mean.
    async fn search(&self, text: &str) -> Result<Found, Error>;
    /// The newest push of a commit.
    async fn push_of(&self, commit: &CommitId) -> Result<Option<Push>, Error>;
    /// The cluster's Events, as far as they are kept.
    async fn reports(&self, query: &ReportQuery) -> Result<Reports, Error>;
    /// The kept Events about some objects, newest first.
    async fn reports_about(&self, about: &ReportsAbout) -> Result<Vec<Object>, Error>;
    /// The application's newest steps, newest first.
    async fn newest_steps(&self, application: &str, limit: u16) -> Result<Vec<Step>, Error>;
    /// What nodes, pods and applications use now, and of a day.
    fn used(&self) -> Arc<Used>;
    /// The commit that defines the application, and where it sets each of these fields; `None`
    /// where none does.
    async fn definition(
        &self,
        application: &str,
        fields: &[String],
    ) -> Result<Option<(CommitId, Vec<Origin>)>, Error>;
}

/// The service of production.
pub(super) struct ServiceBackend(pub(super) Arc<dyn Service>);

#[async_trait]
impl Backend for ServiceBackend {
    async fn tracked(&self) -> Result<Tracked, Error> {
        self.0.tracked().await
    }

    async fn applications(&self) -> Result<Vec<ApplicationView>, Error> {
        self.0.applications().await
    }

    async fn application(&self, name: &str) -> Result<ApplicationView, Error> {
        self.0.application(name).await
    }

    async fn objects(&self, application: &str) -> Result<Vec<ObjectNode>, Error> {
        self.0.objects(application).await
    }

    async fn compare(&self, application: &str, from: &str, to: &str) -> Result<PlanView, Error> {
        self.0.compare(application, from, to).await
    }

    async fn preview_sync(&self, request: &SyncRequest) -> Result<PlanView, Error> {
        self.0.preview_sync(request).await
    }

    async fn sync(&self, request: &SyncRequest) -> Result<(), Error> {
        self.0.sync(request).await
    }

    async fn suspend(&self, application: &str, reason: &str, actor: &Person) -> Result<(), Error> {
        self.0.suspend(application, reason, actor).await
    }

    async fn resume(&self, application: &str, actor: &Person) -> Result<(), Error> {
        self.0.resume(application, actor).await
    }

    async fn origins(
        &self,
        key: &ObjectKey,
        commit: &CommitId,
        fields: &[String],
    ) -> Result<Vec<Origin>, Error> {
        self.0.origins(key, commit, fields).await
    }

    async fn brought(
        &self,
        key: &ObjectKey,
        commit: &CommitId,
        fields: &[String],
    ) -> Result<Vec<CommitId>, Error> {
        self.0.brought(key, commit, fields).await
    }

    async fn written(
        &self,
        key: &ObjectKey,
        commits: &[CommitId],
        field: &str,
    ) -> Result<Option<Written>, Error> {
        self.0.written(key, commits, field).await
    }

    async fn proof(
        &self,
        application: &str,
        commit: &str,
        at: Timestamp,
    ) -> Result<ProofView, Error> {
        self.0.proof(application, commit, at).await
    }

    async fn proven_at(&self, at: Timestamp) -> Result<BTreeSet<String>, Error> {
        Ok(self.0.history().proven_at(at).await?)
    }

    async fn proven(&self, application: &str, at: Timestamp) -> Result<Option<Proven>, Error> {
        let found = self.0.history().proof(application, "", at).await?;
        Ok(found.map(|proof| Proven {
            matching: proof.leaves.iter().filter(|leaf| leaf.matches()).count(),
            objects: proof.leaves.len(),
            rollout: proof.rollout,
            commit: proof.commit,
            at: proof.at,
            until: proof.until,
            again: proof.again,
        }))
    }

    async fn preview_rollback(&self, span: &Span) -> Result<RollbackPreview, Error> {
        self.0.preview_rollback(span).await
    }

    async fn rollback(&self, request: &RollbackRequest) -> Result<RolledBack, Error> {
        self.0.rollback(request).await
    }

    async fn sources(&self) -> Result<Vec<SourceState>, Error> {
        Ok(self.0.history().sources().await?)
    }

    async fn rollouts(&self, query: &RolloutQuery) -> Result<Vec<Rollout>, Error> {
        Ok(self.0.history().rollouts(query).await?)
    }

    async fn recent(&self, since: Timestamp) -> Result<Recent, Error> {
        Ok(self.0.history().recent(since).await?)
    }

    async fn rollout(&self, id: &str) -> Result<Option<RolloutDetail>, Error> {
        Ok(self.0.history().rollout_detail(id).await?)
    }

    async fn counted(&self, rollouts: &[String]) -> Result<BTreeMap<String, Counted>, Error> {
        Ok(self.0.history().object_counts(rollouts).await?)
    }

    async fn drifts(&self, query: &DriftQuery) -> Result<Vec<Drift>, Error> {
        Ok(self.0.history().drifts(query).await?)
    }

    async fn removed_at(&self, name: &str) -> Result<Option<Timestamp>, Error> {
        let record = self.0.history().application(name).await?;
        Ok(record.and_then(|record| record.application.removed_at))
    }

    async fn owners(&self, keys: &[ObjectKey]) -> Result<BTreeMap<ObjectKey, String>, Error> {
        Ok(self.0.history().owners_of(keys).await?)
    }

    async fn removed_object(&self, key: &ObjectKey) -> Result<Option<RemovedObject>, Error> {
        Ok(self.0.history().removed_object(key).await?)
    }

    async fn newest_until(
        &self,
        at: Timestamp,
        of: Option<&[String]>,
    ) -> Result<Vec<Rollout>, Error> {
        Ok(self.0.history().newest_until(at, of).await?)
    }

    async fn holds_until(&self, at: Timestamp) -> Result<Vec<Hold>, Error> {
        Ok(self.0.history().holds_until(at).await?)
    }

    async fn rollouts_of(&self, commit: &str) -> Result<Vec<Rollout>, Error> {
        Ok(self.0.history().rollouts_of(commit).await?)
    }

    async fn repositories(&self) -> Result<Vec<RepositoryView>, Error> {
        self.0.repositories().await
    }

    async fn head_at(
        &self,
        source: &SourceState,
        at: Timestamp,
    ) -> Result<Option<CommitId>, Error> {
        let history = self.0.history();
        let SourceState {
            repository, branch, ..
        } = source;
        Ok(history.head_at(repository, branch, at).await?)
    }

    async fn heads_at(&self, at: Timestamp) -> Result<Vec<(String, String, CommitId)>, Error> {
        Ok(self.0.history().heads_at(at).await?)
    }

    async fn changes_at(&self, repository: &str, at: Timestamp) -> Result<Vec<Change>, Error> {
        Ok(self.0.history().changes_at(repository, at).await?)
    }

    async fn changes(&self, repository: &str) -> Result<Vec<Change>, Error> {
        Ok(self.0.history().changes(repository).await?)
    }

    async fn change(&self, repository: &str, branch: &str) -> Result<Option<Change>, Error> {
        self.0.change(repository, branch).await
    }

    async fn open_changes(&self) -> Result<usize, Error> {
        Ok(self.0.history().count_changes().await?)
    }

    async fn tokens(&self) -> Vec<Token> {
        self.0.token_book().list()
    }

    async fn create_token(&self, wanted: Wanted) -> Result<Made, token::Error> {
        self.0.token_book().create(wanted).await
    }

    async fn revoke_token(&self, name: &str) -> Result<Token, token::Error> {
        self.0.token_book().revoke(name).await
    }

    async fn search(&self, text: &str) -> Result<Found, Error> {
        let history = self.0.history();
        let records = history.application_records().await?;
        let there = records.iter().filter(|record| record.removed_at.is_none());
        Ok(Found {
            applications: there.map(|record| record.name.clone()).collect(),
            objects: history.objects_like(text).await?,
            rollouts: history.rollouts_like(text).await?,
            changes: history.changes("").await?,
        })
    }

    async fn commit(&self, prefix: &str) -> Result<Option<CommitView>, Error> {
        self.0.commit(prefix).await
    }

    async fn push_of(&self, commit: &CommitId) -> Result<Option<Push>, Error> {
        Ok(self.0.history().newest_push_of(commit).await?)
    }

    async fn reports(&self, query: &ReportQuery) -> Result<Reports, Error> {
        Ok(self.0.history().reports(query).await?)
    }

    async fn reports_about(&self, about: &ReportsAbout) -> Result<Vec<Object>, Error> {
        Ok(self.0.history().reports_about(about).await?)
    }

    async fn newest_steps(&self, application: &str, limit: u16) -> Result<Vec<Step>, Error> {
        Ok(self.0.history().newest_steps(application, limit).await?)
    }

    fn used(&self) -> Arc<Used> {
        self.0.used().borrow().clone()
    }

    async fn definition(
        &self,
        application: &str,
        fields: &[String],
    ) -> Result<Option<(CommitId, Vec<Origin>)>, Error> {
        self.0.definition(application, fields).await
    }
}
