//! What `kubectl describe application` shows of what happened.

use std::sync::Arc;
use std::time::Duration;

use api::Collection;
use client::{Env, Informers};
use engine::rollout::RolloutPhase;
use serde_json::json;

use super::*;

/// The Events on the Application, as they come.
struct Told(client::Cache);

impl Told {
    fn start(world: &World) -> Self {
        let informers = Informers::new(world.client.clone(), &Env::system(), world.tasks());
        Self(informers.cache(&Collection::new("", "events")))
    }

    /// `reason: message` of each, and how often it was told.
    fn all(&self) -> Vec<(String, i64)> {
        let mut items = self.0.all();
        items.retain(|event| event.text("/involvedObject/name") == "web");
        let line = |event: &Arc<api::Object>| {
            let text = format!("{}: {}", event.text("/reason"), event.text("/message"));
            (text, event.body["count"].as_i64().unwrap_or_default())
        };
        items.iter().map(line).collect()
    }

    async fn until(&self, wanted: &str) {
        let mut ticks = self.0.ticks();
        let waiting = async {
            while !self.all().iter().any(|(line, _)| line.contains(wanted)) {
                ticks.changed().await.unwrap();
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(30), waiting).await;
        assert!(waited.is_ok(), "{wanted} is not in {:#?}", self.all());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_cluster_reported_is_kept_for_longer_than_it_keeps_it() {
    let mut world = World::new().await;
    world.application("web", "", &[namespace(), config_map("settings", "one")]);
    world.converge("One").await;
    let query = crate::history::ReportQuery {
        kind: "application".into(),
        reason: "OperationCompleted".into(),
        limit: 5,
        ..Default::default()
    };
    let looking = async {
        let mut again = tokio::time::interval(Duration::from_millis(100));
        loop {
            again.tick().await;
            let there = world.history().reports(&query).await.unwrap();
            if let Some(event) = there.items.into_iter().next() {
                return event;
            }
        }
    };
    let event = tokio::time::timeout(Duration::from_secs(30), looking)
        .await
        .unwrap();
    assert_eq!(event.text("/involvedObject/name"), "web");
    assert!(
        event.text("/message").contains("rollout web-1"),
        "{:#}",
        event.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_thing_that_happens_is_told_once() {
    let mut world = World::new().await;
    let told = Told::start(&world);
    let spec = "deadlineSeconds: 1";
    let with = |image: &str| {
        [
            namespace(),
            deployment("web", image),
            config_map("settings", "one"),
        ]
    };
    world.application("web", spec, &with("web:1"));
    world.converge("One").await;
    told.until("OperationStarted: rollout web-1: ").await;
    told.until("OperationCompleted: rollout web-1 succeeded: ")
        .await;
    told.until("ResourceCreated: 3 objects were created: ")
        .await;

    let settings = key("", "configmaps", "settings");
    world
        .patch(&settings, json!({"data": {"value": "hand"}}))
        .await;
    told.until("DriftDetected: ConfigMap shop/settings was changed by ")
        .await;
    told.until("DriftCorrected: put back ConfigMap shop/settings")
        .await;

    world.application("web", spec, &with("bad:2"));
    let bad = world.commit("Two");
    world.phase("web", &bad, RolloutPhase::Failed).await;
    told.until("OperationCompleted: rollout web-2 failed: ")
        .await;
    told.until("OperationUndone: rollout web-2 was undone: ")
        .await;
    told.until("Held: ").await;
    let all = told.all();
    for (line, count) in &all {
        assert_eq!(*count, 1, "{line}");
    }
    world.end().await;
}
