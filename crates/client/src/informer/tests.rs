use api::{ObjectKey, Reason};

use super::*;
use crate::double::{Server, env};

fn key(name: &str) -> ObjectKey {
    Collection::new("", "configmaps").key("default", name)
}

fn start(server: &Arc<Server>) -> (Informers, Cache, Tasks) {
    let tasks = Tasks::default();
    let informers = Informers::new(server.clone(), &env(), &tasks);
    let cache = informers.cache(&Collection::new("", "configmaps"));
    (informers, cache, tasks)
}

fn names(cache: &Cache) -> Vec<String> {
    cache
        .all()
        .iter()
        .map(|object| object.name().to_owned())
        .collect()
}

#[tokio::test]
async fn follows_resumes_and_lists_again_only_when_it_must() {
    let server = Arc::new(Server::default());
    server.put(&key("a"));
    let (informers, cache, tasks) = start(&server);
    informers.synced().await;
    assert_eq!(names(&cache), ["a"]);
    let seen = |version: ResourceVersion| {
        let cache = cache.clone();
        async move { cache.wait_for(version.revision().unwrap()).await }
    };
    seen(server.put(&key("b"))).await;
    server.remove(&key("a"));
    seen(server.put(&key("c"))).await;
    assert_eq!(names(&cache), ["b", "c"]);
    assert_eq!(server.calls(), ["list", "watch 1"]);

    // The connection ends: go on from the last version.
    server.cut(None);
    seen(server.put(&key("d"))).await;
    assert_eq!(server.calls(), ["watch 4"]);

    // The place is lost: list again.
    server.cut(Some(Reason::Expired));
    server.remove(&key("b"));
    seen(server.put(&key("e"))).await;
    assert_eq!(names(&cache), ["c", "d", "e"]);
    assert_eq!(server.calls(), ["list", "watch 7"]);
    tasks.drain().await;
}

#[tokio::test]
async fn one_informer_serves_everyone() {
    let server = Arc::new(Server::default());
    let (informers, cache, tasks) = start(&server);
    let again = informers.cache(cache.collection());
    informers.synced().await;
    server.put(&key("a"));
    again.wait_for(api::Revision(1)).await;
    assert_eq!(names(&cache), ["a"]);
    assert_eq!(server.calls(), ["list", "watch 0"]);
    let part = WatchOptions {
        namespace: Some("other".into()),
        ..WatchOptions::default()
    };
    informers.selected(cache.collection(), &part).synced().await;
    assert_eq!(server.calls()[0], "list");
    tasks.drain().await;
}
