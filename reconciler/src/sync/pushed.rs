//! What a push to a hosted repository has to pass where Applications take their manifests from it,
//! besides the branch that the cluster follows: the same checks, for those Applications.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use engine::application::{Found, Source};
use engine::rollout::CommitId;
use engine::{Application, Problems};

use super::across::{commits, here, is_in, reads, render_coming};
use super::check::Checked;
use super::core::{Core, unread};
use super::plans::{Claims, Wanted, plans};
use super::progress::Goal;
use super::read::{is_here, is_source_here, problems};
use super::target::ordered as by_dependency;
use super::told;
use super::waits::waiting;
use crate::githost::{Accept, Lines, Pushed};
use crate::history::{NewStep, Push, StepKind, Trigger, Verdict, Write};
use crate::source::{Location, Moved};

/// What a push means for Applications.
#[derive(Default)]
struct Meant {
    /// Those that are brought to another commit, by that commit, with those of all their sources.
    moved: BTreeMap<CommitId, Vec<(Application, CommitId)>>,
    /// Those whose other sources are not known, and why.
    unchecked: BTreeMap<String, String>,
    /// What they follow would be gone: the sentence that refuses the push.
    lost: Option<String>,
}

/// Finds the Applications that follow one of the refs that are pushed.
async fn meant(
    core: &Core,
    (repository, location): (&str, &Location),
    moves: &[Moved],
) -> Result<Meant, client::Error> {
    let mut meant = Meant::default();
    let Some(target) = core.target() else {
        return Ok(meant);
    };
    for found in target.applications.values() {
        let application = &found.application;
        if is_here(application) || !reads(core, application, location) {
            continue;
        }
        let moving = moving(core, application, location, moves).await?;
        if let Some(revision) = moving.lost {
            meant.lost = Some(format!(
                "application {} follows {revision} of {}, which would be gone",
                application.name, repository
            ));
        } else if let Some(first) = moving.first {
            let follow = here(&target);
            let given = |index, source: &Source| {
                let after = moving.after.get(&index).cloned();
                after.or_else(|| follow(index, source))
            };
            match commits(core, application, given).await? {
                Ok(at) => {
                    let all = meant.moved.entry(first).or_default();
                    all.push((application.clone(), at));
                }
                Err(trouble) => {
                    let name = application.name.clone();
                    meant.unchecked.insert(name, trouble.message);
                }
            }
        }
    }
    Ok(meant)
}

/// What a push makes of the sources of one Application.
#[derive(Default)]
struct Moving {
    /// By the number of the source, of those in the repository.
    after: BTreeMap<usize, CommitId>,
    /// Of the first source that is brought to another commit.
    first: Option<CommitId>,
    /// What would not be there any more.
    lost: Option<String>,
}

async fn moving(
    core: &Core,
    application: &Application,
    location: &Location,
    moves: &[Moved],
) -> Result<Moving, client::Error> {
    let mut moving = Moving::default();
    for (index, source) in application.sources().enumerate() {
        if is_source_here(source) || !is_in(core, source, location) {
            continue;
        }
        let (revision, moves) = (source.revision.clone(), moves.to_vec());
        let resolving = location.read(move |git| {
            let before = git.resolve(&revision)?;
            Ok((before, git.resolve_after(&revision, &moves)?))
        });
        let (before, after) = resolving.await.map_err(unread)?;
        let is_moved = before != after;
        match after {
            Some(after) => {
                if is_moved && moving.first.is_none() {
                    moving.first = Some(after.clone());
                }
                moving.after.insert(index, after);
            }
            None if is_moved => {
                let revision = &source.revision;
                moving.lost = Some(if revision.is_empty() {
                    "the default branch".to_owned()
                } else {
                    format!("revision {revision:?}")
                });
            }
            None => {}
        }
    }
    Ok(moving)
}

/// Checks a push for all that follow what it moves, tells the plan, and records it.
pub(crate) async fn check_all(
    core: &Core,
    pushed: &Pushed,
    location: &Location,
    lines: &Lines,
) -> Result<Accept, client::Error> {
    let updates = pushed.request.updates.iter();
    let moves: Vec<Moved> = updates
        .map(|update| Moved {
            name: update.name.clone(),
            to: update.new.clone(),
        })
        .collect();
    let meant = meant(core, (&pushed.repository, location), &moves).await?;
    if let Some(lost) = meant.lost {
        lines.say(&lost).await;
        return Ok(Accept::No);
    }
    for (name, why) in &meant.unchecked {
        let line = format!("application {name} could not be checked: {why}");
        lines.say(&line).await;
    }
    for (commit, applications) in &meant.moved {
        let checked = check_for(core, location, commit, applications).await?;
        let (accept, report) = match checked {
            Ok(checked) => (Accept::Yes, checked.lines().join("\n")),
            Err(problems) => (Accept::No, problems.to_string()),
        };
        let push = record(core, pushed, commit);
        let verdict = match accept {
            Accept::Yes => Verdict::Checking,
            Accept::No => Verdict::Refused,
        };
        let (name, short) = (&pushed.repository, commit.short());
        let text = format!("{} pushed commit {short} to {name}", pushed.pusher.name);
        let mut steps = vec![NewStep::new(push.received_at, StepKind::Received, text)];
        if accept == Accept::No {
            let text = format!("the push of commit {short} to {name} is refused");
            steps.push(NewStep::new(push.received_at, StepKind::Refused, text));
        }
        let mut writes = vec![Write::Push(Push {
            verdict,
            report: report.clone(),
            ..push.clone()
        })];
        let steps = steps.into_iter();
        writes.extend(steps.map(|step| Write::Step(step.push(&push.id))));
        core.commit(&writes).await?;
        lines.say(&told::report(accept, &report, commit)).await;
        if accept == Accept::No {
            lines.say("").await;
            lines.say("nothing was changed").await;
            return Ok(Accept::No);
        }
    }
    Ok(Accept::Yes)
}

fn record(core: &Core, pushed: &Pushed, commit: &CommitId) -> Push {
    let updates = &pushed.request.updates;
    let update = updates.iter().find(|it| it.new.as_ref() == Some(commit));
    let name = update.map_or("", |update| &update.name);
    Push {
        id: id(pushed, commit),
        repository: pushed.repository.clone(),
        branch: name.strip_prefix("refs/heads/").unwrap_or(name).to_owned(),
        old_revision: update.and_then(|it| it.old.clone()).unwrap_or_default(),
        new_revision: commit.clone(),
        pusher: pushed.pusher.to_string(),
        trigger: Trigger::Push,
        received_at: core.env.now(),
        verdict: Verdict::Checking,
        report: String::new(),
    }
}

/// The push itself may be on record already, for what the cluster follows.
fn id(pushed: &Pushed, commit: &CommitId) -> String {
    format!("{}-{}", pushed.request.push, commit.short())
}

/// What is to be reached once the refs have moved, by the id of the push on record.
pub(crate) async fn goals(
    core: &Core,
    pushed: &Pushed,
) -> Result<Vec<(String, Goal)>, client::Error> {
    let (Some(target), Some(hosted)) = (core.target(), core.hosted.get(&pushed.repository)) else {
        return Ok(Vec::new());
    };
    let location = Location::new(hosted.path);
    let all = target.applications.values().map(|found| &found.application);
    let readers: Vec<(String, Vec<String>)> = all
        .filter(|it| !is_here(it) && reads(core, it, &location))
        .map(|it| {
            let own = it.sources();
            let own = own.filter(|it| !is_source_here(it) && is_in(core, it, &location));
            (it.name.clone(), own.map(|it| it.revision.clone()).collect())
        })
        .collect();
    let updates = pushed.request.updates.iter();
    let new: Vec<CommitId> = updates.filter_map(|update| update.new.clone()).collect();
    let resolving = location.read(move |git| {
        let mut pushed = BTreeSet::new();
        for id in &new {
            pushed.extend(git.resolve(&id.0)?);
        }
        let mut moved: BTreeMap<CommitId, BTreeSet<String>> = BTreeMap::new();
        for (name, revisions) in readers {
            for revision in revisions {
                if let Some(commit) = git.resolve(&revision)?.filter(|it| pushed.contains(it)) {
                    moved.entry(commit).or_default().insert(name);
                    break;
                }
            }
        }
        Ok(moved)
    });
    let mut goals = Vec::new();
    for (commit, names) in resolving.await.map_err(unread)? {
        let mut all = BTreeMap::new();
        for name in names {
            if let Some(application) = target.application(&name)
                && let Ok(at) = commits(core, application, here(&target)).await?
            {
                all.insert(name, at);
            }
        }
        goals.push((id(pushed, &commit), Goal::Applications(all)));
    }
    Ok(goals)
}

/// Checks what becomes of all that follow a branch, once it is at `commit`.
///
/// # Errors
/// As of [`super::check::check`].
pub(crate) async fn check_move(
    core: &Core,
    location: &Location,
    branch: &str,
    commit: &CommitId,
) -> Result<Result<Checked, Problems>, client::Error> {
    let moves = [Moved {
        name: format!("refs/heads/{branch}"),
        to: Some(commit.clone()),
    }];
    let meant = meant(core, ("", location), &moves).await?;
    let mut all = Checked {
        unchecked: meant.unchecked,
        ..Checked::default()
    };
    for (commit, applications) in &meant.moved {
        match check_for(core, location, commit, applications).await? {
            Ok(checked) => {
                all.plans.extend(checked.plans);
                all.waiting.extend(checked.waiting);
            }
            Err(problems) => return Ok(Err(problems)),
        }
    }
    Ok(Ok(all))
}

/// Checks a commit for some Applications of the target, which take their manifests from it.
///
/// # Errors
/// As of [`super::check::check`].
pub(super) async fn check_for(
    core: &Core,
    location: &Location,
    commit: &CommitId,
    applications: &[(Application, CommitId)],
) -> Result<Result<Checked, Problems>, client::Error> {
    let mut renders = BTreeMap::new();
    for (application, at) in applications {
        let render = render_coming(core, location, application, at).await?;
        renders.insert(application.name.clone(), render);
    }
    let readers: Vec<&Application> = applications.iter().map(|(it, _)| it).collect();
    let asked = core.signatures.of_all(core, &readers, location, commit);
    if let Err(problems) = asked.await? {
        return Ok(Err(problems));
    }
    let target = core.target();
    let found = target
        .iter()
        .flat_map(|target| target.applications.values());
    let found: Vec<Arc<Found>> = found.cloned().collect();
    let problems = problems(&core.cluster, &found, &renders);
    if let Err(problems) = problems.or(()) {
        return Ok(Err(problems));
    }
    let claims = Claims::new(core, &found, &renders);
    let wanted = Wanted {
        location,
        commit,
        claims: &claims,
        order: by_dependency(readers),
        definitions: Vec::new(),
    };
    let plans = match plans(core, &wanted).await? {
        Ok(plans) => plans,
        Err(problems) => return Ok(Err(problems)),
    };
    let readers = applications.iter().map(|(it, _)| it);
    let waiting = waiting(core, readers, &plans).await?;
    Ok(Ok(Checked {
        plans,
        waiting,
        ..Checked::default()
    }))
}
