//! `make bench`: figures of a real instance on this machine, printed and never asserted.

use std::io::Write;
use std::sync::Arc;

use anyhow::Context;
use jiff::Timestamp;
use serde_json::json;

use api::{Collection, Object};
use client::{Client, HttpClient, WriteOptions};
use sim::instance::{Instance, empty_seed};

const CLIENTS: usize = 16;
const CREATES: usize = 4000;
const PODS: usize = 20;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let seed = empty_seed()?;
    let mut instance = Instance::start("bench", &["--seed", &seed])?;
    instance.stop()?;
    let started = Timestamp::now();
    instance.up()?;
    say(
        "kedge up, warm: start to ready",
        &format!("{} ms", millis_since(started)),
    )?;
    memory(&instance)?;

    let client = Arc::new(HttpClient::from_kubeconfig_file(&instance.kubeconfig()).await?);
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "bench"}});
    client
        .create(
            &Collection::new("", "namespaces"),
            &namespace.into(),
            &WriteOptions::default(),
        )
        .await?;
    creates(&client).await?;
    pods(&instance)?;
    memory(&instance)
}

fn say(what: &str, figure: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{what:<48} {figure}").context("cannot print")
}

fn millis_since(start: Timestamp) -> i64 {
    i64::try_from(Timestamp::now().duration_since(start).as_millis()).unwrap_or(i64::MAX)
}

/// Resident memory of each process, from the kernel.
fn memory(instance: &Instance) -> anyhow::Result<()> {
    let own = instance.data().display().to_string();
    for entry in std::fs::read_dir("/proc")?.flatten() {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        let role = ["orchestrator", "reconciler", "agent", "up"]
            .into_iter()
            .find(|role| line.contains(&format!("kedge {role} ")));
        let (Some(role), true) = (role, line.contains(&own)) else {
            continue;
        };
        let status = std::fs::read_to_string(entry.path().join("status")).unwrap_or_default();
        let resident = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap_or("gone");
        say(&format!("memory of {role}"), resident.trim())?;
    }
    Ok(())
}

/// ConfigMaps of about 2 kB, from 16 clients at once.
async fn creates(client: &Arc<HttpClient>) -> anyhow::Result<()> {
    let started = Timestamp::now();
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..CLIENTS {
        let client = Arc::clone(client);
        clients.spawn(async move {
            let maps = Collection::new("", "configmaps");
            let mut latencies = Vec::with_capacity(CREATES / CLIENTS);
            for index in 0..CREATES / CLIENTS {
                let map = Object::from(json!({
                    "apiVersion": "v1", "kind": "ConfigMap",
                    "metadata": {"namespace": "bench", "name": format!("map-{number}-{index}")},
                    "data": {"text": "x".repeat(2000)},
                }));
                let begun = Timestamp::now();
                client.create(&maps, &map, &WriteOptions::default()).await?;
                latencies.push(Timestamp::now().duration_since(begun).as_micros());
            }
            Ok::<_, client::Error>(latencies)
        });
    }
    let mut latencies = Vec::new();
    while let Some(done) = clients.join_next().await {
        latencies.extend(done??);
    }
    let rate = i64::try_from(latencies.len())? * 1000 / millis_since(started).max(1);
    latencies.sort_unstable();
    let at = |percent: usize| latencies[(latencies.len() - 1) * percent / 100];
    say(
        "create ConfigMap, 16 clients",
        &format!("{rate}/s, p50 {} µs, p99 {} µs", at(50), at(99)),
    )?;
    Ok(())
}

/// One pod after another, from the create to Running.
fn pods(instance: &Instance) -> anyhow::Result<()> {
    let mut times = Vec::new();
    for index in 0..PODS {
        let name = format!("pod-{index}");
        let started = Timestamp::now();
        instance.kubectl(&[
            "run",
            &name,
            "-n",
            "bench",
            "--image=kedge.local/movies:1.0",
            "--restart=Never",
            "--overrides={\"spec\":{\"terminationGracePeriodSeconds\":0}}",
            "--",
            "serving",
        ])?;
        instance.kubectl(&[
            "wait",
            "-n",
            "bench",
            "--for=jsonpath={.status.phase}=Running",
            &format!("pod/{name}"),
            "--timeout=60s",
        ])?;
        times.push(millis_since(started));
    }
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    say(
        "pod, kubectl run to Running (kubectl included)",
        &format!("p50 {} ms, p99 {} ms", at(50), at(99)),
    )?;
    instance.kubectl(&["delete", "namespace", "bench", "--timeout=120s"])?;
    Ok(())
}
