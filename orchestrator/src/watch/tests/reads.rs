//! Gets and lists.

use super::*;

#[tokio::test]
async fn reads_come_from_the_cache_in_order() {
    let cluster = Cluster::new().await;
    let other = pods().key("other", "z");
    cluster.create(&pod("b"), "web").await;
    cluster.create(&other, "web").await;
    let last = cluster.create(&pod("a"), "db").await;
    let list = |filter: Filter| names(&cluster.hub.list(&pods(), &filter));
    assert_eq!(list(Filter::default()), ["a", "b", "z"]);
    assert_eq!(list(in_namespace("default")), ["a", "b"]);
    assert_eq!(list(in_namespace("nowhere")), Vec::<String>::new());
    assert_eq!(list(labelled("app=web")), ["b", "z"]);
    assert_eq!(list(with_field("metadata.name=a")), ["a"]);
    assert_eq!(list(with_field("spec.nodeName!=web")), ["a"]);
    assert_eq!(
        list(with_field("spec.nodeName=web,metadata.namespace=other")),
        ["z"]
    );
    assert_eq!(cluster.hub.list(&pods(), &Filter::default()).revision, last);
    let item = cluster.hub.get(&pod("a")).unwrap();
    assert_eq!((item.revision, item.label("app")), (last, Some("db")));
    assert_eq!(item.object().resource_version(), last.into());
    assert_eq!(cluster.hub.newest(&pods()).await.unwrap(), last);
}

#[tokio::test]
async fn a_revision_that_does_not_come_is_not_waited_for_forever() {
    let cluster = Cluster::new().await;
    let pods = pods();
    let waiting = cluster.hub.at_least(&pods, Revision(9));
    let time_passes = async { cluster.clock.advance(3) };
    let (outcome, ()) = tokio::join!(waiting, time_passes);
    let error = outcome.unwrap_err();
    assert!(
        matches!(
            error,
            Error::NotYet {
                requested: Revision(9),
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn events_are_counted_apart() {
    let cluster = Cluster::new().await;
    let events = Collection::new("", "events");
    cluster.create(&pod("a"), "x").await;
    let revision = cluster.create(&events.key("default", "e"), "x").await;
    assert_eq!(revision, Revision(1));
    assert_eq!(cluster.hub.revision(&pods()), Revision(1));
    cluster.create(&events.key("default", "f"), "x").await;
    assert_eq!(cluster.hub.revision(&events), Revision(2));
    assert_eq!(cluster.hub.revision(&pods()), Revision(1));
    assert_eq!(
        names(&cluster.hub.list(&events, &Filter::default())),
        ["e", "f"]
    );
}
