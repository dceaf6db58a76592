use std::time::Duration;

use sqlx::postgres::PgPoolOptions;

use super::*;
use crate::history::error::failed;

/// A pool of one connection, so that whoever keeps it keeps everybody waiting.
async fn pool(limit: Duration) -> Pool {
    let prepare = |_| async { Ok::<_, Error>(()) };
    let url = embedded_postgres::testing::database("pool", prepare).await;
    let options = PgPoolOptions::new().max_connections(1);
    Pool::new(options.connect(&url).await.unwrap(), limit)
}

async fn one(pool: &Pool) -> i32 {
    sqlx::query_scalar("select 1")
        .fetch_one(pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn what_is_not_answered_is_given_up_and_its_connection_with_it() {
    let pool = pool(Duration::from_millis(300)).await;
    let asked = sqlx::query("select pg_sleep(60)").execute(&pool).await;
    let error = asked.unwrap_err().to_string();
    assert!(error.contains("no answer within 300ms"), "{error}");
    assert_eq!(one(&pool).await, 1);

    let row = sqlx::query("select pg_sleep(60)").fetch_optional(&pool);
    assert!(matches!(row.await, Err(Error::Io(_))));
    assert_eq!(one(&pool).await, 1);
}

#[tokio::test]
async fn a_connection_that_is_not_given_back_keeps_nobody_waiting() {
    let pool = pool(Duration::from_secs(20)).await;
    let mut lent = pool.lend().await.unwrap();
    let asked = sqlx::query("select pg_sleep(60)").execute(&mut *lent);
    let stopped = tokio::time::timeout(Duration::from_millis(200), asked).await;
    assert!(stopped.is_err());
    drop(lent);
    assert_eq!(one(&pool).await, 1);
}

#[tokio::test]
async fn a_full_disk_is_known_by_its_code() {
    let pool = pool(Duration::from_secs(20)).await;
    let full = "do $$ begin raise exception 'no room' using errcode = '53100'; end $$";
    let asked = sqlx::query(full).execute(&pool).await;
    assert!(asked.map_err(failed("write")).unwrap_err().is_full());
    let other = sqlx::query("select nothing").execute(&pool).await;
    assert!(!other.map_err(failed("read")).unwrap_err().is_full());
    assert!(!crate::history::Error::Unsaid.is_full());
}
