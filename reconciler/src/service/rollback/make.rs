//! Rollback: a commit that undoes what rollouts brought, checked and pushed like any other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use engine::Plan;
use engine::application::Found;
use engine::plan::Edit;
use engine::rollout::{CommitId, short};

use super::alone::{Alone, alone, owners};
use super::place::Place;
use super::span::{Undo, nothing, undo};
use crate::githost::part::Part;
use crate::githost::repository::{self, advance};
use crate::githost::revert::{Outcome, Revert, Size, Told, message, revert, size};
use crate::history::{NewStep, Push, StepKind, Trigger, Verdict, Write};
use crate::service::by_hand::is_named;
use crate::service::queries::unreadable;
use crate::service::{Error, RollbackPreview, RollbackRequest, RolledBack, Span};
use crate::source::{Person, signature};
use crate::sync::check::{Checked, check};
use crate::sync::core::Core;
use crate::sync::pushed;
use crate::sync::surroundings::reach;

pub(in crate::service) async fn preview(
    core: &Core,
    span: &Span,
) -> Result<RollbackPreview, Error> {
    let undo = undo(core, span).await?;
    let attempt = attempt(core, &undo, &Person::default(), "").await?;
    let mut effect = Effect::default();
    let conflicts = match attempt.outcome {
        Outcome::Made(commit) => {
            effect = measured(core, &undo, commit).await?;
            Vec::new()
        }
        Outcome::Conflicts(files) => files,
        Outcome::Nothing => return Err(nothing(&undo.what)),
    };
    let (stays, only) = attempt
        .alone
        .map_or_else(Default::default, |it| (it.stays, it.paths));
    let told: Vec<String> = conflicts.iter().chain(&stays).cloned().collect();
    Ok(RollbackPreview {
        owners: owners(core, &undo, &told),
        what: undo.what,
        application: undo.application,
        rollout: undo.rollout,
        parent: undo.tip,
        undoes: undo.commits,
        restores: undo.restores,
        message: attempt.message,
        plan: effect.plan,
        edits: effect.edits,
        digest: effect.digest,
        touches: effect.touches,
        waiting: effect.waiting,
        commit: effect.commit,
        size: effect.size,
        reach: effect.reach,
        conflicts,
        stays,
        only,
    })
}

/// What came of trying, and what the commit says.
struct Attempt {
    outcome: Outcome,
    message: String,
    /// Where the application goes back by itself.
    alone: Option<Alone>,
}

/// Undoes all of the commits, or what is the application's own where only files of others conflict.
async fn attempt(
    core: &Core,
    undo: &Undo,
    author: &Person,
    reason: &str,
) -> Result<Attempt, Error> {
    let whole = message(&told(undo, reason, &[]));
    let outcome = make(core, undo, author, (&whole, None)).await?;
    let alone = match &outcome {
        Outcome::Conflicts(files) => alone(core, undo, files).await?,
        _ => None,
    };
    let Some(alone) = alone else {
        return Ok(Attempt {
            outcome,
            message: whole,
            alone: None,
        });
    };
    let message = message(&told(undo, reason, &alone.paths));
    let part = Some(alone.part.clone());
    let outcome = make(core, undo, author, (&message, part)).await?;
    // Its own files may conflict further down.
    let is_made = matches!(outcome, Outcome::Made(_));
    Ok(Attempt {
        outcome,
        message: if is_made { message } else { whole },
        alone: is_made.then_some(alone),
    })
}

/// What the commit would do.
#[derive(Default)]
struct Effect {
    commit: CommitId,
    plan: Vec<String>,
    edits: Vec<Edit>,
    digest: String,
    touches: Vec<String>,
    waiting: BTreeMap<String, String>,
    size: Size,
    reach: Vec<String>,
}

async fn measured(core: &Core, undo: &Undo, commit: CommitId) -> Result<Effect, Error> {
    let checked = checked(core, &undo.place, &commit).await?;
    let all = checked.plans.iter().chain(&checked.removed);
    let plans: Vec<(&str, &Plan)> = all.map(|(name, plan)| (name.as_str(), plan)).collect();
    let path = undo.place.source.location.path.clone();
    let (tip, made) = (undo.tip.clone(), commit.clone());
    let measuring = client::blocking(move || size(&path, &tip, &made)).await;
    Ok(Effect {
        plan: checked.lines(),
        edits: checked.edits(),
        digest: checked.digest(),
        touches: touched(core, undo, &checked),
        waiting: checked.waiting.clone(),
        reach: reach(core, &plans).await,
        // A figure, and no reason to refuse the page.
        size: measuring.ok().and_then(Result::ok).unwrap_or_default(),
        commit,
    })
}

/// The Applications that are not afterwards what they were, in the cluster or in what they ask for: who
/// takes back another one's settings needs its role as well.
fn touched(core: &Core, undo: &Undo, checked: &Checked) -> Vec<String> {
    let mut names: BTreeSet<String> = checked.touched().into_iter().collect();
    if let Some(target) = core.target().filter(|_| undo.place.is_tracked) {
        let differs = |found: &&Arc<Found>| {
            let now = target.applications.get(&found.application.name);
            now.is_none_or(|now| now.manifest.object != found.manifest.object)
        };
        let redefined = checked.found.iter().filter(differs);
        names.extend(redefined.map(|found| found.application.name.clone()));
    }
    names.into_iter().collect()
}

/// What the commit's message is made of.
fn told<'a>(undo: &'a Undo, reason: &'a str, only: &'a [String]) -> Told<'a> {
    Told {
        what: &undo.what,
        application: &undo.application,
        undone: &undo.commits,
        restores: &undo.restores,
        rollout: &undo.rollout,
        only,
        reason,
    }
}

pub(crate) async fn rollback(core: &Core, request: &RollbackRequest) -> Result<RolledBack, Error> {
    let undo = undo(core, &request.span).await?;
    let branch = undo.place.branch.clone();
    if request
        .parent
        .as_ref()
        .is_some_and(|parent| *parent != undo.tip)
    {
        let head = undo.tip;
        return Err(Error::Moved { branch, head });
    }
    let attempt = attempt(core, &undo, &request.author, &request.reason).await?;
    let stays = attempt.alone.map(|it| it.stays).unwrap_or_default();
    let commit = match attempt.outcome {
        Outcome::Made(commit) => commit,
        Outcome::Nothing => return Err(nothing(&undo.what)),
        Outcome::Conflicts(files) => {
            let ids: Vec<&str> = undo.commits.iter().map(|it| it.id.short()).collect();
            return Err(Error::Impossible(format!(
                "later commits changed the same lines of {}; undo it by hand: git revert {}, \
                 solve the conflict, git revert --continue, and push",
                files.join(", "),
                ids.join(" ")
            )));
        }
    };
    let checked = checked(core, &undo.place, &commit).await?;
    approved(request, &undo, &checked)?;
    let report = checked.lines();
    let push = record(core, &undo, request, &commit, &report).await?;
    let (path, tip) = (undo.place.source.location.path.clone(), undo.tip);
    let new = commit.clone();
    let log = format!("rollback of {}", undo.what);
    let moving = client::blocking(move || advance(&path, &branch, &tip, &new, &log));
    moved(moving.await)?;
    accept(core, &push, &report).await?;
    if undo.place.is_tracked {
        core.waker.wake(Trigger::Rollback);
    } else {
        let name = &undo.place.source.name;
        core.sources.wake(Trigger::Rollback, |it| it == name);
    }
    Ok(RolledBack {
        commit,
        push,
        report,
        touches: checked.touched(),
        asks: !checked.plans.is_empty() || !checked.removed.is_empty(),
        stays,
        waiting: checked.waiting,
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
        repository: undo.place.source.name.clone(),
        branch: undo.place.branch.clone(),
        old_revision: undo.tip.clone(),
        new_revision: commit.clone(),
        pusher: request.author.to_string(),
        trigger: Trigger::Rollback,
        received_at: now,
        verdict: Verdict::Checking,
        report: report.join("\n"),
    };
    let text = format!("{} rolls back {}", request.author.name, undo.what);
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

/// Whether this is what the person saw.
fn approved(request: &RollbackRequest, undo: &Undo, checked: &Checked) -> Result<(), Error> {
    let now = checked.digest();
    if request.plan.is_empty() || is_named(&request.plan, &now) {
        return Ok(());
    }
    Err(Error::Replanned {
        what: format!("a rollback of {}", undo.what),
        approved: short(&request.plan).to_owned(),
        now: short(&now).to_owned(),
    })
}

async fn checked(core: &Core, place: &Place, commit: &CommitId) -> Result<Checked, Error> {
    let location = &place.source.location;
    let checked = if place.is_tracked {
        check(core, location, commit).await
    } else {
        pushed::check_move(core, location, &place.branch, commit).await
    };
    match checked.map_err(Error::Cluster)? {
        Ok(checked) => Ok(checked),
        Err(problems) => Err(Error::Refused(problems.to_string())),
    }
}

async fn make(
    core: &Core,
    undo: &Undo,
    author: &Person,
    (message, only): (&str, Option<Part>),
) -> Result<Outcome, Error> {
    let order = Revert {
        tip: undo.tip.clone(),
        commits: undo
            .commits
            .iter()
            .map(|commit| commit.id.clone())
            .collect(),
        only,
        author: author.clone(),
        message: message.to_owned(),
    };
    let path = undo.place.source.location.path.clone();
    let making = client::blocking(move || revert(&path, &order));
    let made = match making.await {
        Ok(made) => made.map_err(|error| Error::Git(Box::new(error)))?,
        Err(error) => return Err(Error::Git(Box::new(error))),
    };
    match made {
        Outcome::Made(commit) => sign(core, undo, commit).await.map(Outcome::Made),
        other => Ok(other),
    }
}

/// The commit signed with Kedge's key, and by somebody who is trusted where that is asked for.
async fn sign(core: &Core, undo: &Undo, commit: CommitId) -> Result<CommitId, Error> {
    let location = &undo.place.source.location;
    let is_wanted = undo.place.is_tracked && core.signatures.are_wanted();
    if is_wanted && core.config.signing_key.is_none() {
        let ids: Vec<&str> = undo.commits.iter().map(|it| it.id.short()).collect();
        return Err(Error::Impossible(format!(
            "commits of the cluster repository must be signed, and Kedge was given no \
             --signing-key; git revert -S {}, and push it",
            ids.join(" ")
        )));
    }
    let signed = signature::sign(&core.config, &core.env, location, &commit).await;
    let signed = signed.map_err(unreadable)?;
    if is_wanted {
        let asked = core.signatures.tracked(location, Some(&undo.tip), &signed);
        if let Err(problems) = asked.await.map_err(Error::Cluster)? {
            return Err(Error::Impossible(format!(
                "{problems}; put the public part of --signing-key into the directory of \
                 --trusted-keys"
            )));
        }
    }
    Ok(signed)
}
