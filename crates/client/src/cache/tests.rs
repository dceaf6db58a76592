use serde_json::json;

use super::*;

fn pod(name: &str, version: &str, node: &str, owner: &str) -> Object {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": name, "namespace": "default", "uid": format!("uid-{name}"),
            "resourceVersion": version,
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "x", "uid": owner,
            }],
        },
        "spec": {"nodeName": node},
    })
    .into()
}

fn names(objects: &[Arc<Object>]) -> Vec<&str> {
    objects.iter().map(|object| object.name()).collect()
}

fn cache() -> Cache {
    let cache = Cache::new(Collection::new("", "pods"));
    cache.add_index(
        "node",
        Box::new(|object| vec![object.text("/spec/nodeName").to_owned()]),
    );
    cache.replace(
        vec![pod("a", "1", "n1", "o1"), pod("b", "2", "n2", "o1")],
        ResourceVersion("2".into()),
    );
    cache
}

#[test]
fn indexes_follow_every_change() {
    let cache = cache();
    assert_eq!(names(&cache.indexed("node", "n1")), ["a"]);
    assert_eq!(names(&cache.owned_by(&Uid("o1".into()))), ["a", "b"]);
    assert_eq!(cache.by_uid(&Uid("uid-b".into())).unwrap().name(), "b");

    cache.upsert(pod("a", "3", "n2", "o2"));
    assert_eq!(names(&cache.indexed("node", "n1")), Vec::<&str>::new());
    assert_eq!(names(&cache.indexed("node", "n2")), ["a", "b"]);
    assert_eq!(names(&cache.owned_by(&Uid("o1".into()))), ["b"]);

    cache.remove(&pod("b", "4", "n2", "o1"));
    assert_eq!(names(&cache.indexed("node", "n2")), ["a"]);
    assert!(cache.by_uid(&Uid("uid-b".into())).is_none());
    assert_eq!(cache.revision(), Some(Revision(4)));
}

#[test]
fn a_new_list_is_one_swap_that_names_only_differences() {
    let cache = cache();
    let held = cache.find("default", "a").unwrap();
    let subscription = cache.subscribe();
    subscription.take();
    cache.replace(
        vec![pod("a", "1", "n1", "o1"), pod("c", "9", "n3", "o3")],
        ResourceVersion("9".into()),
    );
    let changed: Vec<String> = subscription
        .take()
        .into_iter()
        .map(|key| key.name)
        .collect();
    assert_eq!(changed, ["b", "c"]);
    assert!(Arc::ptr_eq(&held, &cache.find("default", "a").unwrap()));
    assert_eq!(names(&cache.in_namespace("default")), ["a", "c"]);
    assert_eq!(names(&cache.in_namespace("other")), Vec::<&str>::new());
}

#[test]
fn a_write_is_seen_by_number_or_by_the_object_itself() {
    let cache = cache();
    let key = Collection::new("", "pods").key("default", "a");
    for (version, seen) in [("1", true), ("2", true), ("3", false), ("opaque", false)] {
        assert_eq!(
            cache.has_seen(&key, &ResourceVersion(version.into())),
            seen,
            "{version}"
        );
    }
    cache.upsert(pod("a", "opaque", "n1", "o1"));
    assert!(cache.has_seen(&key, &ResourceVersion("opaque".into())));
    assert!(!cache.has_seen(&key, &ResourceVersion("other".into())));
}

#[tokio::test]
async fn readers_wait_for_a_revision() {
    let cache = cache();
    let waiting = cache.wait_for(Revision(5));
    tokio::pin!(waiting);
    assert!(futures::poll!(waiting.as_mut()).is_pending());
    cache.bookmark(ResourceVersion("5".into()));
    waiting.await;
    cache.synced().await;
}
