//! Everything a decision about one Application depends on, read at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{Object, ObjectKey, Uid};
use client::Client;
use engine::plan::{InventoryEntry, Plan, Prune};
use engine::rollout::{
    self, CommitId, Correction, Dependency, DependencyState, Desired, Fellow, Observed,
};
use engine::{Application, Health, Problems};
use jiff::Timestamp;
use tracing::{Instrument, info_span};

use super::across::render;
use super::asked;
use super::before::{before_failure, goes_back};
use super::core::Core;
use super::desired::{compared, desired};
use super::last::last;
use super::look::Look;
use super::memory::Memory;
use super::plan::keys;
use super::render::Render;
use super::target::Target;
use crate::config::MANAGER;
use crate::history::{Request, Rollout, Write};
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
    pub(crate) last: Option<(Arc<Rollout>, rollout::Rollout)>,
    pub(crate) plan: Result<Arc<Plan>, Problems>,
    pub(crate) live: BTreeMap<ObjectKey, Object>,
    pub(crate) health: BTreeMap<ObjectKey, Health>,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) corrections: BTreeMap<ObjectKey, Correction>,
    /// The wanted commit failed: the plan is about the commit before it.
    pub(crate) restoring: bool,
    /// And that one asks for the same.
    pub(crate) same: bool,
    /// Why nothing may be changed, where that is so.
    pub(crate) suspended: Option<String>,
    /// The wanted commit failed once, and nobody asked for all of it since.
    pub(crate) on_hold: bool,
    /// Another Application that failed at the wanted commit.
    pub(crate) fellow: Option<Fellow>,
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
            hooks: &self.render.hooks,
            live: &self.live,
            corrections: &self.corrections,
            restoring: self.restoring,
            same: self.same,
            suspended: self.suspended.as_deref(),
            on_hold: self.on_hold,
            fellow: self.fellow.as_ref(),
            now: self.now,
        }
    }

    /// The running rollout, if one runs.
    pub(crate) fn running(&self) -> Option<&Rollout> {
        let (row, _) = self.last.as_ref()?;
        (!row.phase.is_final()).then_some(row)
    }
}

/// What Git says, what was asked for and tried before, and what of it is wanted.
type Wanted = (
    Arc<Render>,
    Option<(Arc<Rollout>, rollout::Rollout)>,
    Option<Request>,
    Desired,
);

async fn wanted(
    core: &Core,
    target: &Target,
    application: &Application,
    (source, compared): (&Source, &CommitId),
) -> Result<Wanted, client::Error> {
    let render = render(core, source, application, compared).await?;
    let last = last(core, &application.name, !render.hooks.is_empty()).await?;
    let request = asked::request(core, application).await?;
    let asked = (compared, render.digest.as_str());
    let before = (last.as_ref(), request.as_ref());
    let desired = desired(core, target, application, asked, before).await?;
    Ok((render, last, request, desired))
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
    let compared = match compared(core, target, &application).await? {
        Ok(compared) => compared,
        Err(why) => return Ok(Observe::Unknown(why)),
    };
    let of = (&source, &compared);
    let (render, last, request, desired) = wanted(core, target, &application, of).await?;
    let row = last.as_ref().map(|(row, _)| &**row);
    let dependencies = dependencies(core, target, &application);
    let before = before_failure(core, &source, &application, &desired, row).await?;
    let (restoring, same) = (
        before.is_some(),
        asks_for_the_same(before.as_ref(), &render),
    );
    let (planned, shown) = before.unwrap_or_else(|| (compared.clone(), render.clone()));
    let live = live(core, &application, &shown).await?;
    let look = Look {
        core,
        client,
        source: &source,
        compared: &planned,
        application: &application,
        render: &shown,
        live: &live,
        ask: restoring || has_begun(row, &desired) || are_ready(&dependencies),
        options: &desired.options,
        prune: prune(&application, &desired, restoring),
    };
    let planning = look.plan(target, memory).instrument(info_span!("plan"));
    let (plan, now) = (planning.await?, core.env.now());
    let health = judged(&look, plan.as_ref().ok(), &render, now);
    Ok(Observe::Seen(Box::new(Observation {
        corrections: memory.corrections.clone(),
        restoring,
        same,
        suspended: asked::suspended(core, &application).await?,
        on_hold: asked::on_hold(core, &application, &desired, row),
        fellow: fellow(core, &application, &desired, row),
        application,
        compared,
        render,
        desired,
        last,
        plan,
        live,
        health,
        dependencies,
        requester: request.map(|request| request.actor),
        now,
        source,
    })))
}

/// Whether what comes back is what the wanted commit asks for.
fn asks_for_the_same(before: Option<&(CommitId, Arc<Render>)>, wanted: &Render) -> bool {
    before.is_some_and(|(_, before)| before.digest == wanted.digest)
}

/// Another Application whose failure takes this one along.
fn fellow(
    core: &Core,
    application: &Application,
    desired: &Desired,
    last: Option<&Rollout>,
) -> Option<Fellow> {
    let fellow = core.holds.fellow(&application.name, &desired.revision);
    fellow.filter(|_| goes_back(last, desired))
}

fn judged(
    look: &Look<'_>,
    plan: Option<&Arc<Plan>>,
    wanted: &Render,
    now: Timestamp,
) -> BTreeMap<ObjectKey, Health> {
    plan.map(|plan| look.health(plan, &wanted.hooks, now))
        .unwrap_or_default()
}

fn prune(application: &Application, desired: &Desired, restoring: bool) -> Prune {
    if restoring {
        Prune::undo(application)
    } else {
        Prune::of(application, &desired.options)
    }
}

/// Before its dependencies are there, an object may have no namespace to be in.
fn has_begun(last: Option<&Rollout>, desired: &Desired) -> bool {
    last.is_some_and(|last| last.began_at.is_some() && last.revision == desired.revision)
}

fn are_ready(dependencies: &[Dependency]) -> bool {
    let mut all = dependencies.iter();
    all.all(|it| it.state == DependencyState::Ready)
}

fn dependencies(core: &Core, target: &Target, application: &Application) -> Vec<Dependency> {
    let names = application.depends_on.iter();
    let dependency = |name: &String| Dependency {
        state: core.standings.dependency(name, target),
        name: name.clone(),
    };
    names.map(dependency).collect()
}

async fn live(
    core: &Core,
    application: &Application,
    render: &Render,
) -> Result<BTreeMap<ObjectKey, Object>, client::Error> {
    core.cluster.note(render.manifests().iter());
    let kinds = core.cluster.kinds();
    let mut wanted = keys(&kinds, render.manifests());
    let inventory = core.inventory.of(&application.name);
    wanted.extend(inventory.into_iter().map(|entry| entry.key));
    let live = core.cluster.live_as(&wanted, render.manifests()).await?;
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
