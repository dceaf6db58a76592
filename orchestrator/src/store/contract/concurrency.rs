//! Many writers at once.

use super::fixture::{commit, committed, create, pod, replace};
use crate::store::Store;

const WRITERS: usize = 16;

/// No change may appear below one already seen.
pub(in crate::store) async fn lets_sixteen_writers_lose_nothing(store: &dyn Store) {
    const EACH: usize = 12;
    let start = store.revision().await.unwrap();
    let writers = futures::future::join_all((0..WRITERS).map(|writer| async move {
        for number in 0..EACH {
            committed(store, create(&pod(&format!("{writer}-{number}")), "")).await;
        }
    }));
    let watcher = async {
        let (mut seen, mut position) = (Vec::new(), start);
        while seen.len() < WRITERS * EACH {
            for change in store.changes(position, 7).await.unwrap() {
                position = change.revision;
                seen.push(change.revision);
            }
            tokio::task::yield_now().await;
        }
        seen
    };
    let (_, seen) = tokio::join!(writers, watcher);
    assert!(seen.is_sorted_by(|a, b| a < b));
    let log = store.changes(start, usize::MAX).await.unwrap();
    let log: Vec<_> = log.iter().map(|change| change.revision).collect();
    assert_eq!(seen, log);
}

pub(in crate::store) async fn lets_one_of_many_writers_win(store: &dyn Store) {
    let key = pod("a");
    let mut current = committed(store, create(&key, "0")).await;
    for round in 0..5 {
        let answers = futures::future::join_all(
            (0..WRITERS)
                .map(|writer| commit(store, replace(&key, &format!("{round}-{writer}"), current))),
        )
        .await;
        let winners: Vec<_> = answers.iter().flatten().collect();
        assert_eq!(winners.len(), 1);
        current = winners[0].revision;
        assert_eq!(
            store.get(&key).await.unwrap().unwrap().body,
            winners[0].body
        );
    }
}
