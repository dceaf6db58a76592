//! What a push to a hosted repository has to pass where Applications take their manifests from it,
//! besides the branch that the cluster follows: the same checks, for those Applications.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use engine::application::Found;
use engine::rollout::CommitId;
use engine::{Application, Problem, Problems, validate};

use super::check::Checked;
use super::core::{Core, unread};
use super::plans::{Claims, Wanted, plans};
use super::progress::Goal;
use super::read::{is_here, parts};
use super::render::Trees;
use super::target::ordered as by_dependency;
use crate::githost::{Accept, Lines, Pushed};
use crate::history::{NewStep, Push, StepKind, Trigger, Verdict, Write};
use crate::source::{Location, Moved};

/// What a push means for Applications.
struct Meant {
    /// Those that are brought to another commit, by that commit.
    moved: BTreeMap<CommitId, Vec<Application>>,
    /// What they follow would be gone: the sentence that refuses the push.
    lost: Option<String>,
}

/// Finds the Applications that follow one of the refs that are pushed.
async fn meant(core: &Core, pushed: &Pushed, location: &Location) -> Result<Meant, client::Error> {
    let mut meant = Meant {
        moved: BTreeMap::new(),
        lost: None,
    };
    let Some(target) = core.target() else {
        return Ok(meant);
    };
    let updates = pushed.request.updates.iter();
    let moves: Vec<Moved> = updates
        .map(|update| Moved {
            name: update.name.clone(),
            to: update.new.clone(),
        })
        .collect();
    for found in target.applications.values() {
        let application = &found.application;
        // What the other sources of one have is not known before they are asked.
        if is_here(application)
            || !application.more.is_empty()
            || !reads(core, application, location)
        {
            continue;
        }
        let (revision, moves) = (application.source.revision.clone(), moves.clone());
        let resolving = location.read(move |git| {
            let before = git.resolve(&revision)?;
            Ok((before, git.resolve_after(&revision, &moves)?))
        });
        match resolving.await.map_err(unread)? {
            (before, after) if before == after => {}
            (_, Some(after)) => {
                let all = meant.moved.entry(after).or_default();
                all.push(application.clone());
            }
            (_, None) => {
                let revision = &application.source.revision;
                let what = if revision.is_empty() {
                    "the default branch".to_owned()
                } else {
                    format!("revision {revision:?}")
                };
                meant.lost = Some(format!(
                    "application {} follows {what} of {}, which would be gone",
                    application.name, pushed.repository
                ));
            }
        }
    }
    Ok(meant)
}

/// Whether the Application's manifests are in this repository.
pub(super) fn reads(core: &Core, application: &Application, location: &Location) -> bool {
    let repo = &application.source.repo;
    let path = if repo.is_empty() {
        core.source.location.path.clone()
    } else {
        core.sources.source(repo).location.path
    };
    path == location.path
}

/// Checks a push for all that follow what it moves, tells the plan, and records it.
pub(crate) async fn check_all(
    core: &Core,
    pushed: &Pushed,
    location: &Location,
    lines: &Lines,
) -> Result<Accept, client::Error> {
    let meant = meant(core, pushed, location).await?;
    if let Some(lost) = meant.lost {
        lines.say(&lost).await;
        return Ok(Accept::No);
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
        lines.say(&report).await;
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
    let reads =
        |it: &&Application| !is_here(it) && it.more.is_empty() && reads(core, it, &location);
    let readers: Vec<(String, String)> = all
        .filter(reads)
        .map(|it| (it.name.clone(), it.source.revision.clone()))
        .collect();
    let updates = pushed.request.updates.iter();
    let new: Vec<CommitId> = updates.filter_map(|update| update.new.clone()).collect();
    let resolving = location.read(move |git| {
        let mut pushed = BTreeSet::new();
        for id in &new {
            pushed.extend(git.resolve(&id.0)?);
        }
        let mut moved: BTreeMap<CommitId, BTreeMap<String, CommitId>> = BTreeMap::new();
        for (name, revision) in readers {
            if let Some(commit) = git.resolve(&revision)?.filter(|it| pushed.contains(it)) {
                moved
                    .entry(commit.clone())
                    .or_default()
                    .insert(name, commit);
            }
        }
        Ok(moved)
    });
    let moved = resolving.await.map_err(unread)?.into_iter();
    let goal = |(commit, all)| (id(pushed, &commit), Goal::Applications(all));
    Ok(moved.map(goal).collect())
}

/// Checks a commit for some Applications of the target, which take their manifests from it.
///
/// # Errors
/// As of [`super::check::check`].
pub(super) async fn check_for(
    core: &Core,
    location: &Location,
    commit: &CommitId,
    applications: &[Application],
) -> Result<Result<Checked, Problems>, client::Error> {
    let (renders, cluster) = (core.renders.clone(), core.cluster.clone());
    let (id, wanted) = (commit.clone(), applications.to_vec());
    let rendering = location.read(move |git| {
        let tree = git.tree(&id)?;
        let render = |it: &Application| {
            let render = renders.render(it, &id, &Trees::same(&tree, it), &cluster.kinds());
            (it.name.clone(), render)
        };
        Ok(wanted.iter().map(render).collect::<BTreeMap<_, _>>())
    });
    let renders = rendering.await.map_err(unread)?;
    let readers: Vec<&Application> = applications.iter().collect();
    let asked = core.signatures.of_all(core, &readers, location, commit);
    if let Err(problems) = asked.await? {
        return Ok(Err(problems));
    }
    let target = core.target();
    let found = target
        .iter()
        .flat_map(|target| target.applications.values());
    let found: Vec<Arc<Found>> = found.cloned().collect();
    let mut problems: Vec<Problem> = Vec::new();
    for render in renders.values() {
        let failed = render.manifests.as_ref().err();
        problems.extend(failed.iter().flat_map(|it| it.0.clone()));
    }
    let kinds = core.cluster.kinds();
    let manifests = renders.values().flat_map(|it| it.manifests());
    core.cluster.lacking.note(&kinds, manifests);
    problems.extend(validate::commit(&kinds, &found, &parts(&renders)).0);
    if !problems.is_empty() {
        return Ok(Err(Problems(problems)));
    }
    let claims = Claims::new(core, &found, &renders);
    let wanted = Wanted {
        location,
        commit,
        claims: &claims,
        order: by_dependency(applications),
        definitions: Vec::new(),
    };
    let plans = plans(core, &wanted).await?;
    Ok(plans.map(|plans| Checked {
        found: Vec::new(),
        plans,
        unchanged: 0,
        removed: BTreeMap::new(),
    }))
}
