//! What people can ask of the reconciler: the one door for web pages and command line.

mod by_hand;
mod commit;
mod compare;
mod error;
mod kustomized;
mod origins;
mod plan;
mod production;
mod proof;
mod queries;
mod rendered;
mod repositories;
mod rollback;
mod types;
mod written;

use std::sync::Arc;

use api::ObjectKey;
use async_trait::async_trait;
use engine::Origin;
use engine::rollout::CommitId;
use engine::why::Written;
use jiff::Timestamp;
use tokio::sync::watch;

use crate::forge::Change;
use crate::githost::Tokens;
use crate::history::{Feed, Reader, Trigger};
use crate::source::Person;
use crate::usage::Used;

pub use error::Error;
pub use repositories::{BranchHead, RepositoryView};
pub(crate) use rollback::rollback;
pub use types::{
    ApplicationView, CommitView, ObjectNode, PlanView, ProofObject, ProofView, RollbackPreview,
    RollbackRequest, RolledBack, Side, Signature, Span, Standing, SyncRequest, Tracked, Trouble,
};
pub(crate) use written::Blames;

/// Queries and commands. [`crate::Reconciler`] is the one of production.
#[async_trait]
pub trait Service: Send + Sync + 'static {
    /// Everything that is recorded.
    fn history(&self) -> &Reader;

    /// Steps after number `after` (0: all), then new ones as they are recorded.
    fn follow(&self, after: i64) -> Feed;

    /// What nodes, pods and applications use; it is another value with each measure.
    fn used(&self) -> watch::Receiver<Arc<Used>>;

    /// Look at the repository now.
    fn wake(&self, trigger: Trigger);

    /// What the tracked repository is at.
    async fn tracked(&self) -> Result<Tracked, Error>;

    /// Every application there is, by name.
    async fn applications(&self) -> Result<Vec<ApplicationView>, Error>;

    async fn application(&self, name: &str) -> Result<ApplicationView, Error>;

    /// The application's objects and what they made, owners before what they own.
    async fn objects(&self, application: &str) -> Result<Vec<ObjectNode>, Error>;

    /// What bringing the application to `revision` (a branch, tag or commit; empty: what is
    /// tracked) would do now.
    async fn plan(&self, application: &str, revision: &str) -> Result<PlanView, Error>;

    /// What is different between two states of the application, each of them `live`, a rollout (its
    /// id or number) or a revision. An empty `from` is what is live, an empty `to` what is tracked.
    async fn compare(&self, application: &str, from: &str, to: &str) -> Result<PlanView, Error>;

    /// What [`Service::sync`] would do now.
    async fn preview_sync(&self, request: &SyncRequest) -> Result<PlanView, Error>;

    /// Rolls out the tracked commit, whether or not it failed before or anything else keeps it
    /// from beginning by itself.
    async fn sync(&self, request: &SyncRequest) -> Result<(), Error>;

    /// Has the application left alone, until [`Service::resume`]. What runs is stopped.
    async fn suspend(&self, application: &str, reason: &str, actor: &Person) -> Result<(), Error>;

    async fn resume(&self, application: &str, actor: &Person) -> Result<(), Error>;

    /// Where a commit asks for each of an object's fields; empty where it is not known to ask for
    /// the object.
    async fn origins(
        &self,
        key: &ObjectKey,
        commit: &CommitId,
        fields: &[String],
    ) -> Result<Vec<Origin>, Error>;

    /// The commit that each field's line came with, as of `commit`; empty where nobody can say.
    async fn brought(
        &self,
        key: &ObjectKey,
        commit: &CommitId,
        fields: &[String],
    ) -> Result<Vec<CommitId>, Error>;

    /// The commit that defines the application, and where it sets each of these fields; `None`
    /// where none does.
    async fn definition(
        &self,
        application: &str,
        fields: &[String],
    ) -> Result<Option<(CommitId, Vec<Origin>)>, Error>;

    /// What is followed and what is hosted here; the cluster's own first.
    async fn repositories(&self) -> Result<Vec<RepositoryView>, Error>;

    /// What a branch would do now, if it were merged; `None` where there is no such branch.
    async fn change(&self, repository: &str, branch: &str) -> Result<Option<Change>, Error>;

    /// The tokens of people and programs.
    fn token_book(&self) -> &Tokens;

    /// The commit of the tracked repository that begins with `prefix`.
    async fn commit(&self, prefix: &str) -> Result<Option<CommitView>, Error>;

    /// Where Git has a field of an object: the first of the commits that is known to ask for the
    /// object says it.
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

    async fn preview_rollback(&self, span: &Span) -> Result<RollbackPreview, Error>;

    /// Pushes a commit that undoes the rollout's commit and all later ones of its application.
    async fn rollback(&self, request: &RollbackRequest) -> Result<RolledBack, Error>;
}
