//! Several instances share a machine, and `kedge doctor` tells what is broken of one.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use jiff::SignedDuration;
use nodeagent::network::{self, Ranges};
use serde_json::Value;
use sim::instance::{Instance, empty_seed, wait};

const SOON: SignedDuration = SignedDuration::from_secs(20);

#[test]
fn instances_share_a_machine_and_the_doctor_tells_what_is_broken() {
    let seed = empty_seed().unwrap();
    let arguments = ["--seed", seed.as_str()];
    let instance = Instance::start("patient", &arguments).unwrap();
    let told = containerd_breaks(&instance).and_then(|()| {
        let mut neighbour = Instance::start(&same_wish(&instance)?, &arguments)?;
        neighbours(&instance, &mut neighbour)
    });
    told.with_context(|| instance.logs()).unwrap();
}

/// What a broken containerd looks like, in each way in which one breaks.
fn containerd_breaks(instance: &Instance) -> anyhow::Result<()> {
    ready(instance)?;
    instance.signal("STOP", "containerd --config")?;
    tells(instance, "does not answer", "containerd.log")?;
    instance.signal("CONT", "containerd --config")?;
    ready(instance)?;

    let network = instance
        .data()
        .join("nodes/node-1/containerd/cni/net.d/10-kedge.conflist");
    let kept = std::fs::read(&network)?;
    std::fs::remove_file(&network)?;
    instance.kill("containerd --config")?;
    tells(instance, "is not ready", "network")?;
    std::fs::write(&network, kept)?;
    ready(instance)
}

fn ready(instance: &Instance) -> anyhow::Result<()> {
    wait("containerd to be well", SOON, || {
        finding(instance, "containerd").is_ok_and(|it| it["level"] == "ok")
    })
}

fn tells(instance: &Instance, what: &str, advice: &str) -> anyhow::Result<()> {
    let found = || finding(instance, "containerd");
    let is_told = || {
        found().is_ok_and(|it| {
            it["level"] == "broken"
                && it["what"].as_str().is_some_and(|it| it.contains(what))
                && it["advice"].as_str().is_some_and(|it| it.contains(advice))
        })
    };
    wait(what, SOON, is_told).with_context(|| format!("the doctor says {:?}", found()))
}

/// The one thing that `kedge doctor` says of a matter.
fn finding(instance: &Instance, check: &str) -> anyhow::Result<Value> {
    let output = Command::new(instance.program())
        .args(["doctor", "-o", "json", "--data-dir"])
        .arg(instance.data())
        .output()?;
    let told: Value = serde_json::from_slice(&output.stdout)?;
    let items = told["items"].as_array().context("no items")?;
    let mut own = items.iter().filter(|it| it["check"] == check);
    let only = own.next().cloned().context("nothing is said of it")?;
    ensure!(own.next().is_none(), "more is said of {check}: {told}");
    Ok(only)
}

/// The name of an instance that would rather have the ranges of this one.
fn same_wish(instance: &Instance) -> anyhow::Result<String> {
    let wish = |data: &Path| Ranges::free(&network::Instance::of(data), &[]).ok();
    let taken = Ranges::read(&instance.data())?;
    (0..10_000)
        .map(|number| format!("next{number}"))
        .find(|name| wish(&Instance::data_in(&Instance::place(name))) == Some(taken))
        .context("no name leads to the same ranges")
}

fn neighbours(instance: &Instance, neighbour: &mut Instance) -> anyhow::Result<()> {
    let (own, other) = (
        Ranges::read(&instance.data())?,
        Ranges::read(&neighbour.data())?,
    );
    ensure!(own.pods != other.pods && own.services != other.services);
    for instance in [instance, neighbour] {
        let networks = finding(instance, "networks")?;
        ensure!(networks["level"] == "ok", "{networks}");
    }
    collision(instance, neighbour)
}

/// As after a restart of the machine, when somebody else took the ranges meanwhile.
fn collision(instance: &Instance, neighbour: &mut Instance) -> anyhow::Result<()> {
    neighbour.stop()?;
    let (from, to) = (instance.data(), neighbour.data());
    std::fs::copy(from.join("networks.json"), to.join("networks.json"))?;
    let refused = neighbour.up().err().context("both use the same ranges")?;
    let (told, range) = (format!("{refused:#}"), Ranges::read(&from)?.pods);
    let expected = format!(
        "this instance's range {range} is routed to {} as well",
        network::Instance::of(&from).pod_bridge()
    );
    ensure!(told.contains(&expected), "{told}");
    Ok(())
}
