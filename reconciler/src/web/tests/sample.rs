//! A day of a small system: one application fails, one has drifted, the rest is well.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;

use api::{Object, ObjectKey};
use engine::rollout::CommitId;

pub(super) use super::constants::{HOSTILE, ago, id, key, now};
use super::held::all_held;
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
use crate::web::view::proof::Proven;
use crate::web::view::search::Found;

/// The backend of the tests.
pub(super) struct Sample {
    /// What the rollbacks that were asked for said.
    pub(super) asked: Mutex<Vec<RollbackRequest>>,
    /// Where the branch is; a rollback from elsewhere is refused.
    pub(super) head: CommitId,
    /// Names and messages are hostile.
    pub(super) hostile: bool,
    /// The commit that the plans of branches are for.
    pub(super) planned_at: CommitId,
    /// How often changes were counted.
    pub(super) counted: AtomicUsize,
    /// The branches that were planned.
    pub(super) planned: Mutex<Vec<String>>,
    /// The tokens there are.
    pub(super) tokens: Mutex<Vec<Token>>,
    /// Somebody suspended every application.
    pub(super) suspended: bool,
    /// There is nothing at all.
    pub(super) empty: bool,
    /// There are so many of everything; 0: a handful.
    pub(super) many: usize,
    /// No node answers who asks for the end of a log.
    pub(super) silent: bool,
    /// Nothing measures what is used.
    pub(super) unmeasured: bool,
}

impl Sample {
    pub(super) fn text(&self, text: &str) -> String {
        if self.hostile {
            HOSTILE.into()
        } else {
            text.into()
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
        if self.many > 0 {
            return Ok(self.many_views());
        }
        Ok(self.five_views())
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
        Ok(if self.many > 0 {
            self.many_nodes()
        } else {
            self.nodes()
        })
    }

    async fn compare(&self, application: &str, from: &str, to: &str) -> Result<PlanView, Error> {
        self.compared(application, from, to)
    }

    async fn proof(
        &self,
        application: &str,
        commit: &str,
        at: Timestamp,
    ) -> Result<ProofView, Error> {
        self.proof_of(application, commit, at)
    }

    async fn proven_at(&self, _: Timestamp) -> Result<BTreeSet<String>, Error> {
        Ok(BTreeSet::from(["ingestion".to_owned()]))
    }

    async fn proven(&self, _: &str, _: Timestamp) -> Result<Option<Proven>, Error> {
        Ok(Some(Proven {
            rollout: "serving-11".into(),
            commit: id("e2a9c14bb01f"),
            matching: 14,
            objects: 14,
            at: ago(380),
            until: None,
            again: true,
        }))
    }

    async fn preview_rollback(&self, span: &Span) -> Result<RollbackPreview, Error> {
        Ok(self.preview_of(span))
    }

    async fn preview_sync(&self, request: &SyncRequest) -> Result<PlanView, Error> {
        self.compared(&request.application, "", "")
    }

    async fn sync(&self, request: &SyncRequest) -> Result<(), Error> {
        let now = self.preview_sync(request).await?.plan.digest();
        if request.plan.is_empty() || request.plan == now {
            return Ok(());
        }
        Err(Error::Replanned {
            what: format!("a sync of {}", request.application),
            approved: request.plan.clone(),
            now,
        })
    }

    async fn suspend(&self, _: &str, _: &str, _: &Person) -> Result<(), Error> {
        Ok(())
    }

    async fn resume(&self, application: &str, _: &Person) -> Result<(), Error> {
        Err(Error::Impossible(format!(
            "application {application} is not suspended"
        )))
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
        Ok(super::held::rolled_back())
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
        Ok(self.asked_rollouts(query))
    }

    async fn rollout(&self, id: &str) -> Result<Option<RolloutDetail>, Error> {
        let found = self.all_rollouts().into_iter().find(|one| one.id == id);
        Ok(found.map(|rollout| self.detail(rollout)))
    }

    async fn counted(&self, rollouts: &[String]) -> Result<BTreeMap<String, Counted>, Error> {
        let counted = Counted {
            created: 1,
            changed: 4,
            deleted: 2,
        };
        Ok(rollouts.iter().map(|id| (id.clone(), counted)).collect())
    }

    async fn drifts(&self, query: &DriftQuery) -> Result<Vec<Drift>, Error> {
        Ok(self.asked_drifts(query))
    }

    async fn removed_at(&self, name: &str) -> Result<Option<Timestamp>, Error> {
        Ok((name == "retired").then(|| ago(7_000)))
    }

    async fn origins(
        &self,
        _: &ObjectKey,
        _: &CommitId,
        fields: &[String],
    ) -> Result<Vec<engine::Origin>, Error> {
        let line = |index: usize| u32::try_from(index + 3).unwrap();
        let origin = |(index, _)| engine::Origin {
            file: "movies/serving/api.yaml".into(),
            line: line(index),
        };
        Ok(fields.iter().enumerate().map(origin).collect())
    }

    async fn brought(
        &self,
        _: &ObjectKey,
        _: &CommitId,
        fields: &[String],
    ) -> Result<Vec<CommitId>, Error> {
        Ok(vec![id("5d0be77aa210"); fields.len()])
    }

    async fn newest_until(
        &self,
        at: Timestamp,
        of: Option<&[String]>,
    ) -> Result<Vec<Rollout>, Error> {
        let mut all = self.all_rollouts();
        let named = |rollout: &Rollout| of.is_none_or(|of| of.contains(&rollout.application));
        all.retain(|rollout| rollout.started_at <= at && named(rollout));
        Ok(all)
    }

    async fn holds_until(&self, at: Timestamp) -> Result<Vec<Hold>, Error> {
        Ok(all_held(self.newest_until(at, None).await?))
    }

    async fn rollouts_of(&self, commit: &str) -> Result<Vec<Rollout>, Error> {
        let mut all = self.all_rollouts();
        all.retain(|rollout| rollout.revision.0.starts_with(commit));
        Ok(all)
    }

    async fn repositories(&self) -> Result<Vec<RepositoryView>, Error> {
        Ok(self.all_repositories())
    }

    async fn head_at(&self, _: &SourceState, at: Timestamp) -> Result<Option<CommitId>, Error> {
        Ok((at < ago(600)).then(|| id("5d0be77aa210")))
    }

    async fn heads_at(&self, at: Timestamp) -> Result<Vec<(String, String, CommitId)>, Error> {
        let then = at < ago(600);
        let branch = |name: &str, commit| ("cluster".to_owned(), name.to_owned(), id(commit));
        Ok(if then {
            vec![branch("main", "0"), branch("feature", "c0ffee41d0c1")]
        } else {
            Vec::new()
        })
    }

    async fn changes_at(&self, repository: &str, at: Timestamp) -> Result<Vec<Change>, Error> {
        let mut all = Backend::changes(self, repository).await?;
        all.truncate(1);
        for change in &mut all {
            change.planned_at = at;
            change.report.subject = "Planned back then".into();
        }
        Ok(all)
    }

    async fn changes(&self, repository: &str) -> Result<Vec<Change>, Error> {
        let mut all = self.all_changes();
        all.retain(|it| repository.is_empty() || it.repository == repository);
        Ok(all)
    }

    async fn change(&self, repository: &str, branch: &str) -> Result<Option<Change>, Error> {
        let name = format!("{repository}/{branch}");
        self.planned.lock().unwrap().push(name);
        let all = self.all_changes().into_iter();
        Ok(all.into_iter().find(|change| change.branch == branch))
    }

    async fn open_changes(&self) -> Result<usize, Error> {
        self.counted.fetch_add(1, Ordering::Relaxed);
        Ok(self.all_changes().len())
    }

    async fn tokens(&self) -> Vec<Token> {
        self.tokens.lock().unwrap().clone()
    }

    async fn create_token(&self, wanted: Wanted) -> Result<Made, token::Error> {
        self.make_token(wanted)
    }

    async fn revoke_token(&self, name: &str) -> Result<Token, token::Error> {
        self.drop_token(name)
    }

    async fn search(&self, _: &str) -> Result<Found, Error> {
        Ok(self.found())
    }

    async fn commit(&self, prefix: &str) -> Result<Option<CommitView>, Error> {
        if prefix == "5d0b" {
            return Err(Error::Ambiguous {
                beginning: prefix.into(),
                commits: [id("5d0be77aa210"), id("5d0b1")].into(),
            });
        }
        let commit = self.commit();
        let is_it = commit.id.0.starts_with(prefix);
        Ok(is_it.then_some(CommitView {
            commit,
            signature: crate::service::Signature::Trusted(self.text("ann@example.org")),
        }))
    }

    async fn push_of(&self, _: &CommitId) -> Result<Option<Push>, Error> {
        Ok(None)
    }

    async fn reports(&self, query: &ReportQuery) -> Result<Reports, Error> {
        Ok(self.reports_of(query))
    }

    async fn reports_about(&self, about: &ReportsAbout) -> Result<Vec<Object>, Error> {
        Ok(self.kept_about(about))
    }

    async fn newest_steps(&self, application: &str, _: u16) -> Result<Vec<Step>, Error> {
        let rollouts = self.all_rollouts().into_iter();
        let own = rollouts.filter(|rollout| rollout.application == application);
        Ok(own.flat_map(|it| self.detail(it).steps).collect())
    }

    fn used(&self) -> Arc<Used> {
        Arc::new(self.measured())
    }

    async fn definition(
        &self,
        application: &str,
        fields: &[String],
    ) -> Result<Option<(CommitId, Vec<engine::Origin>)>, Error> {
        let (file, line) = (format!("apps/{application}.yaml"), 7);
        let origins = vec![engine::Origin { file, line }; fields.len()];
        Ok(Some((self.head.clone(), origins)))
    }

    async fn removed_object(&self, key: &ObjectKey) -> Result<Option<RemovedObject>, Error> {
        Ok((key.name == "old-flags").then(|| RemovedObject {
            application: "serving".into(),
            rollout: "serving-11".into(),
            revision: id("e2a9c14bb01f"),
            at: ago(4_000),
        }))
    }

    async fn written(
        &self,
        key: &ObjectKey,
        _: &[CommitId],
        field: &str,
    ) -> Result<Option<engine::why::Written>, Error> {
        Ok((key.name == "serving").then(|| self.line(field)))
    }

    async fn owners(&self, keys: &[ObjectKey]) -> Result<BTreeMap<ObjectKey, String>, Error> {
        let own = keys.iter().filter(|key| key.name == "serving");
        Ok(own.map(|key| (key.clone(), "serving".into())).collect())
    }
}
