//! `metrics.k8s.io`: what nodes and pods use now. Nothing is kept: the agents of the nodes are
//! asked, and one that does not answer leaves out what is on it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use futures::StreamExt;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;

use api::{Collection, Object, ObjectKey, Reason, Status};

use crate::registry::Selection;
use crate::registry::kinds::Kind;
use crate::server::{ApiError, App, body, measured, node_client, respond};
use crate::watch::Item;

use super::Call;

/// How many agents are asked at a time, how long each has, and how much it may say.
const AT_ONCE: usize = 32;
const LIMIT: Duration = Duration::from_secs(5);
const LARGEST: usize = 8 << 20;

/// `GET /apis/metrics.k8s.io/v1beta1/…`
pub(crate) async fn measured(app: &App, call: &Call) -> Result<Response, ApiError> {
    let encoding = call.representation()?.encoding;
    let answer = match call.request.verb {
        "list" => list(app, call).await?,
        _ => one(app, call).await?.body,
    };
    Ok(respond::value(StatusCode::OK, encoding, &answer))
}

async fn list(app: &App, call: &Call) -> Result<Value, ApiError> {
    let kind = kind(app, call)?;
    let selection = call.selection(&kind)?;
    let namespace = &call.request.namespace;
    let items = app.registry.matching(&kind, namespace, &selection);
    let are_nodes = call.request.resource.plural == "nodes";
    let is_whole =
        namespace.is_empty() && selection.labels.is_empty() && selection.fields.is_empty();
    let nodes: Vec<String> = match (are_nodes, is_whole) {
        (true, _) => items.iter().map(|item| item.key.name.clone()).collect(),
        (false, false) => items.iter().filter_map(|item| node_of(item)).collect(),
        (false, true) => all_nodes(app),
    };
    let mut told = BTreeMap::new();
    for (node, summary) in ask(app, nodes).await {
        match summary {
            Ok(summary) => {
                told.insert(node, summary);
            }
            Err(error) => tracing::debug!(node.name = node, %error, "a node is not measured"),
        }
    }
    let of_nodes = |item: &Arc<Item>| measured::node(item, told.get(&item.key.name)?);
    let pods: BTreeMap<_, _> = told.values().flat_map(measured::pods).collect();
    let of_pods = |item: &Arc<Item>| measured::pod(item, pods.get(&item.uid)?);
    let items: Vec<Object> = if are_nodes {
        items.iter().filter_map(of_nodes).collect()
    } else {
        items.iter().filter_map(of_pods).collect()
    };
    let resource = &call.request.resource;
    Ok(json!({
        "kind": format!("{}List", resource.kind), "apiVersion": resource.gvk().api_version(),
        "metadata": {}, "items": items,
    }))
}

async fn one(app: &App, call: &Call) -> Result<Object, ApiError> {
    let key = call.request.key();
    let unknown = || ApiError::from(Status::not_found(&key));
    let of = Collection::new("", &call.request.resource.plural);
    let stored = of.key(&key.namespace, &key.name);
    let item = app.registry.hub().get(&stored).ok_or_else(unknown)?;
    let are_nodes = call.request.resource.plural == "nodes";
    let node = if are_nodes {
        Some(key.name.clone())
    } else {
        node_of(&item)
    };
    let summary = summary(app, &node.ok_or_else(unknown)?).await?;
    let found = if are_nodes {
        measured::node(&item, &summary)
    } else {
        let pods = measured::pods(&summary);
        pods.get(&item.uid)
            .and_then(|told| measured::pod(&item, told))
    };
    found.ok_or_else(unknown)
}

/// The stored kind that is measured: it can be selected by what it has.
fn kind(app: &App, call: &Call) -> Result<Arc<Kind>, ApiError> {
    let measured = Collection::new("", &call.request.resource.plural);
    let kinds = app.registry.kinds();
    kinds
        .of(&measured)
        .cloned()
        .ok_or_else(ApiError::unknown_path)
}

fn all_nodes(app: &App) -> Vec<String> {
    let kinds = app.registry.kinds();
    let nodes = kinds.of(&Collection::new("", "nodes"));
    let items = nodes.map(|kind| app.registry.matching(kind, "", &Selection::default()));
    let items = items.into_iter().flatten();
    items.map(|item| item.key.name.clone()).collect()
}

fn node_of(pod: &Item) -> Option<String> {
    let object = pod.object();
    let node = object.text("/spec/nodeName");
    (!node.is_empty()).then(|| node.to_owned())
}

/// What each of these nodes says, one question to each.
async fn ask(app: &App, mut nodes: Vec<String>) -> Vec<(String, Result<Value, ApiError>)> {
    nodes.sort_unstable();
    nodes.dedup();
    let asked = nodes.into_iter().map(|node| async move {
        let summary = summary(app, &node).await;
        (node, summary)
    });
    futures::stream::iter(asked)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await
}

async fn summary(app: &App, node: &str) -> Result<Value, ApiError> {
    let key = Collection::new("", "nodes").key("", node);
    let answer = timeout(LIMIT, answer(app, key)).await;
    answer.unwrap_or_else(|_| Err(silent(node, &format!("no answer within {LIMIT:?}"))))
}

async fn answer(app: &App, node: ObjectKey) -> Result<Value, ApiError> {
    let name = node.name.clone();
    let request = Request::get("/stats/summary")
        .body(Body::empty())
        .map_err(|error| silent(&name, &error.to_string()))?;
    let answer = node_client::send(app, node, request).await?;
    let code = answer.status();
    if !code.is_success() {
        return Err(silent(&name, &format!("its agent answers {code}")));
    }
    let bytes = body::read(answer.into_body(), LARGEST).await?;
    serde_json::from_slice(&bytes).map_err(|error| silent(&name, &error.to_string()))
}

fn silent(node: &str, detail: &str) -> ApiError {
    let message = format!("node {node} does not say what is used on it: {detail}");
    Status::new(Reason::ServiceUnavailable, message).into()
}
