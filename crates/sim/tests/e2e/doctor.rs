//! Several instances share a machine, and `kedge doctor` tells what is broken of one: what runs, and what
//! its certificates have become.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use jiff::{SignedDuration, Timestamp};
use nodeagent::network::{self, Ranges};
use serde_json::Value;
use sim::instance::{Instance, empty_seed, wait};
use tls::{Authority, Wanted};

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
    let told = findings(instance, check)?;
    ensure!(told.len() < 2, "more is said of {check}: {told:?}");
    told.into_iter().next().context("nothing is said of it")
}

fn findings(instance: &Instance, check: &str) -> anyhow::Result<Vec<Value>> {
    let output = Command::new(instance.program())
        .args(["doctor", "-o", "json", "--data-dir"])
        .arg(instance.data())
        .output()?;
    let told: Value = serde_json::from_slice(&output.stdout)?;
    let items = told["items"].as_array().context("no items")?;
    let own = items.iter().filter(|it| it["check"] == check);
    Ok(own.cloned().collect())
}

#[test]
fn certificates_that_ended_are_told_and_made_anew() -> anyhow::Result<()> {
    let seed = empty_seed()?;
    let arguments = ["--seed", seed.as_str(), "--runtime", "simulated"];
    let mut instance = Instance::start("ended", &arguments)?;
    let told = certificates_end(&mut instance);
    told.with_context(|| instance.logs())
}

/// As for an instance that was off for longer than its authority lives.
fn certificates_end(instance: &mut Instance) -> anyhow::Result<()> {
    ensure!(broken(instance)?.is_empty(), "{:?}", broken(instance)?);
    let clocks = findings(instance, "clock")?;
    let same = clocks.iter().filter(|it| it["what"] == "has the same time");
    ensure!(same.count() == 2, "{clocks:?}");
    instance.stop()?;

    let pki = instance.data().join("pki");
    let long_ago = Timestamp::now() - SignedDuration::from_hours(24 * 366 * 11);
    std::fs::remove_file(pki.join("ca.pem"))?;
    let authority = Authority::open(&pki.join("ca.pem"), "kedge", long_ago)?;
    let wanted = Wanted::client("kubernetes-admin", "system:masters");
    let pair = authority.issue(&wanted, long_ago)?;
    let pem = format!("{}{}", pair.key_pem, pair.certificate_pem);
    std::fs::write(pki.join("admin.pem"), pem)?;
    std::fs::write(pki.join("ca.crt"), "no certificate")?;
    let told = broken(instance)?;
    let of = |file: &str| told.iter().find(|(place, _)| place.ends_with(file));
    for (file, says) in [
        ("/pki/ca.pem", "renewed with its key"),
        ("/pki/admin.pem", "it is made anew"),
        ("/pki/ca.crt", "written again from ca.pem"),
    ] {
        let (_, text) = of(file).with_context(|| format!("{file} is not told: {told:?}"))?;
        ensure!(text.contains(says), "{file}: {text}");
    }

    // What is advised is what helps.
    instance.up()?;
    ensure!(broken(instance)?.is_empty(), "{:?}", broken(instance)?);
    instance.kubectl(&["get", "nodes"]).map(drop)
}

/// Where certificates are broken, with what is so and what to do.
fn broken(instance: &Instance) -> anyhow::Result<Vec<(String, String)>> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let told = findings(instance, "certificates")?;
    let broken = told.iter().filter(|it| it["level"] == "broken");
    let told = |it: &Value| {
        let said = format!("{}: {}", text(&it["what"]), text(&it["advice"]));
        (text(&it["where"]), said)
    };
    Ok(broken.map(told).collect())
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
