//! One life of a reconciler: commits are pushed and everything around it fails, then it is left
//! alone until the cluster is what the branch says, and stays so.

use std::time::Duration;

use anyhow::{anyhow, bail};
use serde_json::json;

use super::deeds::{BYSTANDER, Story, meddle};
use super::instance::Instance;
use super::shape::NAMESPACE;
use super::standing::open;
use super::watching::Watching;
use crate::simulation::converged::unsettled;
use crate::simulation::scenario::{self, Report};
use crate::simulation::{Weather, World, workload};

/// The longest it may take once nothing goes wrong any more: a lost node is waited for, and then
/// a commit that will never be healthy.
const PATIENCE: Duration = Duration::from_mins(15);
/// How long nothing may be written afterwards.
const REST: Duration = Duration::from_secs(40);

/// Runs the life that belongs to a seed, inside of a Tokio runtime.
///
/// # Errors
/// An invariant was broken, or the cluster did not become what the branch says.
pub fn run(seed: u64) -> anyhow::Result<Report> {
    let mut world = World::new(seed);
    let instance = Instance::new(&mut world, seed)?;
    let mut story = Story::new(instance)?;
    let lived = live(&mut world, &mut story);
    let lived = lived.map_err(|error| {
        let (diary, commits) = (world.diary.join("\n  "), world.invariants.recent(24));
        let commits = commits.join("\n  ");
        anyhow!("{error:#}\nWhat was done:\n  {diary}\nWhat was written last:\n  {commits}")
    });
    story.instance.remove(&mut world);
    lived?;
    Ok(Report {
        digest: world.invariants.digest,
        commits: world.invariants.commits,
    })
}

fn live(world: &mut World, story: &mut Story) -> anyhow::Result<()> {
    scenario::build(world)?;
    let notes = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": BYSTANDER, "namespace": NAMESPACE},
    });
    workload::create(world, "", "configmaps", notes)?;
    world.invariants.add(Box::new(Watching::new(&story.script)));
    story.push_good(world)?;
    story.instance.start(world);
    settle(world, story)?;
    let weather = Weather::draw(&world.chance);
    world.note(format!("{weather:?}"));
    world.set_weather(weather);
    for _ in 0..world.chance.between(6, 14) {
        match world.chance.below(20) {
            0..=7 => story.push(world)?,
            8..=13 => story.crash(world)?,
            14 => meddle(world)?,
            15 => {
                world.note("the reconciler is cut off");
                story.instance.link.cut();
            }
            16 => story.instance.link.mend(),
            _ => scenario::disturb(world)?,
        }
        let most = if world.chance.happens(0.5) {
            300
        } else {
            12_000
        };
        world.run_for(world.chance.up_to(Duration::from_millis(most)))?;
    }
    scenario::repair(world)?;
    story.instance.link.mend();
    if world.chance.happens(0.5) {
        story.push_good(world)?;
    }
    settle(world, story)?;
    rest(world, story)
}

/// Waits until everything is as it should be.
fn settle(world: &mut World, story: &mut Story) -> anyhow::Result<()> {
    world.note("it is left alone");
    let end = world.now() + PATIENCE;
    loop {
        world.run_for(Duration::from_secs(5))?;
        let mut left = unsettled(world);
        left.extend(open(world, story)?);
        if left.is_empty() {
            return Ok(());
        }
        if world.now() >= end {
            let left = left.join("\n  ");
            bail!("after {PATIENCE:?} things are not as they should be:\n  {left}");
        }
    }
}

fn rest(world: &mut World, story: &mut Story) -> anyhow::Result<()> {
    // A last status may still be under way.
    world.run_for(Duration::from_secs(20))?;
    let before = world.invariants.commits;
    world.run_for(REST)?;
    let after = world.invariants.commits;
    if after != before {
        let commits = world.invariants.recent(after - before).join("\n  ");
        bail!("at rest something was written:\n  {commits}");
    }
    let left = open(world, story)?;
    if !left.is_empty() {
        bail!("it did not stay as it should be:\n  {}", left.join("\n  "));
    }
    Ok(())
}
