//! Answers to questions: what is recorded, and how things are at this moment.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::kinds::HealthCheck;
use api::{Collection, Object, ObjectKey};
use engine::health;
use engine::hook::{self, Role};
use engine::rollout::CommitId;
use engine::why::leads_nowhere;
use engine::{Application, application};

use super::{ApplicationView, Error, ObjectNode, Tracked};
use crate::history::ApplicationSummary;
use crate::source::{self, Commit};
use crate::sync::core::{Core, application_collection};
use crate::sync::target::Target;

pub(super) async fn tracked(core: &Core) -> Result<Tracked, Error> {
    let source = core.history.reader().source(&core.source.name).await?;
    let target = core.target();
    Ok(Tracked {
        revision: target
            .as_ref()
            .map(|it| it.revision().clone())
            .unwrap_or_default(),
        applications: target.map_or(0, |it| it.applications.len()),
        error: source.map(|it| it.error).unwrap_or_default(),
    })
}

pub(super) async fn applications(core: &Core) -> Result<Vec<ApplicationView>, Error> {
    let (mut views, mut commits) = (Vec::new(), Commits::default());
    for summary in core.history.reader().applications().await? {
        views.push(view(core, summary, &mut commits).await?);
    }
    Ok(views)
}

pub(super) async fn application(core: &Core, name: &str) -> Result<ApplicationView, Error> {
    let summary = core.history.reader().application(name).await?;
    let summary = summary.filter(|it| it.application.removed_at.is_none());
    let summary = summary.ok_or_else(|| missing(name))?;
    view(core, summary, &mut Commits::default()).await
}

/// Commits of the history that one answer needs: many applications stand at few of them.
#[derive(Default)]
struct Commits(BTreeMap<CommitId, Option<Arc<Commit>>>);

impl Commits {
    async fn of(&mut self, core: &Core, revision: &CommitId) -> Result<Option<Arc<Commit>>, Error> {
        if let Some(known) = self.0.get(revision) {
            return Ok(known.clone());
        }
        let commit = core.history.reader().commit(revision).await?;
        let commit = commit.map(Arc::new);
        self.0.insert(revision.clone(), commit.clone());
        Ok(commit)
    }
}

async fn view(
    core: &Core,
    summary: ApplicationSummary,
    commits: &mut Commits,
) -> Result<ApplicationView, Error> {
    let name = &summary.application.name;
    let target = core.target();
    let made_by_hand = |target: &Arc<Target>| core.application(target, name).map(Cow::Owned);
    let application = target.as_ref().and_then(|it| {
        let in_git = it.application(name).map(Cow::Borrowed);
        in_git.or_else(|| made_by_hand(it))
    });
    let standing = core.standings.get(name).unwrap_or_default().standing;
    let commit = match &target {
        Some(target) if *target.revision() == standing.revision => Some(target.commit.clone()),
        _ => commits.of(core, &standing.revision).await?,
    };
    Ok(ApplicationView {
        objects: core.inventory.count(name),
        path: application.as_deref().map(paths).unwrap_or_default(),
        depends_on: application
            .map(|it| it.depends_on.clone())
            .unwrap_or_default(),
        standing,
        commit,
        summary,
    })
}

/// Where its manifests are, for people.
fn paths(application: &Application) -> String {
    let paths: Vec<&str> = application.sources().map(|it| it.path.as_str()).collect();
    paths.join(", ")
}

pub(super) fn missing(application: &str) -> Error {
    Error::NotFound(format!("application {application}"))
}

pub(super) fn unreadable(error: source::Error) -> Error {
    Error::Git(Box::new(error))
}

/// The objects that come from Git, each followed by what it made.
pub(super) async fn objects(core: &Core, name: &str) -> Result<Vec<ObjectNode>, Error> {
    let record = core.history.reader().application(name).await?;
    if record.is_none() {
        return Err(missing(name));
    }
    let inventory = core.inventory.of(name);
    let owned: BTreeSet<ObjectKey> = inventory.into_iter().map(|entry| entry.key).collect();
    let target = core.target();
    let application = target.as_ref().and_then(|it| core.application(it, name));
    let checks = application.as_ref().map(|it| it.health_checks.clone());
    let checks = checks.unwrap_or_default();
    let render = application
        .zip(target)
        .and_then(|(application, target)| core.renders.known(&application, target.revision()));
    let mut kinds: BTreeMap<ObjectKey, String> = BTreeMap::new();
    let manifests = render.iter().flat_map(|render| render.manifests());
    let known = core.cluster.kinds();
    // A hook that is not there has run, or is going to.
    for manifest in manifests.filter(|it| hook::role(it).is_ok_and(|role| role == Role::Kept)) {
        if let Some(key) = known.key(&manifest.object) {
            kinds.insert(key, manifest.object.kind().to_owned());
        }
    }
    let all: BTreeSet<ObjectKey> = owned.into_iter().chain(kinds.keys().cloned()).collect();
    let live = core.cluster.live(&all).await.map_err(Error::Cluster)?;
    let mut nodes = Vec::new();
    for key in &all {
        match (live.get(key), kinds.get(key)) {
            (Some(object), _) => with_descendants(core, &checks, (key, object), &mut nodes),
            (None, Some(kind)) => nodes.push(absent(key, kind)),
            (None, None) => {}
        }
    }
    Ok(nodes)
}

fn with_descendants(
    core: &Core,
    checks: &[HealthCheck],
    (key, object): (&ObjectKey, &Object),
    nodes: &mut Vec<ObjectNode>,
) {
    let made = core.cluster.descendants(object);
    let bodies: Vec<Object> = made.iter().map(|(_, object)| object.clone()).collect();
    let now = core.env.now();
    let mut root = node(key, object);
    root.health = health::judge(checks, object, &bodies, now);
    root.warning = warning(core, object);
    nodes.push(root);
    for (key, object) in &made {
        let mut node = node(key, object);
        node.owner = object.controller().map(|owner| owner.uid);
        node.health = health::within(object, &bodies, now);
        nodes.push(node);
    }
}

/// What is wrong with an object that is healthy by itself.
fn warning(core: &Core, object: &Object) -> String {
    if object.kind() != "Service" {
        return String::new();
    }
    let pods = core.cluster.cache(&Collection::new("", "pods"));
    let pods = pods.in_namespace(object.namespace());
    leads_nowhere(object, pods.iter().map(|pod| &**pod)).unwrap_or_default()
}

fn node(key: &ObjectKey, object: &Object) -> ObjectNode {
    let wave = engine::order::WAVE_ANNOTATIONS;
    let wave = wave
        .iter()
        .find_map(|name| object.annotation(name)?.trim().parse().ok());
    ObjectNode {
        key: key.clone(),
        kind: object.kind().to_owned(),
        uid: object.uid(),
        owner: None,
        wave: wave.unwrap_or(0),
        health: None,
        created_at: api::parse_time(object.creation_timestamp()),
        missing: false,
        warning: String::new(),
    }
}

fn absent(key: &ObjectKey, kind: &str) -> ObjectNode {
    ObjectNode {
        key: key.clone(),
        kind: kind.to_owned(),
        uid: api::Uid::default(),
        owner: None,
        wave: 0,
        health: Some(engine::Health::missing()),
        created_at: None,
        missing: true,
        warning: String::new(),
    }
}

/// Whether an Application of this name is in the cluster or in the commit.
pub(super) fn exists(core: &Core, name: &str) -> bool {
    let Some(target) = core.target() else {
        return false;
    };
    let key = application_collection().key(application::NAMESPACE, name);
    core.application(&target, name).is_some() || core.applications().get(&key).is_some()
}
