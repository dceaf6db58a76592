//! A connection that breaks during the commit: what is answered is what happened.

use super::proxy::Proxy;
use super::*;

/// A store that reaches its database through the proxy; the other way for looking on.
async fn behind_proxy(lane: Lane, tasks: &Tasks) -> (Opened, Opened, Proxy) {
    let direct = options(lane).await;
    let proxy = Proxy::start(&direct.url, tasks);
    let through = Options {
        url: proxy.url.clone(),
        ..direct.clone()
    };
    let (opened, looking_on) = (Opened::with(through).await, Opened::with(direct).await);
    (opened, looking_on, proxy)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_without_an_answer_is_found() {
    let tasks = Tasks::default();
    for lane in [Lane::Objects, Lane::Events] {
        let (opened, looking_on, proxy) = behind_proxy(lane, &tasks).await;
        let mut commits = opened.store.commits();
        let first = committed(opened.store(), create(&pod("a"), "1")).await;
        proxy.lose_next_answer();
        let second = commit(opened.store(), replace(&pod("a"), "2", first))
            .await
            .unwrap();
        assert!(proxy.has_lost_it());
        // Once, and the writer goes on after it.
        let log = looking_on.store.changes(Revision(0), 9).await.unwrap();
        assert_eq!(log.last(), Some(&second));
        assert_eq!(log.len(), 2);
        committed(opened.store(), replace(&pod("a"), "3", second.revision)).await;
        let mut told = Vec::new();
        while told.len() < 3 {
            if let Commit::Own { changes, .. } = commits.recv().await.unwrap() {
                told.extend(changes.iter().map(|change| change.revision));
            }
        }
        assert_eq!(told[..2], [first, second.revision]);
    }
    tasks.drain().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_caller_of_a_lost_batch_gets_its_own_answer() {
    let tasks = Tasks::default();
    let (opened, looking_on, proxy) = behind_proxy(Lane::Objects, &tasks).await;
    committed(opened.store(), create(&pod("taken"), "")).await;
    proxy.lose_next_answer();
    let store = opened.store();
    let (answers, transaction) = tokio::join!(
        store.write(vec![create(&pod("a"), ""), create(&pod("taken"), "")]),
        store.transaction(vec![create(&pod("b"), ""), create(&pod("c"), "")]),
    );
    assert!(proxy.has_lost_it());
    assert!(answers[0].is_ok(), "{answers:?}");
    assert!(
        matches!(answers[1], Err(Error::AlreadyExists(_))),
        "{answers:?}"
    );
    assert_eq!(transaction.unwrap().len(), 2);
    assert_eq!(looking_on.store.list(None).await.unwrap().items.len(), 4);
    tasks.drain().await;
}

/// The server kills the connection while it commits: then there is nothing, and the batch is
/// committed on another one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_the_server_broke_off_is_made_again() {
    let opened = open().await;
    let first = committed(opened.store(), create(&pod("a"), "1")).await;
    for statement in [
        "create function wait_at_commit() returns trigger language plpgsql as
           'begin perform pg_advisory_xact_lock(7); return null; end'",
        "create constraint trigger wait_at_commit after update on objects
           deferrable initially deferred for each row execute function wait_at_commit()",
    ] {
        opened.sql(statement).await;
    }
    let mut holder = opened.options.connect().await.unwrap();
    let lock = sqlx::query("select pg_advisory_lock(7)");
    lock.execute(&mut holder).await.unwrap();
    let breaking = async {
        const BREAK: &str = "select pg_terminate_backend(pid) from pg_stat_activity
              where datname = current_database() and wait_event = 'advisory'";
        while opened.sql(BREAK).await == 0 {
            tokio::task::yield_now().await;
        }
        holder.close().await.unwrap();
    };
    let writing = commit(opened.store(), replace(&pod("a"), "2", first));
    let (written, ()) = tokio::join!(writing, breaking);
    let log = opened.store.changes(Revision(0), 9).await.unwrap();
    assert_eq!(log.len(), 2);
    assert_eq!(log[1], written.unwrap());
    assert_eq!(log[1].revision.0, first.0 + 1);
}

/// Who writes while the database is down is told so, and the writer goes on when it is back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_stays_down_is_told() {
    let tasks = Tasks::default();
    let (opened, looking_on, proxy) = behind_proxy(Lane::Objects, &tasks).await;
    committed(opened.store(), create(&pod("before"), "")).await;
    proxy.set_down(true);
    for name in ["first", "second"] {
        let answer = commit(opened.store(), create(&pod(name), "")).await;
        assert!(matches!(answer, Err(Error::Unavailable { .. })), "{name}");
    }
    proxy.set_down(false);
    committed(opened.store(), create(&pod("after"), "")).await;
    let log = looking_on.store.changes(Revision(0), 9).await.unwrap();
    let names: Vec<_> = log.iter().map(|change| change.key.name.as_str()).collect();
    assert_eq!(names, ["before", "after"]);
    tasks.drain().await;
}

#[tokio::test]
async fn another_servers_change_at_the_revision_is_not_mistaken() {
    let opened = open().await;
    let before = opened.store.revision().await.unwrap();
    let made = commit(opened.store(), create(&pod("a"), "1"))
        .await
        .unwrap();
    let check = async |changes: &[Arc<Change>], expected: Outcome| {
        let outcome = settle(&opened.options, before, changes).await.unwrap();
        assert_eq!(outcome, expected, "{changes:?}");
    };
    check(std::slice::from_ref(&made), Outcome::Committed).await;
    let mut other = (*made).clone();
    other.uid = api::Uid("another".into());
    check(&[Arc::new(other.clone())], Outcome::Nothing).await;
    other.revision = Revision(other.revision.0 + 1);
    check(&[made, Arc::new(other)], Outcome::Nothing).await;
}
