//! Watches that begin in the past, fall behind, or end.

use super::*;

/// A server that has just started has an empty ring: the log answers.
#[tokio::test]
async fn a_watch_older_than_the_ring_resumes_from_the_log() {
    let cluster = Cluster::new().await;
    let key = pod("a");
    let first = cluster.create(&key, "web").await;
    cluster
        .create(&Collection::new("", "nodes").key("", "n"), "x")
        .await;
    cluster.replace(&key, "web").await;
    cluster.replace(&key, "db").await;
    cluster.delete(&key, "db").await;
    let fresh = cluster.fresh_hub().await;
    let mut web = fresh
        .subscribe(&pods(), labelled("app=web"), Start::After(first))
        .unwrap();
    assert_eq!(
        next(&mut web, 2).await,
        ["MODIFIED a=web@3", "DELETED a=web@4"]
    );
    let mut all = fresh
        .subscribe(&pods(), Filter::default(), Start::After(first))
        .unwrap();
    let expected = ["MODIFIED a=web@3", "MODIFIED a=db@4", "DELETED a=db@5"];
    assert_eq!(next(&mut all, 3).await, expected);
    // And goes on from the ring.
    cluster.create(&key, "web").await;
    assert_eq!(next(&mut all, 1).await, ["ADDED a=web@6"]);
    assert_eq!(next(&mut web, 1).await, ["ADDED a=web@6"]);
}

#[tokio::test]
async fn a_watch_older_than_the_log_expires() {
    let cluster = Cluster::new().await;
    let first = cluster.create(&pod("a"), "x").await;
    let boundary = cluster.replace(&pod("a"), "y").await;
    let last = cluster.replace(&pod("a"), "z").await;
    cluster.store.compact(last).await.unwrap();
    let fresh = cluster.fresh_hub().await;
    let watch = |start| {
        fresh
            .subscribe(&pods(), Filter::default(), Start::After(start))
            .unwrap()
    };
    let error = watch(first).next().await.unwrap_err();
    let Error::Expired { requested, oldest } = error else {
        panic!("{error}")
    };
    assert_eq!((requested, oldest), (first, last));
    assert_eq!(next(&mut watch(boundary), 1).await, ["MODIFIED a=z@3"]);
}

#[tokio::test]
async fn a_slow_watcher_expires_and_holds_nobody_up() {
    let cluster = Cluster::new().await;
    let start = cluster.create(&pod("a"), "0").await;
    let mut slow = cluster.watch(Filter::default(), Start::After(start));
    let mut quick = cluster.watch(Filter::default(), Start::After(start));
    for round in 0..9_000 {
        cluster.replace(&pod("a"), &round.to_string()).await;
        assert!(quick.try_next().unwrap().is_some());
    }
    let error = slow.next().await.unwrap_err();
    assert!(matches!(error, Error::Expired { .. }), "{error}");
}

#[tokio::test]
async fn a_new_epoch_ends_every_watch() {
    let cluster = Cluster::new().await;
    let old = cluster.create(&pod("a"), "x").await;
    let mut watch = cluster.watch(Filter::default(), Start::After(old));
    cluster.store.begin_epoch();
    let new = cluster.create(&pod("b"), "x").await;
    let error = watch.next().await.unwrap_err();
    assert!(matches!(error, Error::Expired { .. }), "{error}");
    let error = cluster
        .hub
        .subscribe(&pods(), Filter::default(), Start::After(old))
        .err()
        .unwrap();
    assert!(matches!(error, Error::Expired { .. }), "{error}");
    assert_eq!(
        names(&cluster.hub.list(&pods(), &Filter::default())),
        ["a", "b"]
    );
    let mut watch = cluster.watch(Filter::default(), Start::After(new));
    cluster.replace(&pod("a"), "y").await;
    assert_eq!(
        next(&mut watch, 1).await,
        [format!("MODIFIED a=y@{}", new.0 + 1)]
    );
}
