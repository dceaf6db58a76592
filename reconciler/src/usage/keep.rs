//! Asks the cluster once a minute, and keeps a step of ten minutes at a time.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use api::{Collection, Object, ObjectKey, Reason};
use client::{Backoff, Cache, Client, Informers, ListOptions};

use super::decide::{self, DAY, Days};
use super::line::line;
use super::types::{Source, Used};
use crate::sync::core::Core;

/// Between two questions.
const PAUSE: Duration = Duration::from_mins(1);
/// The same where nothing measures, or where that is not for us to know.
const SELDOM: Duration = Duration::from_mins(10);
const GROUP: &str = "metrics.k8s.io";

/// Until it is cancelled.
pub(crate) async fn keep(core: Arc<Core>, informers: Informers) {
    let pods = informers.cache(&Collection::new("", "pods"));
    let mut days = load(&core).await;
    let mut failures = 0;
    // Whose a pod is, is not known before.
    pods.synced().await;
    loop {
        let answer = measure(&*core.client).await;
        let now = core.env.now();
        let pause = match answer {
            Ok((nodes, measured)) => {
                failures = 0;
                let measured = decide::pods(&measured);
                let whose =
                    |namespace: &str, name: &str| whose(&core, &informers, &pods, namespace, name);
                let applications = decide::applications(&measured, whose);
                let limit = |namespace: &str, name: &str| {
                    let key = pods.collection().key(namespace, name);
                    decide::cpu_limit(&*pods.get(&key)?)
                };
                let limits = decide::limits(&measured, whose, limit);
                let ended = days.add(now, &applications);
                keep_step(&core, &ended, now).await;
                core.used.send_replace(Arc::new(Used {
                    source: Source::Answers,
                    at: Some(now),
                    nodes: decide::nodes(&nodes),
                    pods: measured,
                    applications,
                    limits,
                    days: days.shown(),
                }));
                PAUSE
            }
            Err(error) => {
                failures += 1;
                tracing::debug!(%error, "what is used is not known");
                let source = unanswered(&error);
                let last = core.used.borrow().clone();
                let told = decide::unanswered(&last, source, days.shown(), now);
                core.used.send_replace(Arc::new(told));
                let is_refused = error.reason() == Some(Reason::Forbidden);
                if source == Source::Absent || is_refused {
                    SELDOM
                } else {
                    PAUSE + Backoff::SERVER.jittered(failures, &*core.env.ids)
                }
            }
        };
        core.env.clock.sleep(pause).await;
    }
}

fn unanswered(error: &client::Error) -> Source {
    if error.is_not_found() {
        Source::Absent
    } else {
        Source::Silent
    }
}

/// Nodes, then pods.
async fn measure(client: &dyn Client) -> Result<(Vec<Object>, Vec<Object>), client::Error> {
    let list = async |resource: &str| {
        let collection = Collection::new(GROUP, resource);
        client.list(&collection, &ListOptions::default()).await
    };
    let nodes = list("nodes").await?.items;
    let pods = list("pods").await?.items;
    Ok((nodes, pods))
}

/// The day before a restart. A database that is away now begins a new day: figures of use are
/// worth no waiting.
async fn load(core: &Core) -> Days {
    let since = core.env.now() - DAY;
    match core.history.reader().used(since).await {
        Ok(kept) => Days::load(kept),
        Err(error) => {
            tracing::debug!(%error, "what was used before is not known");
            Days::default()
        }
    }
}

async fn keep_step(core: &Core, ended: &[(String, super::Point)], now: Timestamp) {
    if ended.is_empty() {
        return;
    }
    if let Err(error) = core.history.keep_used(ended, now - DAY).await {
        tracing::debug!(%error, "what is used is not kept");
    }
}

/// The application of a pod; empty for a pod of none.
fn whose(core: &Core, informers: &Informers, pods: &Cache, namespace: &str, name: &str) -> String {
    let key = pods.collection().key(namespace, name);
    let Some(pod) = pods.get(&key) else {
        return String::new();
    };
    let find = |key: &ObjectKey| informers.running_cache(&key.collection)?.get(key);
    let line = line(&core.client.catalog(), &find, &key, &pod);
    let mut owners = line.iter().rev();
    let found = owners.find_map(|key| core.inventory.owner(key));
    found.unwrap_or_default()
}
