//! The names of objects that the applications of an instance have.

use api::{Resource, resource};
use futures::future::join_all;

use super::advice::Place;
use super::server::Server;

/// Those of the kinds that are wanted; none where the instance does not answer.
pub(super) async fn objects(server: &Server, wanted: impl Fn(&Resource) -> bool) -> Vec<Place> {
    let kinds = resource::served().iter().filter(|kind| wanted(kind));
    let kinds: Vec<&str> = kinds.map(|kind| kind.kind.as_str()).collect();
    let answer = server.quietly(&["apps"]).await.unwrap_or_default();
    let applications = answer["items"].as_array().into_iter().flatten();
    let pages = applications.filter_map(|it| it["name"].as_str());
    let pages = join_all(pages.map(|name| async move { server.quietly(&["apps", name]).await }));
    let mut found = Vec::new();
    for page in pages.await.into_iter().flatten() {
        let objects = page["tree"].as_array().into_iter().flatten();
        let fitting =
            objects.filter(|it| it["kind"].as_str().is_some_and(|it| kinds.contains(&it)));
        found.extend(fitting.filter_map(|it| {
            let namespace = it["key"]["namespace"].as_str().unwrap_or_default();
            Some((namespace.to_owned(), it["key"]["name"].as_str()?.to_owned()))
        }));
    }
    found
}
