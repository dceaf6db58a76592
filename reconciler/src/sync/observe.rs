//! Everything a decision about one Application depends on, read at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{Object, ObjectKey, Uid};
use client::Client;
use engine::plan::{InventoryEntry, Plan};
use engine::rollout::{
    self, Applied, CommitId, Correction, Dependency, DependencyState, Desired, Observed, Options,
    RolloutPhase,
};
use engine::{Application, Health, Problems, WaveNumber};
use jiff::Timestamp;

use super::asked;
use super::before::before_failure;
use super::check;
use super::core::{Core, recorded, unread};
use super::look::Look;
use super::memory::Memory;
use super::plan::keys;
use super::render::Render;
use super::target::Target;
use crate::config::MANAGER;
use crate::history::{Action, Rollout, Write};
use crate::service::Trouble;
use crate::source::Source;

/// One Application at one moment.
pub(crate) struct Observation {
    pub(crate) application: Application,
    pub(crate) source: Source,
    /// The newest commit, whether or not it asks for anything new.
    pub(crate) compared: CommitId,
    pub(crate) render: Arc<Render>,
    pub(crate) desired: Desired,
    /// The newest rollout, as recorded and as the engine reads it.
    pub(crate) last: Option<(Rollout, rollout::Rollout)>,
    pub(crate) plan: Result<Arc<Plan>, Problems>,
    pub(crate) live: BTreeMap<ObjectKey, Object>,
    pub(crate) health: BTreeMap<ObjectKey, Health>,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) corrections: BTreeMap<ObjectKey, Correction>,
    /// The wanted commit failed: the plan is about the commit before it.
    pub(crate) restoring: bool,
    /// Why nothing may be changed, where that is so.
    pub(crate) suspended: Option<String>,
    /// The wanted commit failed once, and nobody asked for all of it since.
    pub(crate) on_hold: bool,
    /// Who asked for a sync.
    pub(crate) requester: Option<String>,
    pub(crate) now: Timestamp,
}

/// What came of looking.
pub(crate) enum Observe {
    Seen(Box<Observation>),
    /// What Git wants cannot be said; the sentence says why.
    Unknown(Trouble),
}

impl Observation {
    pub(crate) fn observed(&self) -> Observed<'_> {
        Observed {
            application: &self.application,
            desired: &self.desired,
            last: self.last.as_ref().map(|(_, last)| last),
            plan: self.plan.as_deref(),
            health: &self.health,
            dependencies: &self.dependencies,
            corrections: &self.corrections,
            restoring: self.restoring,
            suspended: self.suspended.as_deref(),
            on_hold: self.on_hold,
            now: self.now,
        }
    }

    /// The running rollout, if one runs.
    pub(crate) fn running(&self) -> Option<&Rollout> {
        let (row, _) = self.last.as_ref()?;
        (!row.phase.is_final()).then_some(row)
    }
}

/// Looks at everything.
pub(crate) async fn observe(
    core: &Core,
    client: &dyn Client,
    target: &Target,
    application: Application,
    memory: &mut Memory,
) -> Result<Observe, client::Error> {
    let source = core.source_of(&application);
    let compared = match compared(core, target, &application, &source).await? {
        Ok(compared) => compared,
        Err(why) => return Ok(Observe::Unknown(why)),
    };
    let render = render(core, &source, &application, &compared).await?;
    let last = last(core, &application.name).await?;
    let request = asked::request(core, &application).await?;
    let row = last.as_ref().map(|(row, _)| row);
    let (revision, requested) = wanted(&compared, &render.digest, row, request.is_some());
    let mut desired = desired(target, &source, revision, requested).await?;
    desired.options = asked::options(&desired.revision, row, request.as_ref());
    let dependencies = dependencies(core, target, &application);
    let before = before_failure(core, &source, &application, &desired, row).await?;
    let restoring = before.is_some();
    let (planned, shown) = before.unwrap_or_else(|| (compared.clone(), render.clone()));
    let live = live(core, &application, &shown).await?;
    let begun = row.is_some_and(|row| row.began_at.is_some() && row.revision == desired.revision);
    let ready = |it: &Dependency| it.state == DependencyState::Ready;
    let look = Look {
        core,
        client,
        source: &source,
        compared: &planned,
        application: &application,
        render: &shown,
        live: &live,
        // Before its dependencies are there, an object may have no namespace to be in.
        ask: begun || restoring || dependencies.iter().all(ready),
        options: &desired.options,
    };
    let plan = look.plan(target, memory).await?;
    let now = core.env.now();
    let health = plan.as_ref().ok().map(|plan| look.health(plan, now));
    Ok(Observe::Seen(Box::new(Observation {
        corrections: memory.corrections.clone(),
        restoring,
        suspended: asked::suspended(core, &application).await?,
        on_hold: asked::on_hold(core, &application, &desired, row).await?,
        application,
        compared,
        render,
        desired,
        last,
        plan,
        live,
        health: health.unwrap_or_default(),
        dependencies,
        requester: request.map(|request| request.actor),
        now,
        source,
    })))
}

/// The wanted commit, and what it undoes.
async fn desired(
    target: &Target,
    source: &Source,
    revision: CommitId,
    requested: bool,
) -> Result<Desired, client::Error> {
    let commit = if *target.revision() == revision {
        target.commit.clone()
    } else {
        source.commit(&revision).await.map_err(unread)?
    };
    Ok(Desired {
        rollback: rollout::rollback(&commit.message),
        revision,
        requested,
        options: Options::default(),
    })
}

fn dependencies(core: &Core, target: &Target, application: &Application) -> Vec<Dependency> {
    let names = application.depends_on.iter();
    let dependency = |name: &String| Dependency {
        state: core.standings.dependency(name, target),
        name: name.clone(),
    };
    names.map(dependency).collect()
}

/// The newest commit that concerns the Application.
async fn compared(
    core: &Core,
    target: &Target,
    application: &Application,
    source: &Source,
) -> Result<Result<CommitId, Trouble>, client::Error> {
    if check::is_here(application) {
        return Ok(Ok(target.revision().clone()));
    }
    let revision = &application.source.revision;
    let found = match source.resolve(revision).await {
        Ok(found) => found,
        // A mirror that was never fetched: the first fetch wakes the Application.
        Err(_) if !source.is_hosted() => None,
        Err(error) => return Err(unread(error)),
    };
    let name = if revision.is_empty() {
        "default branch".to_owned()
    } else {
        format!("revision {revision:?}")
    };
    let missing = || Trouble::missing(format!("there is no {name} in {}", source.name));
    let unfetched = || core.sources.trouble(&application.source.repo);
    Ok(found.ok_or_else(|| unfetched().unwrap_or_else(missing)))
}

pub(super) async fn render(
    core: &Core,
    source: &Source,
    application: &Application,
    commit: &CommitId,
) -> Result<Arc<Render>, client::Error> {
    if let Some(render) = core.renders.known(application, commit) {
        return Ok(render);
    }
    let (renders, cluster) = (core.renders.clone(), core.cluster.clone());
    let (application, commit) = (application.clone(), commit.clone());
    let rendering = source.location.read(move |git| {
        let tree = git.tree(&commit)?;
        Ok(renders.render(&application, &commit, &tree, cluster.kinds()))
    });
    rendering.await.map_err(unread)
}

/// Which commit is wanted, and whether somebody asked for it. A commit that asks for what the
/// last one asked for is that one.
fn wanted(
    compared: &CommitId,
    digest: &str,
    last: Option<&Rollout>,
    requested: bool,
) -> (CommitId, bool) {
    let Some(last) = last else {
        return (compared.clone(), requested);
    };
    if last.revision == *compared {
        // The Application itself was changed: other objects of the same commit.
        let other = !digest.is_empty() && last.digest != digest;
        return (
            compared.clone(),
            requested || (other && last.phase.is_final()),
        );
    }
    let carries_on = matches!(
        last.phase,
        RolloutPhase::Pending
            | RolloutPhase::Applying
            | RolloutPhase::Verifying
            | RolloutPhase::Succeeded
    );
    if !requested && carries_on && !digest.is_empty() && last.digest == digest {
        return (last.revision.clone(), false);
    }
    (compared.clone(), requested)
}

async fn last(
    core: &Core,
    application: &str,
) -> Result<Option<(Rollout, rollout::Rollout)>, client::Error> {
    let reader = core.history.reader();
    let Some(row) = reader.last_rollout(application).await.map_err(recorded)? else {
        return Ok(None);
    };
    let mut record = rollout::Rollout {
        id: row.id.clone(),
        revision: row.revision.clone(),
        phase: row.phase,
        started_at: row.started_at,
        began_at: row.began_at,
        applied: Vec::new(),
        pruned: 0,
        rollback: row.rollback.clone(),
        message: row.message.clone(),
        undone: row.undone_at.is_some(),
        options: row.options.clone(),
    };
    if !row.phase.is_final() {
        let applies = reader.applies(&row.id).await.map_err(recorded)?;
        let applied = applies.iter().map(|apply| Applied {
            wave: WaveNumber(apply.wave),
            at: apply.finished_at.unwrap_or(apply.began_at),
        });
        record.applied = applied.collect();
        let objects = reader.objects(&row.id).await.map_err(recorded)?;
        let pruned = objects.iter().filter(|it| it.action == Action::Delete);
        let pruned = pruned.filter(|it| it.applied_at.is_some()).count();
        record.pruned = u32::try_from(pruned).unwrap_or(u32::MAX);
    }
    Ok(Some((row, record)))
}

async fn live(
    core: &Core,
    application: &Application,
    render: &Render,
) -> Result<BTreeMap<ObjectKey, Object>, client::Error> {
    let mut wanted = keys(core.cluster.kinds(), render.manifests());
    let inventory = core.inventory.of(&application.name);
    wanted.extend(inventory.into_iter().map(|entry| entry.key));
    let live = core.cluster.live(&wanted).await?;
    adopt(core, application, &live).await?;
    Ok(live)
}

/// Records what was created in a pass that ended before it could say so.
async fn adopt(
    core: &Core,
    application: &Application,
    live: &BTreeMap<ObjectKey, Object>,
) -> Result<(), client::Error> {
    let entries = core.inventory.of(&application.name);
    let found = |entry: &InventoryEntry| {
        let object = live.get(&entry.key)?;
        let ours = object.uid() != entry.uid && is_applied_by_us(object);
        ours.then(|| (entry.key.clone(), object.uid()))
    };
    let uids: Vec<(ObjectKey, Uid)> = entries.iter().filter_map(found).collect();
    if uids.is_empty() {
        return Ok(());
    }
    core.commit(&[Write::InventoryUids { uids }]).await
}

fn is_applied_by_us(object: &Object) -> bool {
    let managed = object.body["metadata"]["managedFields"].as_array();
    managed
        .into_iter()
        .flatten()
        .any(|entry| entry["manager"] == MANAGER && entry["operation"] == "Apply")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Trigger;
    use crate::source::Person;

    fn row(revision: &str, digest: &str, phase: RolloutPhase) -> Rollout {
        Rollout {
            id: "web-1".into(),
            application: "web".into(),
            number: 1,
            push: None,
            revision: CommitId(revision.into()),
            previous: CommitId::default(),
            author: Person::default(),
            commit_message: String::new(),
            trigger: Trigger::Push,
            rollback_of: String::new(),
            rollback: None,
            digest: digest.into(),
            phase,
            message: String::new(),
            changed: None,
            started_at: Timestamp::UNIX_EPOCH,
            began_at: None,
            deadline_at: None,
            finished_at: None,
            undone_at: None,
            options: Options::default(),
        }
    }

    #[test]
    fn a_commit_that_asks_for_the_same_is_no_new_one() {
        use RolloutPhase::{Failed, Succeeded, Superseded, Verifying};
        let check = |last: Option<Rollout>, asked: bool, expected: (&str, bool)| {
            let (revision, requested) = wanted(&CommitId("b".into()), "d", last.as_ref(), asked);
            assert_eq!((revision.0.as_str(), requested), expected, "{last:?}");
        };
        let last = |revision, digest, phase| Some(row(revision, digest, phase));
        check(None, false, ("b", false));
        check(last("a", "d", Succeeded), false, ("a", false));
        check(last("a", "d", Verifying), false, ("a", false));
        check(last("a", "d", Succeeded), true, ("b", true));
        check(last("a", "other", Succeeded), false, ("b", false));
        // What failed or was given up is tried again with the next commit.
        check(last("a", "d", Failed), false, ("b", false));
        check(last("a", "d", Superseded), false, ("b", false));
        check(last("b", "d", Failed), false, ("b", false));
        check(last("b", "other", Succeeded), false, ("b", true));
        check(last("b", "other", Verifying), false, ("b", false));
    }
}
