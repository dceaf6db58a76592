//! Whether a commit may be followed: rendered, checked and planned as a whole before anything
//! moves. A push, a rollback and a commit found elsewhere are all checked by this.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::{GroupVersionKind, Object, ObjectKey};
use engine::application::{self, Found, NAMESPACE};
use engine::plan::{self, Prune};
use engine::rollout::CommitId;
use engine::tree::Reader;
use engine::validate::{self, Rendered};
use engine::{Application, Manifest, Origin, Plan, Problem, Problems, Tree};

use super::core::{Core, applications, unread};
use super::plan::Stored;
use super::plan::keys;
use super::plans::{Wanted, plan_one, plans};
use super::render::{Render, Trees};
use super::target::ordered as by_dependency;
use crate::source::Location;

/// A commit that may be followed.
pub(crate) struct Checked {
    pub(crate) found: Vec<Found>,
    /// Of the Applications that change, by name.
    pub(crate) plans: BTreeMap<String, Plan>,
    /// Applications for which the commit changes nothing.
    pub(crate) unchanged: usize,
    /// Applications that are in the cluster and not in the commit, with what they take along.
    pub(crate) removed: BTreeMap<String, Plan>,
}

/// What is in a commit, rendered.
pub(crate) struct Read {
    pub(crate) found: Vec<Found>,
    pub(crate) renders: BTreeMap<String, Arc<Render>>,
}

/// Reads a commit without asking the cluster.
pub(crate) async fn read(
    core: &Core,
    location: &Location,
    commit: &CommitId,
) -> Result<Result<Read, Problems>, client::Error> {
    let (renders, cluster) = (core.renders.clone(), core.cluster.clone());
    let (commit, root) = (commit.clone(), core.root());
    let reading = location.read(move |git| {
        let tree = git.tree(&commit)?;
        let found = match rooted(&tree, &root).and_then(|()| application::find(&tree, &root)) {
            Ok(found) => found,
            Err(problems) => return Ok(Err(problems)),
        };
        let mut rendered = BTreeMap::new();
        for application in applications(&found).filter(|it| is_here(it)) {
            let trees = Trees::same(&tree, application);
            let render = renders.render(application, &commit, &trees, cluster.kinds());
            rendered.insert(application.name.clone(), render);
        }
        let mut problems = Vec::new();
        for render in rendered.values() {
            problems.extend(
                render
                    .manifests
                    .as_ref()
                    .err()
                    .iter()
                    .flat_map(|it| it.0.clone()),
            );
        }
        problems.extend(validate::commit(cluster.kinds(), &found, &parts(&rendered)).0);
        let read = Read {
            found,
            renders: rendered,
        };
        Ok(Problems(problems).or(read))
    });
    reading.await.map_err(unread)
}

pub(super) fn parts(renders: &BTreeMap<String, Arc<Render>>) -> Vec<Rendered<'_>> {
    let parts = renders.iter();
    parts
        .map(|(application, render)| Rendered {
            application,
            manifests: render.manifests(),
        })
        .collect()
}

/// Whether there is a directory to look for Applications in: without it all would be removed.
fn rooted(tree: &dyn Tree, root: &str) -> Result<(), Problems> {
    if root.is_empty() || Reader::new(tree).directory(root)?.is_some() {
        return Ok(());
    }
    let problem = Problem::new("", format!("there is no directory {root} in the commit"));
    Err(problem
        .hint("--path names the directory that holds apps/")
        .into())
}

/// Whether the Application's manifests are in the very commit that defines it.
pub(crate) fn is_here(application: &Application) -> bool {
    application.sources().all(is_source_here)
}

/// The same of one of its sources.
pub(crate) fn is_source_here(source: &engine::application::Source) -> bool {
    source.repo.is_empty() && source.revision.is_empty()
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
    let Read { found, renders } = match read(core, location, commit).await? {
        Ok(read) => read,
        Err(problems) => return Ok(Err(problems)),
    };
    let here: Vec<&Application> = applications(&found).filter(|it| is_here(it)).collect();
    let signed = core.signatures.of_all(core, &here, location, commit);
    if let Err(problems) = signed.await? {
        return Ok(Err(problems));
    }
    let changed = changed(core, &found, &renders);
    let definitions = definitions(core, &found);
    let wanted = Wanted {
        location,
        commit,
        found: &found,
        renders: &renders,
        order: by_dependency(changed.iter().copied()),
        definitions,
    };
    let plans = match plans(core, &wanted).await? {
        Ok(plans) => plans,
        Err(problems) => return Ok(Err(problems)),
    };
    let all = renders.values().flat_map(|render| render.manifests());
    let claimed = keys(core.cluster.kinds(), all);
    let removed = removed(core, &found, &claimed).await?;
    Ok(Ok(Checked {
        unchanged: renders.len() - plans.len(),
        plans,
        removed,
        found,
    }))
}

/// The Applications that would be rolled out.
fn changed<'a>(
    core: &Core,
    found: &'a [Found],
    renders: &BTreeMap<String, Arc<Render>>,
) -> Vec<&'a Application> {
    let target = core.target();
    let is_same = |application: &Application| {
        let target = target.as_ref()?;
        let current = target.application(&application.name)?;
        let before = core.renders.known(current, target.revision())?;
        let stand = core.standings.get(&application.name)?;
        let settled = !stand.running && !stand.standing.held;
        Some(settled && before.digest == renders[&application.name].digest)
    };
    applications(found)
        .filter(|it| is_here(it) && !is_same(it).unwrap_or(false))
        .collect()
}

/// The Application objects themselves, and the namespace they live in.
fn definitions(core: &Core, found: &[Found]) -> Vec<Manifest> {
    let namespace = Object::new(&GroupVersionKind::new("", "v1", "Namespace"), "", NAMESPACE);
    let namespace = Manifest {
        object: namespace,
        origin: Origin::default(),
    };
    let known = core.applications();
    let is_new = |found: &&Found| {
        let object = &found.manifest.object;
        let live = known.find(object.namespace(), object.name());
        live.is_none_or(|live| live.body["spec"] != object.body["spec"])
    };
    let new = found.iter().filter(is_new);
    let new: Vec<Manifest> = new.map(|found| found.manifest.clone()).collect();
    if new.is_empty() {
        return Vec::new();
    }
    std::iter::once(namespace).chain(new).collect()
}

async fn removed(
    core: &Core,
    found: &[Found],
    claimed: &BTreeSet<ObjectKey>,
) -> Result<BTreeMap<String, Plan>, client::Error> {
    let Some(target) = core.target() else {
        return Ok(BTreeMap::new());
    };
    let stays = |name: &str| found.iter().any(|found| found.application.name == name);
    let mut removed = BTreeMap::new();
    for (name, leaving) in &target.applications {
        if stays(name) {
            continue;
        }
        let application = &leaving.application;
        let (none, prune) = (Stored::default(), Prune::from(application.deletion));
        let plan = plan_one(core, application, &[], &none, claimed, &prune, found).await?;
        removed.insert(name.clone(), plan.unwrap_or_default());
    }
    Ok(removed)
}

impl Checked {
    /// One name for exactly what this commit does.
    pub(crate) fn digest(&self) -> String {
        plan::digest_of(self.removed.iter().chain(&self.plans))
    }

    /// The plan for people, line by line.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (name, plan) in &self.removed {
            lines.push(format!("application {name} is removed"));
            lines.extend(plan::lines(plan).iter().map(|line| format!("  {line}")));
        }
        let mut unchanged = self.unchanged;
        for (name, plan) in &self.plans {
            if plan.is_empty() && plan.asking().next().is_none() {
                unchanged += 1;
                continue;
            }
            lines.push(format!("application {name}: {}", plan::counts(plan)));
            lines.extend(plan::lines(plan).iter().map(|line| format!("  {line}")));
        }
        match (lines.is_empty(), unchanged) {
            (true, _) => lines.push("nothing changes in the cluster".into()),
            (false, 0) => {}
            (false, 1) => lines.push("1 more application is unchanged".into()),
            (false, more) => lines.push(format!("{more} more applications are unchanged")),
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use engine::tree::MapTree;

    use super::*;

    #[test]
    fn a_commit_without_the_directory_that_is_followed_removes_nothing() {
        let tree = MapTree::default().with_file("deploy/apps/web.yaml", "");
        let check = |root: &str, expected: Option<&str>| {
            let said = rooted(&tree, root).err().map(|it| it.summary());
            assert_eq!(said.as_deref(), expected, "{root}");
        };
        check("", None);
        check("deploy", None);
        check(
            "gone",
            Some(
                "there is no directory gone in the commit, \
                 --path names the directory that holds apps/",
            ),
        );
    }
}
