//! The names of the objects of a kind, in one question.

use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::Value;

use api::Resource;
use client::Env;

use super::advice::Place;
use super::cluster::{Cluster, Moment};
use super::server::Server;

/// As many as anybody looks through.
const MOST: &str = "500";
const MOST_GONE: usize = 500;

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
    answer.as_ref().map(places).unwrap_or_default()
}

/// How long ago it is looked for what is gone.
const AGES: [SignedDuration; 7] = [
    SignedDuration::from_secs(20),
    SignedDuration::from_mins(2),
    SignedDuration::from_mins(15),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(12),
    SignedDuration::from_hours(48),
    SignedDuration::from_hours(24 * 6),
];

/// Those that were there at one of some moments, and are not now. Where the log does not reach back
/// to a moment, nothing was there then.
pub(super) async fn gone(cluster: &Cluster, resource: &Resource, namespace: &str) -> Vec<Place> {
    let path = resource.collection_path(namespace);
    let now = Env::system().now();
    let moments = AGES.map(|ago| Moment::Ago(ago).text(now));
    let then = moments.iter().map(async |at| {
        let answer = cluster.quietly(&path, &[("at", at)]).await;
        answer.as_ref().map(places).unwrap_or_default()
    });
    let (live, then) = futures::join!(cluster.quietly(&path, &[]), join_all(then));
    // Who does not know what is there, does not know what is gone.
    live.map_or_else(Vec::new, |live| without(&places(&live), then.concat()))
}

fn places(list: &Value) -> Vec<Place> {
    let items = list["items"].as_array().into_iter().flatten();
    items.filter_map(|item| place(&item["metadata"])).collect()
}

fn without(live: &[Place], then: Vec<Place>) -> Vec<Place> {
    let mut gone = then;
    gone.sort();
    gone.dedup();
    gone.retain(|place| !live.contains(place));
    gone.truncate(MOST_GONE);
    gone
}

fn place(of: &Value) -> Option<Place> {
    let namespace = of["namespace"].as_str().unwrap_or_default();
    Some((namespace.to_owned(), of["name"].as_str()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_was_there_and_is_not() {
        let all = |names: &[&str]| -> Vec<Place> {
            let of = |name: &&str| ("shop".to_owned(), (*name).to_owned());
            names.iter().map(of).collect()
        };
        let live = all(&["a", "c"]);
        assert_eq!(without(&live, all(&["b", "a", "b", "d"])), all(&["b", "d"]));
        // Of the same name elsewhere.
        let then = vec![("other".to_owned(), "a".to_owned())];
        assert_eq!(without(&live, then.clone()), then);
    }
}
