//! Forgetting, in partitions.

use super::*;

#[tokio::test]
async fn compaction_drops_partitions_and_deletes_nothing() {
    let opened = open().await;
    let mut revision = committed(opened.store(), create(&pod("busy"), "0")).await;
    committed(opened.store(), create(&pod("idle"), "0")).await;
    for note in 0..50 {
        revision = committed(
            opened.store(),
            replace(&pod("busy"), &note.to_string(), revision),
        )
        .await;
    }
    let count = "select count(*)::text from changes";
    // More partitions than one transaction forgets.
    let partitions = "select count(*)::text from pg_inherits where inhparent = 'changes'::regclass";
    assert_eq!(opened.texts(count).await, ["52"]);
    let before: usize = opened.texts(partitions).await[0].parse().unwrap();
    opened.store.compact(revision).await.unwrap();
    let after: usize = opened.texts(partitions).await[0].parse().unwrap();
    assert!(
        after <= 3 && before > 10,
        "{before} partitions became {after}"
    );
    let kept: usize = opened.texts(count).await[0].parse().unwrap();
    assert!(kept < 8, "{kept}");
    assert_eq!(opened.store.list(None).await.unwrap().items.len(), 2);
    // Registered partitions are the real ones, and writing goes on.
    let missing = "select name from change_partitions where to_regclass(name) is null";
    assert_eq!(opened.texts(missing).await, Vec::<String>::new());
    committed(opened.store(), replace(&pod("busy"), "x", revision)).await;
}

/// What is carried forward is younger than the snapshot of a list that is under way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_during_compaction_is_whole() {
    const ROUNDS: usize = 30;
    let opened = open().await;
    committed(opened.store(), create(&pod("idle"), "")).await;
    let first = committed(opened.store(), create(&pod("busy"), "")).await;
    let compacting = async {
        let mut revision = first;
        for round in 0..ROUNDS {
            revision = committed(
                opened.store(),
                replace(&pod("busy"), &round.to_string(), revision),
            )
            .await;
            opened.store.compact(revision).await.unwrap();
        }
    };
    let listing = async {
        for _ in 0..ROUNDS {
            let listing = opened.store.list(None).await.unwrap();
            assert_eq!(listing.items.len(), 2);
            assert!(opened.store.get(&pod("idle")).await.unwrap().is_some());
            let past = opened.store.at(None, listing.revision).await;
            assert!(past.is_err() || past.is_ok_and(|past| past.items.len() == 2));
        }
    };
    tokio::join!(compacting, listing);
}
