//! Whether a commit may be followed: rendered, checked and planned as a whole before anything
//! moves. A push, a rollback and a commit found elsewhere are all checked by this.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::{GroupVersionKind, Object};
use engine::application::{Found, NAMESPACE, Source};
use engine::plan::{self, Edit, Prune};
use engine::rollout::CommitId;
use engine::{Application, Manifest, Origin, Plan, Problems};

use super::across::{commits, render_coming};
use super::causes;
use super::core::{Core, applications, recorded};
use super::plan::Stored;
use super::plans::{Claims, Wanted, plan_one, plans};
use super::read::{Read, is_here, is_source_here, problems, read};
use super::render::Render;
use super::retry::{is_retry, rests};
use super::same::{Asks, asks, stands};
use super::standing::Stand;
use super::target::ordered as by_dependency;
use super::waits::waiting;
use crate::source::Location;

/// A commit that may be followed.
#[derive(Default)]
pub(crate) struct Checked {
    pub(crate) found: Vec<Arc<Found>>,
    /// Of the Applications that change, by name.
    pub(crate) plans: BTreeMap<String, Plan>,
    /// Of those that the commit does not change, and that are tried again because it is newer than
    /// the one they failed at.
    pub(crate) again: BTreeMap<String, Plan>,
    /// Those of `plans` that are not rolled out by themselves, and what they wait for.
    pub(crate) waiting: BTreeMap<String, String>,
    /// Those of `plans` that the commit does not change, and that come with it because they went
    /// back with an earlier one; and how that is told.
    pub(crate) back: BTreeMap<String, String>,
    /// Applications for which the commit changes nothing.
    pub(crate) unchanged: usize,
    /// Applications that are in the cluster and not in the commit, with what they take along.
    pub(crate) removed: BTreeMap<String, Plan>,
    /// Applications whose other sources are not known, and why.
    pub(crate) unchecked: BTreeMap<String, String>,
}

/// Checks a commit whole.
///
/// # Errors
/// The outer one where the check could not be made; the inner one is the refusal.
pub(crate) async fn check(
    core: &Core,
    location: &Location,
    commit: &CommitId,
) -> Result<Result<Checked, Problems>, client::Error> {
    let read = match read(core, location, commit).await? {
        Ok(read) => read,
        Err(problems) => return Ok(Err(problems)),
    };
    let Read { found, renders, .. } = &*read;
    let Beside {
        renders: beside,
        unchecked,
    } = beside(core, location, commit, found).await?;
    let mut renders = Cow::Borrowed(renders);
    if !beside.is_empty() {
        renders.to_mut().extend(beside);
        let problems = problems(&core.cluster, found, &renders);
        if let Err(problems) = problems.or(()) {
            return Ok(Err(problems));
        }
    }
    let here: Vec<&Application> = applications(found).filter(|it| is_here(it)).collect();
    let signed = core.signatures.of_all(core, &here, location, commit);
    if let Err(problems) = signed.await? {
        return Ok(Err(problems));
    }
    let changed = changed(core, found, &renders).await?;
    let claims = Claims::new(core, found, &renders);
    let wanted = Wanted {
        location,
        commit,
        claims: &claims,
        order: by_dependency(changed.iter().copied()),
        definitions: definitions(core, found),
    };
    let plans = match plans(core, &wanted).await? {
        Ok(plans) => plans,
        Err(problems) => return Ok(Err(problems)),
    };
    let removed = removed(core, &claims).await?;
    let Apart { plans, again, back } = apart(core, plans, found, &renders).await?;
    let unchanged = renders.len() - plans.len() - again.len();
    let waiting = waiting(core, changed.into_iter(), &plans).await?;
    Ok(Ok(Checked {
        unchanged,
        waiting,
        plans,
        again,
        back,
        removed,
        unchecked,
        found: found.clone(),
    }))
}

/// Applications that have a part of their manifests in a commit, and the rest elsewhere.
struct Beside {
    renders: BTreeMap<String, Arc<Render>>,
    unchecked: BTreeMap<String, String>,
}

/// Renders them with what their other sources follow now.
async fn beside(
    core: &Core,
    location: &Location,
    commit: &CommitId,
    found: &[Arc<Found>],
) -> Result<Beside, client::Error> {
    let mut beside = Beside {
        renders: BTreeMap::new(),
        unchecked: BTreeMap::new(),
    };
    let parted = |it: &&Application| !is_here(it) && it.sources().any(is_source_here);
    for application in applications(found).filter(parted) {
        let name = application.name.clone();
        let given = |_, source: &Source| is_source_here(source).then(|| commit.clone());
        match commits(core, application, given).await? {
            Ok(at) => {
                let render = render_coming(core, location, application, &at).await?;
                beside.renders.insert(name, render);
            }
            Err(trouble) => {
                beside.unchecked.insert(name, trouble.message);
            }
        }
    }
    beside.unchecked.extend(unreadable(core, found).await);
    Ok(beside)
}

/// Applications that the commit brings or changes, whose manifests are all elsewhere, where they
/// cannot be read: nobody would hear of that who looks at the push alone.
async fn unreadable(core: &Core, found: &[Arc<Found>]) -> BTreeMap<String, String> {
    let mut unreadable = BTreeMap::new();
    for found in found.iter().filter(|it| is_new(core, it)) {
        let application = &found.application;
        if application.sources().any(is_source_here) {
            continue;
        }
        // Also where its repository is broken: that is no fault of this commit.
        let why = match commits(core, application, |_, _| None).await {
            Ok(Ok(_)) => continue,
            Ok(Err(trouble)) => trouble.message,
            Err(error) => causes(&error),
        };
        unreadable.insert(application.name.clone(), why);
    }
    unreadable
}

/// Whether the Application's own object is not as the commit has it.
fn is_new(core: &Core, found: &Arc<Found>) -> bool {
    let object = &found.manifest.object;
    let live = core.applications().find(object.namespace(), object.name());
    live.is_none_or(|live| !core.definitions.is_as(found, &live))
}

/// The Applications that would be rolled out.
async fn changed<'a>(
    core: &Core,
    found: &'a [Arc<Found>],
    renders: &BTreeMap<String, Arc<Render>>,
) -> Result<Vec<&'a Application>, client::Error> {
    let mut changed = Vec::new();
    for application in applications(found) {
        let Some(render) = renders.get(&application.name) else {
            continue;
        };
        let (name, digest) = (&application.name, &render.digest);
        if asks(core, name, digest) != Asks::Nothing && !stands(core, name, digest).await? {
            changed.push(application);
        }
    }
    Ok(changed)
}

/// The Application objects themselves, and the namespace they live in.
fn definitions(core: &Core, found: &[Arc<Found>]) -> Vec<Manifest> {
    let namespace = Object::new(&GroupVersionKind::new("", "v1", "Namespace"), "", NAMESPACE);
    let namespace = Manifest {
        object: namespace,
        origin: Origin::default(),
    };
    let new = found.iter().filter(|it| is_new(core, it));
    let new: Vec<Manifest> = new.map(|found| found.manifest.clone()).collect();
    if new.is_empty() {
        return Vec::new();
    }
    std::iter::once(namespace).chain(new).collect()
}

async fn removed(
    core: &Core,
    claims: &Claims<'_>,
) -> Result<BTreeMap<String, Plan>, client::Error> {
    let Some(target) = core.target() else {
        return Ok(BTreeMap::new());
    };
    let staying: BTreeSet<&str> = applications(claims.found)
        .map(|application| application.name.as_str())
        .collect();
    let mut removed = BTreeMap::new();
    for (name, leaving) in &target.applications {
        if staying.contains(name.as_str()) {
            continue;
        }
        let application = &leaving.application;
        let (none, prune) = (Stored::default(), Prune::from(application.deletion));
        let plan = plan_one(core, application, &[], &none, claims, &prune).await?;
        removed.insert(name.clone(), plan.unwrap_or_default());
    }
    Ok(removed)
}

/// What a commit brings, and what comes with it for another reason.
struct Apart {
    plans: BTreeMap<String, Plan>,
    again: BTreeMap<String, Plan>,
    back: BTreeMap<String, String>,
}

async fn apart(
    core: &Core,
    plans: BTreeMap<String, Plan>,
    found: &[Arc<Found>],
    renders: &BTreeMap<String, Arc<Render>>,
) -> Result<Apart, client::Error> {
    let unwell = |stand: &Stand| stand.standing.on_hold || stand.retries;
    let (mut again, mut back) = (BTreeSet::new(), BTreeMap::new());
    let mut rest = BTreeSet::new();
    let applications = applications(found).filter(|it| plans.contains_key(&it.name));
    for application in applications.filter(|it| core.standings.is(&it.name, unwell)) {
        let name = &application.name;
        let last = core.history.reader().last_rollout(name).await;
        let digest = &renders[name].digest;
        let Some(last) = last.map_err(recorded)? else {
            continue;
        };
        let took_along = core.holds.takes_along(&last.id);
        if is_retry(&last, took_along, application.policy.on_failure, digest) {
            again.insert(name.clone());
            if rests(core, application, &last, &plans[name]).await? {
                rest.insert(name.clone());
            }
        } else if !digest.is_empty() && last.digest == *digest {
            back.insert(name.clone(), went_back(&last.first().revision));
        }
    }
    let (plans, mut again): (_, BTreeMap<String, Plan>) = plans
        .into_iter()
        .partition(|(name, _)| !again.contains(name));
    again.retain(|name, _| !rest.contains(name));
    Ok(Apart { plans, again, back })
}

fn went_back(commit: &CommitId) -> String {
    let commit = commit.short();
    format!("went back with commit {commit}, is not changed by this one, and comes again with it")
}

pub(super) fn does_something(plan: &Plan) -> bool {
    !plan.is_empty() || plan.asking().next().is_some()
}

impl Checked {
    /// The Applications that are not afterwards what they were before, or may not be.
    pub(crate) fn touched(&self) -> Vec<String> {
        let changed = self.plans.iter().filter(|(_, plan)| does_something(plan));
        let all = changed.map(|(name, _)| name).chain(self.removed.keys());
        let mut names: Vec<String> = all.chain(self.unchecked.keys()).cloned().collect();
        names.sort();
        names.dedup();
        names
    }

    /// One name for exactly what this commit does.
    pub(crate) fn digest(&self) -> String {
        plan::digest_of(self.removed.iter().chain(&self.plans))
    }

    /// The fields of the changes in the plan.
    pub(crate) fn edits(&self) -> Vec<Edit> {
        let plans = self.removed.values().chain(self.plans.values());
        plans.flat_map(plan::edits).collect()
    }

    /// The plan for people, line by line: what is deleted comes first, whosever it is.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (name, plan) in &self.removed {
            lines.push(format!("application {name} is removed"));
            lines.extend(plan::lines(plan).iter().map(|line| format!("  {line}")));
        }
        let mut unchanged = self.unchanged;
        for (name, plan) in &self.plans {
            if !does_something(plan) {
                unchanged += 1;
                continue;
            }
            lines.push(format!("application {name}: {}", plan::counts(plan)));
            let told = self
                .back
                .get(name)
                .into_iter()
                .chain(self.waiting.get(name));
            lines.extend(told.map(|why| format!("  {why}")));
            lines.extend(plan::lines(plan).iter().map(|line| format!("  {line}")));
        }
        let nothing = lines.is_empty() && self.unchecked.is_empty();
        match (nothing, unchanged) {
            (true, _) => lines.push("nothing changes in the cluster".into()),
            (false, 0) => {}
            (false, 1) => lines.push("1 more application is unchanged".into()),
            (false, more) => lines.push(format!("{more} more applications are unchanged")),
        }
        for (name, plan) in &self.again {
            let counts = plan::counts(plan);
            lines.push(format!(
                "application {name} failed before, is not changed, and is tried again: {counts}"
            ));
        }
        for (name, why) in &self.unchecked {
            lines.push(format!("application {name} could not be checked: {why}"));
        }
        plan::deletions_first(lines)
    }
}
