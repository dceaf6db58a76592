//! `GET /apis/kedge.dev/v1alpha1/placement?namespace=…&name=…`: why a pod has no node, told by the
//! filters that decide.

use axum::response::Response;
use http::StatusCode;

use api::{Collection, Object, Status};

use crate::auth::Identity;
use crate::registry::Selection;
use crate::scheduler::{Cluster, explain};
use crate::server::negotiate::Encoding;
use crate::server::request::Query;
use crate::server::{ApiError, App, respond};

/// What the scheduler looks at; nodes before pods, which are counted on them.
const LOOKED_AT: [(&str, &str); 7] = [
    ("", "namespaces"),
    ("", "nodes"),
    ("", "persistentvolumeclaims"),
    ("", "persistentvolumes"),
    ("storage.k8s.io", "storageclasses"),
    ("", "services"),
    ("", "pods"),
];

/// For who may read the pod and list the nodes; other pods are named to who may list those.
pub(crate) fn placement(
    app: &App,
    identity: &Identity,
    query: &Query,
) -> Result<Response, ApiError> {
    let text = |field: &str| query.value(field).unwrap_or_default().to_owned();
    let pods = Collection::new("", "pods");
    let key = pods.key(text("namespace"), text("name"));
    app.gate.object(identity, "get", &key)?;
    let nodes = Collection::new("", "nodes").key("", "");
    app.gate.object(identity, "list", &nodes)?;
    let others = app.gate.object(identity, "list", &pods.key("", "")).is_ok();
    let Some(pod) = app.registry.hub().get(&key) else {
        let message = format!("pods \"{}\" not found", key.name);
        return Err(Status::new(api::Reason::NotFound, message).into());
    };
    let told = explain(&cluster(app), &pod.object(), others);
    let told = serde_json::to_value(told).unwrap_or_default();
    Ok(respond::value(StatusCode::OK, Encoding::Json, &told))
}

fn cluster(app: &App) -> Cluster {
    let (served, mut cluster) = (app.registry.kinds(), Cluster::default());
    for (group, resource) in LOOKED_AT {
        let collection = Collection::new(group, resource);
        let Some(kind) = served.of(&collection) else {
            continue;
        };
        for item in app.registry.matching(kind, "", &Selection::default()) {
            let object: Object = item.object();
            cluster.add(&object.key(&collection), &object);
        }
    }
    cluster
}
