//! The reconciler is killed at twenty moments of its work, and the database does not answer for a
//! while, or is killed too: each commit has one verdict, and the cluster is what it says.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, ensure};
use jiff::SignedDuration;
use serde_json::Value;
use sim::instance::wait;
use sim::sql;

use super::scenarios::{Scene, application, map, namespace, scene};

const ROUNDS: u64 = 20;
/// ConfigMaps of each commit; with their namespace 200 objects.
const MAPS: usize = 199;
/// From the restart to the verdict.
const SOON: SignedDuration = SignedDuration::from_secs(20);
/// How long nobody answers.
const CUT_OFF: Duration = Duration::from_secs(10);

const HOOK: &str = "
apiVersion: v1
kind: ConfigMap
metadata:
  name: before
  namespace: big
  annotations: {kedge.dev/hook: before}
";

/// What happens in a round besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Further {
    Nothing,
    DatabaseCutOff,
    DatabaseKilled,
}

fn further(round: u64) -> Further {
    match round {
        3 | 7 | 11 | 15 | 19 => Further::DatabaseCutOff,
        9 | 17 => Further::DatabaseKilled,
        _ => Further::Nothing,
    }
}

#[test]
fn a_reconciler_that_is_killed_finishes_its_work() {
    scene("killed", |scene| {
        let mut commits = Vec::new();
        for round in 1..=ROUNDS {
            commits.push(push(scene, round)?);
            // Another moment in each round: before, while and after it writes.
            std::thread::sleep(Duration::from_millis(round * 37 % 400));
            crash(scene, round)?;
            converged(scene, round).with_context(|| format!("round {round}"))?;
        }
        one_verdict_each(scene)?;
        kept_in_order(scene, &commits)
    });
}

fn push(scene: &Scene, round: u64) -> anyhow::Result<String> {
    for number in 0..MAPS {
        let map = map(number, &format!("v{round}"));
        scene.work.write(&format!("big/{number}.yaml"), &map)?;
    }
    if round == 1 {
        scene.work.write("apps/big.yaml", &application("big"))?;
        scene.work.write("big/namespace.yaml", &namespace("big"))?;
        scene.work.write("big/hook.yaml", HOOK)?;
    }
    scene.work.add(&format!("v{round}"))?;
    let nowait = ["push", "-q", "-o", "nowait", "origin", "main"];
    scene.work.git(&nowait)?;
    scene.work.head()
}

fn crash(scene: &Scene, round: u64) -> anyhow::Result<()> {
    let instance = &scene.instance;
    match further(round) {
        Further::Nothing => instance.kill("kedge reconciler"),
        Further::DatabaseCutOff => {
            let frozen = instance.freeze_database()?;
            instance.kill("kedge reconciler")?;
            std::thread::sleep(CUT_OFF);
            drop(frozen);
            Ok(())
        }
        Further::DatabaseKilled => {
            instance.kill_database()?;
            instance.kill("kedge reconciler")
        }
    }
}

fn converged(scene: &Scene, round: u64) -> anyhow::Result<()> {
    wait("the newest commit to converge", SOON, || {
        scene.newest("big").is_ok_and(|it| {
            let whole = it["commitMessage"] == format!("v{round}\n");
            whole && it["phase"] == "Succeeded"
        })
    })?;
    let path = "{range .items[?(@.data.value)]}{.metadata.name}={.data.value} {end}";
    let live = scene.instance.field(&["configmaps", "-n", "big"], path)?;
    let live: BTreeSet<&str> = live.split_whitespace().collect();
    let right: Vec<String> = (0..MAPS)
        .map(|number| format!("map-{number}=v{round}"))
        .collect();
    let right: BTreeSet<&str> = right.iter().map(String::as_str).collect();
    ensure!(live == right, "{:?}", live.symmetric_difference(&right));
    // The namespace and the hook are its too.
    let app: Value = serde_json::from_str(&scene.instance.kedge(&["app", "big", "-o", "json"])?)?;
    let count = &app["objects"];
    ensure!(*count == MAPS + 2, "the inventory has {count}");
    Ok(())
}

fn one_verdict_each(scene: &Scene) -> anyhow::Result<()> {
    let rollouts = scene.rollouts("big")?;
    let mut verdicts: BTreeMap<String, usize> = BTreeMap::new();
    for rollout in &rollouts {
        ensure!(rollout["phase"] == "Succeeded", "{rollout}");
        *verdicts.entry(rollout["revision"].to_string()).or_default() += 1;
    }
    let rounds = usize::try_from(ROUNDS)?;
    ensure!(
        verdicts.len() == rounds && verdicts.values().all(|it| *it == 1),
        "{verdicts:?}"
    );
    Ok(())
}

/// By the log of the cluster: no object went back to an older commit, and no hook ran twice.
fn kept_in_order(scene: &Scene, commits: &[String]) -> anyhow::Result<()> {
    let query = "select name, commit from orchestrator.history
                  where namespace = 'big' and manager = 'kedge' and name like 'map-%'
                  order by revision";
    let written = sql::read(&scene.instance, query)?;
    let mut newest: BTreeMap<&str, usize> = BTreeMap::new();
    for line in written.lines() {
        let (name, commit) = line.split_once('|').context("two columns")?;
        let place = commits.iter().position(|it| it == commit);
        let place = place.with_context(|| format!("{name} was written for {commit:?}"))?;
        let before = newest.insert(name, place).unwrap_or(0);
        ensure!(before <= place, "{name} went from {before} to {place}");
    }
    ensure!(
        newest.len() == MAPS,
        "{} objects were written",
        newest.len()
    );
    let query = "select count(*) from orchestrator.history
                  where namespace = 'big' and name = 'before' and operation = 'created'";
    let runs = sql::read(&scene.instance, query)?;
    ensure!(
        runs.trim() == ROUNDS.to_string(),
        "the hook ran {runs} times"
    );
    Ok(())
}
