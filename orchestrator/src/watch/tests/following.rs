//! What a watch is told, and in which order.

use super::*;

#[tokio::test]
async fn objects_enter_and_leave_a_selector() {
    let cluster = Cluster::new().await;
    let start = Start::After(cluster.hub.revision(&pods()));
    let mut all = cluster.watch(Filter::default(), start);
    let mut web = cluster.watch(labelled("app=web"), start);
    let mut node = cluster.watch(with_field("spec.nodeName=web"), start);
    let mut elsewhere = cluster.watch(in_namespace("other"), start);
    let key = pod("a");
    cluster.create(&key, "db").await;
    cluster.replace(&key, "web").await;
    cluster.replace(&key, "web").await;
    cluster.replace(&key, "db").await;
    cluster.replace(&key, "web").await;
    cluster.delete(&key, "gone").await;
    cluster.create(&pods().key("other", "b"), "web").await;
    assert_eq!(
        next(&mut all, 7).await,
        [
            "ADDED a=db@1",
            "MODIFIED a=web@2",
            "MODIFIED a=web@3",
            "MODIFIED a=db@4",
            "MODIFIED a=web@5",
            "DELETED a=gone@6",
            "ADDED b=web@7"
        ]
    );
    // Who leaves is shown as it was last seen.
    let expected = [
        "ADDED a=web@2",
        "MODIFIED a=web@3",
        "DELETED a=web@4",
        "ADDED a=web@5",
        "DELETED a=gone@6",
        "ADDED b=web@7",
    ];
    assert_eq!(next(&mut web, 6).await, expected);
    assert_eq!(next(&mut node, 6).await, expected);
    assert_eq!(next(&mut elsewhere, 1).await, ["ADDED b=web@7"]);
    for watch in [&mut all, &mut web, &mut node, &mut elsewhere] {
        assert_eq!(watch.try_next().unwrap(), None);
    }
}

#[tokio::test]
async fn watchers_share_the_bytes() {
    let cluster = Cluster::new().await;
    let start = Start::After(cluster.hub.revision(&pods()));
    let mut watches = [0; 2].map(|_| cluster.watch(labelled("app=web"), start));
    cluster.create(&pod("a"), "web").await;
    cluster.replace(&pod("a"), "db").await;
    for _ in 0..2 {
        let mut pointers = Vec::new();
        for watch in &mut watches {
            let Delivery::Event { json, .. } = watch.next().await.unwrap() else {
                panic!()
            };
            pointers.push(json.as_ptr());
        }
        assert_eq!(pointers[0], pointers[1]);
    }
}

#[tokio::test]
async fn initial_events_come_first() {
    let cluster = Cluster::new().await;
    cluster.create(&pod("b"), "x").await;
    cluster.create(&pod("a"), "x").await;
    let mut streamed = cluster.watch(Filter::default(), Start::Streamed);
    let mut existing = cluster.watch(with_field("metadata.name=a"), Start::Existing);
    cluster.replace(&pod("a"), "y").await;
    let expected = ["ADDED a=x@2", "ADDED b=x@1", "END @2", "MODIFIED a=y@3"];
    assert_eq!(next(&mut streamed, 4).await, expected);
    assert_eq!(
        next(&mut existing, 2).await,
        ["ADDED a=x@2", "MODIFIED a=y@3"]
    );
}

#[tokio::test]
async fn bookmarks_follow_what_happens_elsewhere() {
    let cluster = Cluster::new().await;
    let mut watch = cluster.watch(Filter::default(), Start::After(Revision(0)));
    cluster
        .create(&Collection::new("", "nodes").key("", "n"), "x")
        .await;
    assert_eq!(a_minute_later(&cluster, &mut watch).await, "BOOKMARK @1");
    cluster.create(&pod("a"), "x").await;
    assert_eq!(next(&mut watch, 1).await, ["ADDED a=x@2"]);
    assert_eq!(a_minute_later(&cluster, &mut watch).await, "BOOKMARK @2");
    assert_eq!(describe(&watch.bookmark()), "BOOKMARK @2");
}

async fn a_minute_later(cluster: &Cluster, watch: &mut Subscription) -> String {
    let (delivery, ()) = tokio::join!(watch.next(), async { cluster.clock.advance(60) });
    describe(&delivery.unwrap())
}
