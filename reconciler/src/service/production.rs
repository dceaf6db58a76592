//! The reconciler, asked.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::watch;

use api::ObjectKey;
use engine::Origin;
use engine::rollout::{CommitId, Options};
use engine::why::Written;

use super::{
    ApplicationView, CommitView, Error, ObjectNode, PlanView, ProofView, RepositoryView,
    RollbackPreview, RollbackRequest, RolledBack, Service, Span, SyncRequest, Tracked, by_hand,
    commit, compare, origins, plan, proof, queries, repositories, rollback, written,
};
use crate::Reconciler;
use crate::forge::Change;
use crate::githost::Tokens;
use crate::githost::hosted::CLUSTER;
use crate::history::{Feed, Reader, Trigger};
use crate::source::Person;
use crate::sync::change;
use crate::usage::Used;

#[async_trait]
impl Service for Reconciler {
    fn history(&self) -> &Reader {
        self.core.history.reader()
    }

    fn follow(&self, after: i64) -> Feed {
        self.core.history.follow(after)
    }

    fn used(&self) -> watch::Receiver<Arc<Used>> {
        self.core.used.subscribe()
    }

    fn wake(&self, trigger: Trigger) {
        self.core.waker.wake(trigger);
    }

    async fn tracked(&self) -> Result<Tracked, Error> {
        queries::tracked(&self.core).await
    }

    async fn applications(&self) -> Result<Vec<ApplicationView>, Error> {
        queries::applications(&self.core).await
    }

    async fn application(&self, name: &str) -> Result<ApplicationView, Error> {
        queries::application(&self.core, name).await
    }

    async fn objects(&self, application: &str) -> Result<Vec<ObjectNode>, Error> {
        queries::objects(&self.core, application).await
    }

    async fn plan(&self, application: &str, revision: &str) -> Result<PlanView, Error> {
        plan::plan(&self.core, application, revision, &Options::default()).await
    }

    async fn compare(&self, application: &str, from: &str, to: &str) -> Result<PlanView, Error> {
        compare::compare(&self.core, application, from, to).await
    }

    async fn preview_sync(&self, request: &SyncRequest) -> Result<PlanView, Error> {
        by_hand::preview(&self.core, request).await
    }

    async fn sync(&self, request: &SyncRequest) -> Result<(), Error> {
        by_hand::sync(&self.core, request).await
    }

    async fn suspend(&self, application: &str, reason: &str, actor: &Person) -> Result<(), Error> {
        by_hand::suspend(&self.core, application, reason, actor).await
    }

    async fn resume(&self, application: &str, actor: &Person) -> Result<(), Error> {
        by_hand::resume(&self.core, application, actor).await
    }

    async fn origins(
        &self,
        key: &ObjectKey,
        commit: &CommitId,
        fields: &[String],
    ) -> Result<Vec<Origin>, Error> {
        origins::origins(&self.core, key, commit, fields).await
    }

    async fn brought(
        &self,
        key: &ObjectKey,
        commit: &CommitId,
        fields: &[String],
    ) -> Result<Vec<CommitId>, Error> {
        written::brought(&self.core, key, commit, fields).await
    }

    async fn definition(
        &self,
        application: &str,
        fields: &[String],
    ) -> Result<Option<(CommitId, Vec<Origin>)>, Error> {
        origins::definition(&self.core, application, fields).await
    }

    async fn repositories(&self) -> Result<Vec<RepositoryView>, Error> {
        repositories::repositories(&self.core).await
    }

    async fn change(&self, repository: &str, branch: &str) -> Result<Option<Change>, Error> {
        let change = change::current(&self.core, repository, branch).await;
        change.map_err(Error::Cluster)
    }

    fn token_book(&self) -> &Tokens {
        &self.tokens
    }

    async fn commit(&self, prefix: &str) -> Result<Option<CommitView>, Error> {
        commit::commit(&self.core, prefix).await
    }

    async fn written(
        &self,
        key: &ObjectKey,
        commits: &[CommitId],
        field: &str,
    ) -> Result<Option<Written>, Error> {
        written::written(&self.core, key, commits, field).await
    }

    async fn proof(
        &self,
        application: &str,
        commit: &str,
        at: Timestamp,
    ) -> Result<ProofView, Error> {
        proof::proof(&self.core, application, commit, at).await
    }

    async fn preview_rollback(&self, span: &Span) -> Result<RollbackPreview, Error> {
        rollback::preview(&self.core, span).await
    }

    async fn rollback(&self, request: &RollbackRequest) -> Result<RolledBack, Error> {
        let (hosted, branch) = (&self.core.hosted, &self.core.config.branch);
        let user = &request.author.name;
        if self.core.source.is_hosted()
            && let Some(why) = hosted.refusal(CLUSTER, branch, user)
        {
            return Err(Error::Impossible(why));
        }
        rollback::rollback(&self.core, request).await
    }
}
