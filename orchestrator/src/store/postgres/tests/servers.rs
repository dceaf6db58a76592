//! Several API servers on one database, and several database servers.

use super::*;

#[tokio::test]
async fn another_server_begins_another_epoch() {
    let opened = open().await;
    let first = committed(opened.store(), create(&pod("a"), "1")).await;
    // The writer finds out at its next batch …
    opened
        .sql("update cluster_revision set identity = 'of a server that is gone'")
        .await;
    let second = committed(opened.store(), replace(&pod("a"), "2", first)).await;
    assert_eq!(second.0, ((epoch(first) + 1) << EPOCH_SHIFT) + 1);
    // … and a start at once.
    opened
        .sql("update cluster_revision set identity = 'of a server that is gone'")
        .await;
    let again = opened.again().await;
    assert_eq!(
        epoch(again.store.revision().await.unwrap()),
        epoch(second) + 1
    );
    let third = committed(again.store(), replace(&pod("a"), "3", second)).await;
    let log = again.store.changes(Revision(0), 9).await.unwrap();
    let log: Vec<_> = log.iter().map(|change| change.revision).collect();
    assert_eq!(log, [first, second, third]);
}

#[tokio::test]
async fn events_skip_ahead_when_their_connection_breaks() {
    let opened = Opened::with(options(Lane::Events).await).await;
    let key = Collection::new("", "events").key("default", "e");
    let first = committed(opened.store(), create(&key, "1")).await;
    opened
        .sql("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
        .await;
    let second = loop {
        match commit(opened.store(), replace(&key, "2", first)).await {
            Ok(change) => break change.revision,
            Err(Error::Unavailable { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(epoch(second), epoch(first) + 1);
    assert_eq!(
        opened
            .texts("select current_setting('synchronous_commit')")
            .await,
        ["off"]
    );
}

#[tokio::test]
async fn other_servers_are_told() {
    let opened = open().await;
    let other = opened.again().await;
    let mut commits = other.store.commits();
    // The other server may still be connecting its listener: whoever hears nothing polls.
    let heard = loop {
        let name = format!("p{}", uuid::Uuid::from_u128(rand::random()));
        let revision = committed(opened.store(), create(&pod(&name), "")).await;
        if let Ok(Commit::Hint(hint)) = commits.try_recv() {
            break (hint, revision);
        }
        tokio::task::yield_now().await;
    };
    assert!(heard.0 <= heard.1);
}

/// Two API servers write in turn; a watch on one of them sees every change, in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_follows_every_server() {
    let (opened, events) = (open().await, options(Lane::Events).await);
    let other = opened.again().await;
    let tasks = Tasks::default();
    let store = Opened::with(opened.options.clone()).await.store;
    let events = connect(events, &Env::system(), &tasks).await.unwrap();
    let stores = Router {
        objects: Arc::new(store),
        events: Arc::new(events),
    };
    let fields: watch::FieldGetter = Arc::new(|_, _| String::new());
    let hub = watch::Hub::start(&stores, fields, &Env::system(), &tasks)
        .await
        .unwrap();
    let pods = pod("").collection;
    let start = watch::Start::After(hub.revision(&pods));
    let mut watching = hub
        .subscribe(&pods, watch::Filter::default(), start)
        .unwrap();
    let mut expected = Vec::new();
    for number in 0..40 {
        let write = create(&pod(&number.to_string()), "");
        let revision = match number % 3 {
            0 => committed(opened.store(), write).await,
            1 => committed(other.store(), write).await,
            _ => committed(&*stores.objects, write).await,
        };
        expected.push(revision);
        if number % 10 == 0 {
            assert_eq!(hub.newest(&pods).await.unwrap(), revision);
            assert_eq!(
                hub.list(&pods, &watch::Filter::default()).items.len(),
                number + 1
            );
        }
    }
    let mut seen = Vec::new();
    while seen.len() < expected.len() {
        if let watch::Delivery::Event { revision, .. } = watching.next().await.unwrap() {
            seen.push(revision);
        }
    }
    assert_eq!(seen, expected);
    tasks.drain().await;
}

#[tokio::test]
async fn a_database_that_cannot_be_used_says_why() {
    let url = options(Lane::Objects).await.url;
    reach(&url).await.unwrap();
    for (url, expected) in [
        ("postgres://nobody:hidden@127.0.0.1:1/x", "refused"),
        ("not a URL", "read the database's URL"),
    ] {
        let text = reach(url).await.unwrap_err().to_string();
        assert!(text.contains(expected), "{text}");
        assert!(!text.contains("hidden"), "{text}");
    }
}
