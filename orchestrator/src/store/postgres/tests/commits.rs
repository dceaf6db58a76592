//! What is committed is there, what is not leaves no trace, whatever breaks.

use super::*;

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let opened = open().await;
    let first = committed(opened.store(), create(&pod("a"), "1")).await;
    let before = opened.store.list(None).await.unwrap();
    opened.tasks.drain().await;
    let error = commit(opened.store(), create(&pod("b"), ""))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error}");

    let again = opened.again().await;
    assert_eq!(again.store.list(None).await.unwrap(), before);
    assert_eq!(
        again
            .store
            .changes(Revision(first.0 - 1), 9)
            .await
            .unwrap()
            .len(),
        1
    );
    let next = committed(again.store(), replace(&pod("a"), "2", first)).await;
    assert_eq!((next.0, epoch(next)), (first.0 + 1, epoch(first)));
}

/// Connections break under the writers' feet; what was acknowledged is there, what is there was
/// numbered in order, and nothing was written twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_connection_loses_nothing_that_was_acknowledged() {
    const WRITERS: usize = 8;
    const EACH: usize = 15;
    let opened = open().await;
    let store = opened.store();
    let writers = futures::future::join_all((0..WRITERS).map(|writer| async move {
        let mut acknowledged = Vec::new();
        for number in 0..EACH {
            match commit(store, create(&pod(&format!("{writer}-{number}")), "")).await {
                Ok(change) => acknowledged.push(change),
                Err(Error::Unavailable { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        acknowledged
    }));
    let saboteur = async {
        for _ in 0..5 {
            opened
                .sql(
                    "select pg_terminate_backend(pid) from pg_stat_activity
                      where datname = current_database() and pid <> pg_backend_pid()",
                )
                .await;
            tokio::task::yield_now().await;
        }
    };
    let (acknowledged, ()) = tokio::join!(writers, saboteur);
    let again = opened.again().await;
    let log = again.store.changes(Revision(0), usize::MAX).await.unwrap();
    for change in acknowledged.iter().flatten() {
        assert!(log.contains(change), "{}", change.key);
    }
    let keys: BTreeSet<_> = log.iter().map(|change| &change.key).collect();
    assert_eq!(keys.len(), log.len());
    assert!(log.is_sorted_by(|a, b| a.revision < b.revision));
    assert_eq!(again.store.list(None).await.unwrap().items.len(), log.len());
}

#[tokio::test]
async fn a_batch_that_was_not_committed_leaves_no_trace() {
    let opened = open().await;
    let first = committed(opened.store(), create(&pod("a"), "1")).await;
    // A writer of another server dies with the counter locked and rows written.
    let mut dying = opened.options.connect().await.unwrap();
    for statement in [
        "begin",
        "update cluster_revision set value = value + 1",
        "update objects set revision = revision + 1",
    ] {
        sqlx::query(statement).execute(&mut dying).await.unwrap();
    }
    let writing = commit(opened.store(), replace(&pod("a"), "2", first));
    let (written, closed) = tokio::join!(writing, dying.close_hard());
    closed.unwrap();
    assert_eq!(written.unwrap().revision.0, first.0 + 1);
}
