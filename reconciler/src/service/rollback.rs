//! Rollback: a commit that undoes what a rollout brought, checked and pushed like any other.

use engine::application;
use engine::rollout::CommitId;
use engine::{Application, Kinds, Tree, plan, render};

use super::queries::unreadable;
use super::{Error, RollbackPreview, RollbackRequest, RolledBack};
use crate::githost::repository::{self, advance};
use crate::githost::revert::{Outcome, Revert, message, revert};
use crate::history::{NewStep, Push, Rollout, RolloutQuery, StepKind, Trigger, Verdict, Write};
use crate::source::{Commit, Person, Repository};
use crate::sync::check::check;
use crate::sync::core::Core;

/// How far back a rollback goes, in commits.
const COMMITS: usize = 500;

/// What there is to undo.
struct Undo {
    rollout: Rollout,
    tip: CommitId,
    /// Newest first.
    commits: Vec<Commit>,
}

pub(super) async fn preview(core: &Core, rollout: &str) -> Result<RollbackPreview, Error> {
    let undo = undo(core, rollout).await?;
    let message = message(&undo.commits, &undo.rollout.previous, rollout, "");
    let (plan, conflicts) = match make(core, &undo, &Person::default(), &message).await? {
        Outcome::Made(commit) => (checked(core, &commit).await?, Vec::new()),
        Outcome::Conflicts(files) => (Vec::new(), files),
        Outcome::Nothing => return Err(nothing(&undo)),
    };
    Ok(RollbackPreview {
        rollout: rollout.to_owned(),
        parent: undo.tip,
        undoes: undo.commits,
        restores: undo.rollout.previous,
        message,
        plan,
        conflicts,
    })
}

pub(crate) async fn rollback(core: &Core, request: &RollbackRequest) -> Result<RolledBack, Error> {
    let undo = undo(core, &request.rollout).await?;
    let branch = core.config.branch.clone();
    if request
        .parent
        .as_ref()
        .is_some_and(|parent| *parent != undo.tip)
    {
        let head = undo.tip;
        return Err(Error::Moved { branch, head });
    }
    let message = message(
        &undo.commits,
        &undo.rollout.previous,
        &request.rollout,
        &request.reason,
    );
    let commit = match make(core, &undo, &request.author, &message).await? {
        Outcome::Made(commit) => commit,
        Outcome::Nothing => return Err(nothing(&undo)),
        Outcome::Conflicts(files) => {
            let ids: Vec<&str> = undo.commits.iter().map(|it| it.id.short()).collect();
            return Err(Error::Impossible(format!(
                "later commits changed the same lines of {}; undo it by hand: git revert {}",
                files.join(", "),
                ids.join(" ")
            )));
        }
    };
    let report = checked(core, &commit).await?;
    let push = record(core, &undo, request, &commit, &report).await?;
    let (path, tip) = (core.source.location.path.clone(), undo.tip);
    let new = commit.clone();
    let log = format!("rollback of {}", request.rollout);
    let moving = tokio::task::spawn_blocking(move || advance(&path, &branch, &tip, &new, &log));
    moved(moving.await)?;
    accept(core, &push, &report).await?;
    core.waker.wake(Trigger::Rollback);
    Ok(RolledBack {
        commit,
        push,
        report,
    })
}

fn moved(
    outcome: Result<Result<(), repository::Error>, tokio::task::JoinError>,
) -> Result<(), Error> {
    match outcome {
        Ok(Ok(())) => Ok(()),
        Ok(Err(repository::Error::Moved { branch, actual, .. })) => Err(Error::Moved {
            branch,
            head: actual,
        }),
        Ok(Err(error)) => Err(Error::Git(Box::new(error))),
        Err(error) => Err(Error::Git(Box::new(error))),
    }
}

async fn record(
    core: &Core,
    undo: &Undo,
    request: &RollbackRequest,
    commit: &CommitId,
    report: &[String],
) -> Result<String, Error> {
    let now = core.env.now();
    let push = Push {
        id: core.env.ids.uid(),
        repository: core.source.name.clone(),
        branch: core.config.branch.clone(),
        old_revision: undo.tip.clone(),
        new_revision: commit.clone(),
        pusher: request.author.to_string(),
        trigger: Trigger::Rollback,
        received_at: now,
        verdict: Verdict::Checking,
        report: report.join("\n"),
    };
    let text = format!("{} rolls back {}", request.author.name, request.rollout);
    let step = NewStep::new(now, StepKind::Received, text).push(&push.id);
    let writes = [Write::Push(push.clone()), Write::Step(step)];
    core.history.commit(&writes).await?;
    Ok(push.id)
}

async fn accept(core: &Core, push: &str, report: &[String]) -> Result<(), Error> {
    let verdict = Write::Verdict {
        push: push.to_owned(),
        verdict: Verdict::Accepted,
        report: report.join("\n"),
    };
    Ok(core.history.commit(&[verdict]).await?)
}

async fn checked(core: &Core, commit: &CommitId) -> Result<Vec<String>, Error> {
    let checked = check(core, &core.source.location, commit).await;
    match checked.map_err(Error::Cluster)? {
        Ok(checked) => Ok(checked.lines()),
        Err(problems) => Err(Error::Refused(problems.to_string())),
    }
}

async fn make(core: &Core, undo: &Undo, author: &Person, message: &str) -> Result<Outcome, Error> {
    let order = Revert {
        tip: undo.tip.clone(),
        commits: undo
            .commits
            .iter()
            .map(|commit| commit.id.clone())
            .collect(),
        author: author.clone(),
        message: message.to_owned(),
    };
    let path = core.source.location.path.clone();
    let making = tokio::task::spawn_blocking(move || revert(&path, &order));
    match making.await {
        Ok(made) => made.map_err(|error| Error::Git(Box::new(error))),
        Err(error) => Err(Error::Git(Box::new(error))),
    }
}

fn nothing(undo: &Undo) -> Error {
    Error::Impossible(format!(
        "all of rollout {} is undone already",
        undo.rollout.id
    ))
}

async fn undo(core: &Core, id: &str) -> Result<Undo, Error> {
    let rollout = core.history.reader().rollout(id).await?;
    let rollout = rollout.ok_or_else(|| Error::NotFound(format!("rollout {id}")))?;
    if !core.source.is_hosted() {
        return Err(Error::Impossible(format!(
            "{} is not hosted here; undo it there: git revert {} and push",
            core.source.name,
            rollout.revision.short()
        )));
    }
    if rollout.previous.0.is_empty() {
        return Err(Error::Impossible(format!(
            "before rollout {id} there was nothing to go back to"
        )));
    }
    let query = RolloutQuery {
        application: Some(rollout.application.clone()),
        limit: u16::MAX,
        ..RolloutQuery::default()
    };
    let all = core.history.reader().rollouts(&query).await?;
    if let Some(by) = undone_by(&rollout.id, &all) {
        return Err(Error::Impossible(format!(
            "all of rollout {id} is undone already, by {by}"
        )));
    }
    let head = core
        .source
        .head(&core.config.branch)
        .await
        .map_err(unreadable)?;
    let tip = head.ok_or_else(|| Error::NotFound(format!("branch {}", core.config.branch)))?;
    let (name, root) = (rollout.application.clone(), core.root());
    let (from, to) = (tip.clone(), rollout.previous.clone());
    let cluster = core.cluster.clone();
    let walking = core.source.location.read(move |git| {
        let look = Look {
            name: &name,
            root: &root,
            kinds: cluster.kinds(),
        };
        walk(git, &look, from, &to)
    });
    let walked = walking.await.map_err(unreadable)?;
    let commits = walked.ok_or_else(|| {
        let short = rollout.previous.short();
        Error::Impossible(format!("commit {short} is not below the branch any more"))
    })?;
    let undo = Undo {
        rollout,
        tip,
        commits,
    };
    if undo.commits.is_empty() {
        return Err(nothing(&undo));
    }
    Ok(undo)
}

/// The rollout that took this one back, unless it was taken back itself. Without this look, undoing
/// once more would go forward again: over the rollback, and whatever came with it.
fn undone_by<'a>(id: &str, all: &'a [Rollout]) -> Option<&'a str> {
    let by = all.iter().find(|it| it.rollback_of == id)?;
    undone_by(&by.id, all).is_none().then_some(by.id.as_str())
}

/// The commits from `at` down to `to` that changed what the application asks for. `None` where
/// the way does not lead there.
fn walk(
    git: &Repository,
    look: &Look,
    mut at: CommitId,
    to: &CommitId,
) -> Result<Option<Vec<Commit>>, crate::source::Error> {
    let mut commits = Vec::new();
    let mut content = look.content(&git.tree(&at)?);
    for _ in 0..COMMITS {
        if at == *to {
            return Ok(Some(commits));
        }
        let commit = git.commit(&at)?;
        let Some(parent) = commit.parents.first().cloned() else {
            return Ok(None);
        };
        let before = look.content(&git.tree(&parent)?);
        if before != content {
            commits.push(commit);
        }
        (at, content) = (parent, before);
    }
    Ok(None)
}

struct Look<'a> {
    name: &'a str,
    root: &'a str,
    kinds: &'a Kinds,
}

impl Look<'_> {
    /// A name for what the commit makes of the application.
    fn content(&self, tree: &dyn Tree) -> String {
        let found = application::find(tree, self.root).unwrap_or_default();
        let mut found = found.into_iter();
        let Some(found) = found.find(|it| it.application.name == self.name) else {
            return "absent".into();
        };
        let Application {
            source,
            target_namespace,
            ..
        } = &found.application;
        let options = render::Options {
            kinds: self.kinds,
            namespace: target_namespace,
            substitutions: source.substitutions.as_ref(),
        };
        match render::render(tree, &source.path, &options) {
            Ok(manifests) => plan::content_digest(&manifests),
            Err(problems) => problems.to_string(),
        }
    }
}
