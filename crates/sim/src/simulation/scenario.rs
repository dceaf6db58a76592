//! One life of a cluster: it is built, used and abused, then left alone until it is as it should
//! be, and stays so.

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use serde_json::json;

use super::converged::unsettled;
use super::{Weather, World, workload};

/// The longest a cluster may take once nothing goes wrong any more: the longest back-off and the
/// longest wait for a lost node fit in.
const PATIENCE: Duration = Duration::from_mins(15);
/// How long nothing may be written afterwards: by most seeds, and by every tenth.
const REST: Duration = Duration::from_secs(45);
const LONG_REST: Duration = Duration::from_mins(4);
/// Milliseconds of processor of a machine: the whole workload fits on one.
const CPU: i64 = 8_000;

/// What a run was like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub digest: u64,
    pub commits: u64,
}

/// Runs the life that belongs to a seed.
///
/// # Errors
/// An invariant was broken, or the cluster did not come to rest.
pub fn run(seed: u64) -> anyhow::Result<Report> {
    let mut world = World::new(seed);
    let lived = live(
        &mut world,
        if seed.is_multiple_of(10) {
            LONG_REST
        } else {
            REST
        },
    );
    lived.map_err(|error| {
        let (diary, commits) = (world.diary.join("\n  "), world.invariants.recent(12));
        let commits = commits.join("\n  ");
        anyhow!("{error:#}\nWhat was done:\n  {diary}\nWhat was written last:\n  {commits}")
    })?;
    Ok(Report {
        digest: world.invariants.digest,
        commits: world.invariants.commits,
    })
}

fn live(world: &mut World, pause: Duration) -> anyhow::Result<()> {
    build(world)?;
    let weather = Weather::draw(&world.chance);
    world.note(format!("{weather:?}"));
    world.set_weather(weather);
    for _ in 0..world.chance.between(6, 14) {
        if world.chance.happens(0.6) {
            workload::act(world)?;
        } else {
            disturb(world)?;
        }
        let pause = world.chance.up_to(Duration::from_secs(12));
        world.run_for(pause)?;
    }
    repair(world)?;
    rest(world, pause)
}

pub(super) fn build(world: &mut World) -> anyhow::Result<()> {
    world.start_server()?;
    for name in ["kube-system", "kube-node-lease", "default", "shop"] {
        let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        workload::create(world, "", "namespaces", body)?;
        let body = json!({
            "apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {"name": "default", "namespace": name},
        });
        workload::create(world, "", "serviceaccounts", body)?;
    }
    for _ in 0..world.chance.between(1, 3) {
        world.add_machine(CPU);
    }
    for index in 0..2 {
        world.control.push(super::world::ControlPlane::default());
        world.start_control(index);
    }
    world.diary.clear();
    world.note(format!("{} machines", world.machines.len()));
    world.run_for(Duration::from_secs(5))
}

/// Something goes wrong that is larger than a message.
pub(super) fn disturb(world: &mut World) -> anyhow::Result<()> {
    let chance = world.chance.clone();
    let names: Vec<String> = world.machines.keys().cloned().collect();
    let name = chance.pick(&names).cloned().context("there is a machine")?;
    let plane = chance.below(world.control.len());
    match chance.below(10) {
        0 | 1 => {
            world.note(format!("control plane {plane} crashes"));
            world.kill_control(plane);
            world.run_for(chance.up_to(Duration::from_secs(3)))?;
            world.start_control(plane);
        }
        2 => {
            world.note(format!("the agent of {name} crashes"));
            world.kill_agent(&name);
            world.run_for(chance.up_to(Duration::from_secs(5)))?;
            world.start_agent(&name);
        }
        3 => {
            world.note("the API server crashes");
            world.kill_server();
            world.run_for(chance.up_to(Duration::from_secs(8)))?;
            world.start_server()?;
        }
        4 => {
            world.note(format!("{name} is cut off"));
            world.machines[&name].link.cut();
        }
        5 => {
            world.note(format!("control plane {plane} is cut off"));
            world.control[plane].link.cut();
        }
        6 => mend(world),
        7 if world.machines.len() > 1 => {
            world.note(format!("{name} burns down"));
            world.destroy_machine(&name);
        }
        8 if world.machines.len() < 4 => {
            let name = world.add_machine(CPU);
            world.note(format!("{name} joins"));
        }
        _ => {
            let weather = Weather::draw(&chance);
            world.note(format!("{weather:?}"));
            world.set_weather(weather);
        }
    }
    Ok(())
}

fn mend(world: &mut World) {
    world.note("all links are mended");
    for machine in world.machines.values() {
        machine.link.mend();
    }
    for plane in &world.control {
        plane.link.mend();
    }
}

/// Nothing goes wrong any more.
pub(super) fn repair(world: &mut World) -> anyhow::Result<()> {
    mend(world);
    world.set_weather(Weather::calm());
    // Whoever runs the machines says which of them will never come back.
    let nodes = world.invariants.state().all("", "nodes");
    let lost: Vec<String> = nodes
        .map(|node| node.name().to_owned())
        .filter(|name| !world.machines.contains_key(name))
        .collect();
    for name in lost {
        workload::delete_node(world, &name)?;
    }
    Ok(())
}

fn rest(world: &mut World, pause: Duration) -> anyhow::Result<()> {
    world.note("from here on nothing goes wrong");
    let end = world.now() + PATIENCE;
    while !unsettled(world).is_empty() && world.now() < end {
        workload::heal(world)?;
        world.run_for(Duration::from_secs(5))?;
    }
    if !unsettled(world).is_empty() {
        let open = unsettled(world).join("\n  ");
        bail!("after {PATIENCE:?} the cluster is not as it should be:\n  {open}");
    }
    // A last status may still be under way.
    world.run_for(Duration::from_secs(20))?;
    let before = world.invariants.commits;
    world.run_for(pause)?;
    let after = world.invariants.commits;
    if after != before {
        let commits = world.invariants.recent(after - before).join("\n  ");
        bail!("a cluster at rest wrote:\n  {commits}");
    }
    let open = unsettled(world);
    if !open.is_empty() {
        bail!(
            "the cluster did not stay as it should be:\n  {}",
            open.join("\n  ")
        );
    }
    Ok(())
}
