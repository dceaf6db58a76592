//! Follows the branch: each new commit is checked as a whole, recorded, and becomes the target.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tracing::{info, warn};

use api::Catalog;
use engine::rollout::CommitId;
use engine::{Problems, application};

use super::check::{self, Checked};
use super::core::{Core, recorded, unread};
use super::publish::publish;
use super::read::read;
use super::target::Target;
use crate::config::News;
use crate::history::{NewStep, Push, StepKind, Trigger, Verdict, Write};
use crate::service::Trouble;
use crate::source::{Commit, Polling};

/// How long a commit's check may take.
const PATIENCE: Duration = Duration::from_mins(2);

/// How a look went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Looked {
    Well,
    /// The repository could not be read: the next look is some time later.
    Unread,
}

/// The one who follows the tracked repository.
pub(crate) struct Tracker {
    core: Arc<Core>,
    /// The newest commit that was refused, and the kinds there were then: it is not checked again
    /// until something else comes.
    refused: Option<(CommitId, Arc<Catalog>)>,
    /// What is wrong with the repository, as far as it is on record.
    error: String,
}

impl Tracker {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self {
            core: core.clone(),
            refused: None,
            error: String::new(),
        }
    }

    /// Runs until it is cancelled.
    pub(crate) async fn run(mut self) {
        let core = self.core.clone();
        let mut polling = Polling::new(&core.source, core.config.poll, &core.waker, &core.env);
        if core.config.news == News::Poll {
            polling.only_poll();
        }
        let mut trigger = Trigger::Start;
        loop {
            let looked = match self.resume().await {
                Ok(()) => self.look(trigger).await,
                Err(error) => Err(error),
            };
            polling.looked(matches!(looked, Ok(Looked::Well)));
            if let Err(error) = looked {
                self.complain(&error).await;
            }
            trigger = polling.next().await;
        }
    }

    /// After a start: goes on with the commit that was followed before.
    async fn resume(&mut self) -> Result<(), client::Error> {
        if self.core.target().is_some() {
            return Ok(());
        }
        let reader = self.core.history.reader();
        let state = reader.source(&self.core.source.name).await;
        let Some(state) = state.map_err(recorded)? else {
            return Ok(());
        };
        self.error = state.error;
        if state.revision.0.is_empty() {
            return Ok(());
        }
        // A repository that was replaced does not have it.
        let Ok(commit) = self.core.source.commit(&state.revision).await else {
            return Ok(());
        };
        let root = self.core.root();
        let id = commit.id.clone();
        let finding = self.core.source.location.read(move |git| {
            let tree = git.tree(&id)?;
            Ok(application::find(&tree, &root))
        });
        if let Ok(found) = finding.await.map_err(unread)? {
            info!(commit.id = %commit.id, "goes on");
            let found = found.into_iter().map(Arc::new).collect();
            publish(&self.core, Target::new(commit, found));
        }
        Ok(())
    }

    /// Looks at the branch, and follows it if it can be followed.
    async fn look(&mut self, trigger: Trigger) -> Result<Looked, client::Error> {
        let core = self.core.clone();
        if let Err(error) = core.fetcher.fetch(&core.source, trigger).await {
            let trouble = Trouble::tracked(&error);
            warn!(error = trouble.message, "cannot follow the repository");
            self.note(Some(trouble)).await?;
            return Ok(Looked::Unread);
        }
        if !core.source.is_hosted() {
            core.fetched(&core.source).await;
        }
        let branch = &core.config.branch;
        let Some(head) = core.source.head(branch).await.map_err(unread)? else {
            let lacking = core.source.lacks(branch).await.map_err(unread)?;
            let trouble = match lacking {
                Some(error) => Trouble::tracked(&error),
                None => Trouble::missing(format!(
                    "there is no branch {branch} in {} yet; push one",
                    core.source.name
                )),
            };
            self.note(Some(trouble)).await?;
            return Ok(Looked::Well);
        };
        self.turn_to(head, trigger).await?;
        core.branches.fetched(&core.source.location.path);
        Ok(Looked::Well)
    }

    async fn turn_to(&mut self, head: CommitId, trigger: Trigger) -> Result<(), client::Error> {
        let core = self.core.clone();
        let target = core.target();
        let current = target.as_ref().map(|target| target.revision());
        if current == Some(&head) {
            return self.note(None).await;
        }
        core.cluster.lacking.asked().await;
        if self.is_refused(&head) {
            return Ok(());
        }
        let commit = core.source.commit(&head).await.map_err(unread)?;
        let push = self.push(&head, trigger).await?;
        let signed = core
            .signatures
            .tracked(&core.source.location, current, &head);
        if let Err(problems) = signed.await? {
            let trouble = Trouble::unverified(problems.first(1));
            return self.refuse(&commit, &push, &problems, &trouble).await;
        }
        let checked = if matches!(push.trigger, Trigger::Push | Trigger::Rollback) {
            // It was checked before the branch moved.
            let read = read(&core, &core.source.location, &head).await?;
            read.map(|read| (read.found.clone(), push.report.clone()))
        } else {
            let checked = self.check(&head).await?;
            checked.map(|checked| {
                let lines = checked.lines().join("\n");
                (checked.found, lines)
            })
        };
        match checked {
            Ok((found, report)) => self.follow(commit, found, &push, report).await,
            Err(problems) => {
                let trouble = Trouble::refused(&commit.id, &problems);
                self.refuse(&commit, &push, &problems, &trouble).await
            }
        }
    }

    fn is_refused(&self, head: &CommitId) -> bool {
        let kinds = self.core.client.catalog();
        let refused = self.refused.as_ref();
        refused.is_some_and(|(commit, known)| commit == head && Arc::ptr_eq(known, &kinds))
    }

    async fn check(
        &self,
        head: &CommitId,
    ) -> Result<Result<Checked, engine::Problems>, client::Error> {
        tokio::select! {
            biased;
            checked = check::check(&self.core, &self.core.source.location, head) => checked,
            () = self.core.env.clock.sleep(PATIENCE) => Err(client::Error::Own {
                operation: "check the commit".into(),
                source: format!("not done within {} s", PATIENCE.as_secs()).into(),
            }),
        }
    }

    /// The push that brought the commit; recorded now, unless the hook has done so.
    async fn push(&self, head: &CommitId, trigger: Trigger) -> Result<Push, client::Error> {
        let core = &self.core;
        let known = core.history.reader().newest_push_of(head).await;
        if let Some(push) = known.map_err(recorded)?
            && push.verdict != Verdict::Refused
        {
            return Ok(push);
        }
        let target = core.target();
        let push = Push {
            id: core.env.ids.uid(),
            repository: core.source.name.clone(),
            branch: core.config.branch.clone(),
            old_revision: target.map(|t| t.revision().clone()).unwrap_or_default(),
            new_revision: head.clone(),
            pusher: String::new(),
            // A commit that nobody checked is checked, whoever says that it came.
            trigger: match trigger {
                Trigger::Push | Trigger::Rollback => Trigger::Notify,
                other => other,
            },
            received_at: core.env.now(),
            verdict: Verdict::Checking,
            report: String::new(),
        };
        core.commit(&[Write::Push(push.clone())]).await?;
        Ok(push)
    }

    async fn follow(
        &mut self,
        commit: Commit,
        found: Vec<Arc<application::Found>>,
        push: &Push,
        report: String,
    ) -> Result<(), client::Error> {
        let now = self.core.env.now();
        let text = format!("follows commit {}: {}", commit.id.short(), commit.subject());
        let writes = [
            Write::Commit {
                commit: commit.clone(),
                seen_at: now,
            },
            Write::Verdict {
                push: push.id.clone(),
                verdict: Verdict::Accepted,
                report,
            },
            Write::Source {
                repository: push.repository.clone(),
                branch: push.branch.clone(),
                revision: commit.id.clone(),
                at: now,
            },
            Write::Step(
                NewStep::new(now, StepKind::Accepted, text)
                    .push(&push.id)
                    .data(json!({"commit": commit.id})),
            ),
        ];
        self.core.commit(&writes).await?;
        info!(commit.id = %commit.id, trigger = push.trigger.as_str(), "follows a new commit");
        self.error.clear();
        self.refused = None;
        self.core.troubles.set(None);
        publish(&self.core, Target::new(commit, found));
        Ok(())
    }

    async fn refuse(
        &mut self,
        commit: &Commit,
        push: &Push,
        problems: &Problems,
        trouble: &Trouble,
    ) -> Result<(), client::Error> {
        let now = self.core.env.now();
        let report = problems.to_string();
        let first = report.lines().next().unwrap_or_default();
        let text = format!("commit {} is refused: {first}", commit.id.short());
        let writes = [
            Write::Commit {
                commit: commit.clone(),
                seen_at: now,
            },
            Write::Verdict {
                push: push.id.clone(),
                verdict: Verdict::Refused,
                report: report.clone(),
            },
            Write::SourceError {
                repository: push.repository.clone(),
                branch: push.branch.clone(),
                error: format!("commit {} is refused:\n{report}", commit.id.short()),
            },
            Write::Step(NewStep::new(now, StepKind::Refused, text.clone()).push(&push.id)),
        ];
        self.core.commit(&writes).await?;
        warn!(commit.id = %commit.id, "{text}");
        self.error = text;
        self.refused = Some((commit.id.clone(), self.core.client.catalog()));
        self.tell(Some(trouble));
        Ok(())
    }

    async fn complain(&mut self, error: &client::Error) {
        let trouble = Trouble::unchecked(error);
        warn!(error = trouble.message, "cannot follow the repository");
        // Where even this cannot be recorded, the log has it.
        let _ = self.note(Some(trouble)).await;
    }

    /// Has every Application say what is wrong.
    fn tell(&self, trouble: Option<&Trouble>) {
        if self.core.troubles.set(trouble) {
            self.core.wake_all();
        }
    }

    /// Records what is wrong; `None` for nothing.
    async fn note(&mut self, trouble: Option<Trouble>) -> Result<(), client::Error> {
        self.tell(trouble.as_ref());
        let error = trouble.map(|it| it.message).unwrap_or_default();
        if self.error == error {
            return Ok(());
        }
        let write = Write::SourceError {
            repository: self.core.source.name.clone(),
            branch: self.core.config.branch.clone(),
            error: error.clone(),
        };
        self.core.commit(&[write]).await?;
        // What was said of a refused commit is not said any more: it is checked again.
        self.refused = None;
        self.error = error;
        Ok(())
    }
}
