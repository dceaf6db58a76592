//! Writes to the API server.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;
use tokio::task::JoinSet;

use api::{Collection, Object};
use client::{Client, HttpClient, WriteOptions};

use crate::figures::{millis, say, spread};

const CLIENTS: usize = 16;
const CREATES: usize = 4000;

/// ConfigMaps of about 2 kB, from 16 clients at once.
pub(crate) async fn creates(client: &Arc<HttpClient>) -> anyhow::Result<()> {
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "bench"}});
    let namespaces = Collection::new("", "namespaces");
    client
        .create(&namespaces, &namespace.into(), &WriteOptions::default())
        .await?;
    let started = Timestamp::now();
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        clients.spawn(one_client(Arc::clone(client), number));
    }
    let mut latencies = Vec::new();
    while let Some(done) = clients.join_next().await {
        latencies.extend(done??);
    }
    let took = millis(started, Timestamp::now()).max(1);
    let rate = i64::try_from(latencies.len())? * 1000 / took;
    let spread = spread(latencies, "µs");
    say(
        "create ConfigMap, 16 clients",
        &format!("{rate}/s, {spread}"),
    )
}

async fn one_client(client: Arc<HttpClient>, number: usize) -> Result<Vec<i64>, client::Error> {
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
        let took = Timestamp::now().duration_since(begun).as_micros();
        latencies.push(i64::try_from(took).unwrap_or(i64::MAX));
    }
    Ok(latencies)
}
