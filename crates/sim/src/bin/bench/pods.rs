//! Pods, from the create to Running, as a watcher sees it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use futures::StreamExt;
use jiff::Timestamp;
use serde_json::json;

use api::{Collection, Object, WatchEvent};
use client::{Client, DeleteOptions, HttpClient, ListOptions, WatchOptions, WriteOptions};

use crate::figures::{millis, say, spread};

const PODS: usize = 20;
const LIMIT: Duration = Duration::from_secs(120);

fn pods() -> Collection {
    Collection::new("", "pods")
}

fn pod(name: &str) -> Object {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"namespace": "bench", "name": name},
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "containers": [{"name": "web", "image": "kedge.local/movies:1.0", "args": ["serving"]}],
        },
    })
    .into()
}

/// One after another: nothing else waits.
pub(crate) async fn one_by_one(client: &Arc<HttpClient>) -> anyhow::Result<()> {
    let mut times = Vec::new();
    for index in 0..PODS {
        times.extend(run(client, &[format!("single-{index}")]).await?);
    }
    say("pod, create to Running, one by one", &spread(times, "ms"))
}

/// All at once.
pub(crate) async fn at_once(client: &Arc<HttpClient>) -> anyhow::Result<()> {
    let names: Vec<String> = (0..PODS).map(|index| format!("many-{index}")).collect();
    let times = run(client, &names).await?;
    say("pod, create to Running, 20 at once", &spread(times, "ms"))
}

/// Milliseconds from the create of each pod until a watcher sees it Running.
async fn run(client: &Arc<HttpClient>, names: &[String]) -> anyhow::Result<Vec<i64>> {
    let list = client.list(&pods(), &ListOptions::default()).await?;
    let mut events = client
        .watch(&pods(), &list.resource_version, &WatchOptions::default())
        .await?;
    let mut begun = BTreeMap::new();
    for name in names {
        begun.insert(name.clone(), Timestamp::now());
        client
            .create(&pods(), &pod(name), &WriteOptions::default())
            .await?;
    }
    let mut times = Vec::new();
    let watching = async {
        while !begun.is_empty() {
            let event = events.next().await.context("the watch ended")??;
            let (WatchEvent::Added(object) | WatchEvent::Modified(object)) = event else {
                continue;
            };
            let running = object
                .pointer("/status/phase")
                .is_some_and(|it| it == "Running");
            if let (true, Some(start)) = (running, begun.get(object.name()).copied()) {
                times.push(millis(start, Timestamp::now()));
                begun.remove(object.name());
            }
        }
        Ok::<_, anyhow::Error>(())
    };
    let Ok(watched) = tokio::time::timeout(LIMIT, watching).await else {
        bail!("not all pods are Running after {LIMIT:?}");
    };
    watched?;
    for name in names {
        let key = pods().key("bench", name);
        client.delete(&key, &DeleteOptions::default()).await?;
    }
    Ok(times)
}
