//! What people push, and what happens to the reconciler.

use std::time::Duration;

use api::{Collection, Object, ObjectKey};
use client::{DeleteOptions, Patch, PatchOptions, Target};
use serde_json::json;

use super::branch::Branch;
use super::instance::Instance;
use super::script::{Fate, Script};
use super::shape::{APPLICATIONS, NAMESPACE, Shape};
use crate::simulation::World;

/// What belongs to nobody's commit; it has the labels of what does.
pub(super) const BYSTANDER: &str = "visitor-notes";

pub(super) struct Story {
    pub(super) instance: Instance,
    pub(super) script: Script,
    branch: Branch,
}

impl Story {
    pub(super) fn new(instance: Instance) -> anyhow::Result<Self> {
        Ok(Self {
            branch: Branch::new(&instance.repository())?,
            script: Script::default(),
            instance,
        })
    }

    /// Something that people do with the branch.
    pub(super) fn push(&self, world: &mut World) -> anyhow::Result<()> {
        match world.chance.below(10) {
            0 | 1 => self.push_unhealthy(world),
            2 => self.push_refused(world),
            3 => self.push_emptied(world),
            4 => self.push_revert(world),
            5 => {
                self.push_good(world)?;
                world.run_for(world.chance.up_to(Duration::from_secs(1)))?;
                self.push_good(world)
            }
            _ => self.push_good(world),
        }
    }

    pub(super) fn push_good(&self, world: &mut World) -> anyhow::Result<()> {
        let number = self.script.all().len();
        let shape = match self.script.good() {
            Some(good) => good.shape.moved_on(&world.chance, number),
            None => Shape::new(&world.chance),
        };
        self.commit(world, Fate::Good, shape)
    }

    fn push_unhealthy(&self, world: &mut World) -> anyhow::Result<()> {
        let number = self.script.all().len();
        let Some(good) = self.script.good() else {
            return Ok(());
        };
        let shape = good.shape.unhealthy(&world.chance, number);
        self.commit(world, Fate::Unhealthy, shape)
    }

    fn push_refused(&self, world: &mut World) -> anyhow::Result<()> {
        let Some(good) = self.script.good() else {
            return Ok(());
        };
        self.commit(world, Fate::Refused, good.shape.clone())
    }

    fn push_emptied(&self, world: &mut World) -> anyhow::Result<()> {
        let Some(good) = self.script.good() else {
            return Ok(());
        };
        let shape = good.shape.emptied(&world.chance);
        self.commit(world, Fate::Good, shape)
    }

    /// The files of an earlier commit that was good.
    fn push_revert(&self, world: &mut World) -> anyhow::Result<()> {
        let commits = self.script.all();
        let good: Vec<_> = commits.iter().filter(|it| it.fate == Fate::Good).collect();
        let Some(earlier) = world.chance.pick(&good) else {
            return Ok(());
        };
        self.commit(world, Fate::Good, earlier.shape.clone())
    }

    fn commit(&self, world: &mut World, fate: Fate, shape: Shape) -> anyhow::Result<()> {
        let number = self.script.all().len();
        let mut files = shape.files();
        if fate == Fate::Refused {
            let wrong = json!({
                "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web-wrong"},
                "dada": {},
            });
            files.insert("web/wrong.yaml".into(), wrong.to_string());
        }
        let head = self.script.head();
        let parent = head.as_ref().map(|head| head.id.as_str());
        let message = format!("commit {number}: {fate:?}");
        let id = self.branch.commit(&message, &files, parent)?;
        self.script.add(id.clone(), fate, shape);
        world.note(format!("push {} ({message})", &id[..7]));
        Ok(())
    }

    /// Ends the reconciler in the middle of whatever it does, and starts it again.
    pub(super) fn crash(&mut self, world: &mut World) -> anyhow::Result<()> {
        world.note("the reconciler crashes");
        self.instance.kill(world);
        let most = if world.chance.happens(0.5) { 20 } else { 5_000 };
        world.run_for(world.chance.up_to(Duration::from_millis(most)))?;
        self.instance.start(world);
        Ok(())
    }
}

/// Somebody changes or deletes what comes from Git.
pub(super) fn meddle(world: &mut World) -> anyhow::Result<()> {
    if !world.air.server.is_up() {
        return Ok(());
    }
    let name = APPLICATIONS[world.chance.below(APPLICATIONS.len())];
    let maps = Collection::new("", "configmaps");
    let key = maps.key(NAMESPACE, format!("{name}-last"));
    let client = world.user()?;
    if world.chance.happens(0.3) {
        world.note(format!("somebody deletes {key}"));
        let options = DeleteOptions::default();
        let deleted = world.block_on(async move { client.delete(&key, &options).await })?;
        return expected(deleted);
    }
    world.note(format!("somebody changes {key}"));
    let changed = world.block_on(async move {
        let (target, patch) = (
            Target::object(key),
            Patch::Merge(json!({"data": {"value": "x"}})),
        );
        let options = PatchOptions {
            field_manager: "kubectl-edit".into(),
            ..PatchOptions::default()
        };
        client.patch(&target, &patch, &options).await
    })?;
    expected(changed)
}

pub(super) fn bystander() -> ObjectKey {
    Collection::new("", "configmaps").key(NAMESPACE, BYSTANDER)
}

fn expected(answer: Result<Object, client::Error>) -> anyhow::Result<()> {
    match answer {
        Err(error) if !error.is_not_found() && !error.is_conflict() => Err(error.into()),
        _ => Ok(()),
    }
}
