//! The audit's table: what is asked for is kept, and forgotten by age and by number.

use jiff::{SignedDuration, Timestamp};

use crate::store::Asked;

use super::*;

fn asked(name: &str, at: Timestamp) -> Asked {
    Asked {
        at,
        writer: "ann".into(),
        address: "::1".into(),
        verb: "create",
        resource: "pods".into(),
        name: name.into(),
        code: 201,
        ..Asked::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_asked_for_is_kept_for_a_while() {
    let opened = open().await;
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let hours = |hours: i64| now - SignedDuration::from_hours(hours);
    let ages = [("a", 48), ("b", 47), ("c", 2), ("d", 1), ("e", 0)];
    let rows = ages.map(|(name, age)| asked(name, hours(age)));
    opened.store().record(&rows).await.unwrap();
    opened.store().record(&[]).await.unwrap();
    let names = async || {
        opened
            .texts(
                "select writer || ' ' || verb || ' ' || name || ' ' || code from audit order by id",
            )
            .await
    };
    assert_eq!(names().await[0], "ann create a 201");
    assert_eq!(names().await.len(), 5);
    opened.store().forget(hours(24), 100).await.unwrap();
    assert_eq!(names().await.len(), 3);
    opened.store().forget(hours(24), 1).await.unwrap();
    assert_eq!(names().await, ["ann create e 201"]);
}
