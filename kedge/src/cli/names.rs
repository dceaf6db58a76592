//! The names of the objects of a kind, in one question.

use serde_json::Value;

use api::Resource;

use super::advice::Place;
use super::cluster::Cluster;
use super::server::Server;

/// As many as anybody looks through.
const MOST: &str = "500";

/// Those of a collection such as `deployments.apps`, as the instance knows them; none where it does
/// not answer. An empty namespace is every one.
pub(super) async fn objects(server: &Server, collection: &str, namespace: &str) -> Vec<Place> {
    let query = [("kind", collection), ("namespace", namespace)];
    let answer = server.quietly(&["names"], &query).await;
    let answer = answer.unwrap_or_default();
    let items = answer["items"].as_array().into_iter().flatten();
    items.filter_map(place).collect()
}

/// The same as the cluster has them.
pub(super) async fn of_cluster(
    cluster: &Cluster,
    resource: &Resource,
    namespace: &str,
) -> Vec<Place> {
    let path = resource.collection_path(namespace);
    let answer = cluster.quietly(&path, &[("limit", MOST)]).await;
    let answer = answer.unwrap_or_default();
    let items = answer["items"].as_array().into_iter().flatten();
    items.filter_map(|item| place(&item["metadata"])).collect()
}

fn place(of: &Value) -> Option<Place> {
    let namespace = of["namespace"].as_str().unwrap_or_default();
    Some((namespace.to_owned(), of["name"].as_str()?.to_owned()))
}
