//! What the sample cluster's log of changes says, and what the pages make of it.

use serde_json::{Value, json};

use api::{Reason, Status};
use client::Error;

use super::cluster::Still;
use super::sample::{ago, id};

fn missing() -> Error {
    Error::Api(Status::new(Reason::NotFound, "not found"))
}

/// Answers what Kedge's own API server answers and others do not.
pub(super) fn read(cluster: &Still, path: &str, query: &[(&str, &str)]) -> Result<Value, Error> {
    let of = |wanted: &str| {
        let found = query.iter().find(|(name, _)| *name == wanted);
        found.map_or("", |(_, value)| *value)
    };
    match (path, of("name")) {
        ("/apis/kedge.dev/v1alpha1/blame", "serving") => Ok(json!({"fields": [
            {"field": "spec.replicas", "is": 4, "user": "ann", "manager": "kubectl-edit",
             "commit": "", "time": ago(60).to_string()},
            {"field": "spec.paused", "is": false, "user": "system:kedge:reconciler", "manager": "kedge",
             "commit": id("7f3c2ab41d0c").0, "time": ago(600).to_string()},
        ]})),
        ("/apis/kedge.dev/v1alpha1/blame", "old-flags") => Ok(json!({"fields": [], "deleted": {
            "revision": "42", "time": ago(4_000).to_string(), "operation": "deleted",
            "user": "system:kedge:reconciler", "manager": "kedge", "commit": "",
        }})),
        ("/api/v1/namespaces/movies/configmaps/old-flags", _) if of("at") == "41" => {
            Ok(json!({"apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": "old-flags", "namespace": "movies"}, "data": {"color": "blue"}}))
        }
        _ => {
            let _ = cluster;
            Err(missing())
        }
    }
}
