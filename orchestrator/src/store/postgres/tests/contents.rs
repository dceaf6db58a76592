//! What is in the tables.

use super::*;

#[test]
fn both_schemas_have_the_same_tables() {
    let objects = include_str!("../../../../../migrations/orchestrator/0001_store.sql");
    let events = include_str!("../../../../../migrations/orchestrator_events/0001_store.sql");
    assert_eq!(objects, events);
}

#[tokio::test]
async fn secrets_are_nowhere_in_the_database() {
    const NOTE: &str = "correct horse battery staple";
    let opened = open().await;
    let secret = Collection::new("", "secrets").key("default", "s");
    let first = committed(opened.store(), create(&secret, NOTE)).await;
    let second = committed(opened.store(), replace(&secret, NOTE, first)).await;
    committed(opened.store(), create(&pod("p"), NOTE)).await;
    assert_eq!(
        opened
            .texts("select name from objects where body is not null")
            .await,
        ["p"]
    );

    let another_key = Arc::new(Keys::new("other", &[8; 32]));
    let stranger = Opened::with(Options {
        keys: another_key,
        ..opened.options.clone()
    })
    .await;
    let error = stranger.store.get(&secret).await.unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
    assert!(stranger.store.get(&pod("p")).await.unwrap().is_some());

    // Not in the tables, nor after compaction and deletion.
    opened.store.compact(second).await.unwrap();
    committed(opened.store(), delete(&secret, NOTE, second)).await;
    let rows = "select o::text from objects o union all
                select c::text || encode(body, 'escape') from changes c";
    let rows = opened.texts(rows).await;
    assert!(rows.iter().any(|row| row.contains("secrets")));
    for row in rows.iter().filter(|row| row.contains("secrets")) {
        assert!(!row.contains("horse"), "{row}");
    }
    // The same words do show where nothing is encrypted: the test could see them.
    assert!(
        rows.iter()
            .any(|row| row.contains("pods") && row.contains("horse"))
    );
}

#[tokio::test]
async fn the_views_show_what_jsonb_can() {
    let opened = open().await;
    committed(opened.store(), create(&pod("a"), "plain")).await;
    committed(opened.store(), create(&pod("b"), "nul \0")).await;
    let plain = opened
        .texts("select name from pods where body ->> 'a' = 'plain'")
        .await;
    assert_eq!(plain, ["a"]);
    assert_eq!(
        opened.texts("select name from pods order by name").await,
        ["a", "b"]
    );
    assert_eq!(
        opened.texts("select operation from history").await,
        ["created", "created"]
    );
}
