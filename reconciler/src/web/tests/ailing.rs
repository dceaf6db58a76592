//! The sample with one part that does not answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use api::{Object, ObjectKey};
use engine::Origin;
use engine::rollout::CommitId;
use engine::why::Written;

use super::sample::Sample;
use crate::forge::Change;
use crate::githost::Token;
use crate::githost::token::{self, Made, Wanted};
use crate::history::{
    self, Counted, Drift, DriftQuery, Hold, Push, RemovedObject, ReportQuery, Reports,
    ReportsAbout, Rollout, RolloutDetail, RolloutQuery, SourceState,
};
use crate::service::{
    ApplicationView, CommitView, Error, ObjectNode, PlanView, ProofView, RepositoryView,
    RollbackPreview, RollbackRequest, RolledBack, Span, SyncRequest, Tracked,
};
use crate::source::Person;
use crate::usage::Used;
use crate::web::backend::Backend;
use crate::web::view::proof::Proven;
use crate::web::view::search::Found;

/// What everything is asked of.
pub(super) struct Ailing {
    pub(super) inner: Arc<Sample>,
    /// The part that does not answer; empty for none. `git`: the repository cannot be fetched.
    pub(super) part: Mutex<&'static str>,
}

impl Ailing {
    pub(super) fn of(inner: Arc<Sample>) -> Arc<Self> {
        let part = Mutex::default();
        Arc::new(Self { inner, part })
    }

    fn ask(&self, part: &'static str) -> Result<(), Error> {
        if *self.part.lock().unwrap() != part {
            return Ok(());
        }
        let patience = Duration::from_secs(5);
        Err(Error::History(history::Error::Late { patience }))
    }
}

macro_rules! asked {
    ($($part:ident($($given:ident: $kind:ty),*) -> $answer:ty;)*) => {
        /// Names of all parts.
        pub(super) const PARTS: &[&str] = &[$(stringify!($part)),*];

        #[async_trait]
        impl Backend for Ailing {
            $(async fn $part(&self, $($given: $kind),*) -> Result<$answer, Error> {
                self.ask(stringify!($part))?;
                Backend::$part(&*self.inner, $($given),*).await
            })*

            async fn sources(&self) -> Result<Vec<SourceState>, Error> {
                self.ask("sources")?;
                let mut all = self.inner.sources().await?;
                if *self.part.lock().unwrap() == "git" {
                    all[0].error = "git.example.org did not answer".into();
                }
                Ok(all)
            }

            async fn tokens(&self) -> Vec<Token> {
                self.inner.tokens().await
            }

            async fn create_token(&self, wanted: Wanted) -> Result<Made, token::Error> {
                self.inner.create_token(wanted).await
            }

            async fn revoke_token(&self, name: &str) -> Result<Token, token::Error> {
                self.inner.revoke_token(name).await
            }

            fn used(&self) -> Arc<Used> {
                self.inner.used()
            }
        }
    };
}

asked! {
    tracked() -> Tracked;
    applications() -> Vec<ApplicationView>;
    application(name: &str) -> ApplicationView;
    objects(application: &str) -> Vec<ObjectNode>;
    compare(application: &str, from: &str, to: &str) -> PlanView;
    preview_sync(request: &SyncRequest) -> PlanView;
    sync(request: &SyncRequest) -> ();
    suspend(application: &str, reason: &str, actor: &Person) -> ();
    resume(application: &str, actor: &Person) -> ();
    origins(key: &ObjectKey, commit: &CommitId, fields: &[String]) -> Vec<Origin>;
    brought(key: &ObjectKey, commit: &CommitId, fields: &[String]) -> Vec<CommitId>;
    written(key: &ObjectKey, commits: &[CommitId], field: &str) -> Option<Written>;
    proof(application: &str, commit: &str, at: Timestamp) -> ProofView;
    proven(application: &str, at: Timestamp) -> Option<Proven>;
    proven_at(at: Timestamp) -> BTreeSet<String>;
    preview_rollback(span: &Span) -> RollbackPreview;
    rollback(request: &RollbackRequest) -> RolledBack;
    rollouts(query: &RolloutQuery) -> Vec<Rollout>;
    rollout(id: &str) -> Option<RolloutDetail>;
    counted(rollouts: &[String]) -> BTreeMap<String, Counted>;
    drifts(query: &DriftQuery) -> Vec<Drift>;
    removed_at(name: &str) -> Option<Timestamp>;
    owners(keys: &[ObjectKey]) -> BTreeMap<ObjectKey, String>;
    removed_object(key: &ObjectKey) -> Option<RemovedObject>;
    newest_until(at: Timestamp, of: Option<&[String]>) -> Vec<Rollout>;
    holds_until(at: Timestamp) -> Vec<Hold>;
    rollouts_of(commit: &str) -> Vec<Rollout>;
    commit(prefix: &str) -> Option<CommitView>;
    repositories() -> Vec<RepositoryView>;
    head_at(source: &SourceState, at: Timestamp) -> Option<CommitId>;
    heads_at(at: Timestamp) -> Vec<(String, String, CommitId)>;
    changes(repository: &str) -> Vec<Change>;
    changes_at(repository: &str, at: Timestamp) -> Vec<Change>;
    change(repository: &str, branch: &str) -> Option<Change>;
    open_changes() -> usize;
    search(text: &str) -> Found;
    push_of(commit: &CommitId) -> Option<Push>;
    reports(query: &ReportQuery) -> Reports;
    reports_about(about: &ReportsAbout) -> Vec<Object>;
    newest_steps(application: &str, limit: u16) -> Vec<history::Step>;
    definition(application: &str, fields: &[String]) -> Option<(CommitId, Vec<Origin>)>;
}
