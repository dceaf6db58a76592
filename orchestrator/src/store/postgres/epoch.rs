//! Revisions are never used twice: on a server that may have lost commits a new epoch begins.

use sqlx::{Connection, PgConnection};

use super::row::unavailable;
use crate::store::{EPOCH_SHIFT, Error};

/// Begins a new epoch where the server is not the one that made the counter's value.
pub(super) async fn ensure(connection: &mut PgConnection) -> Result<(), Error> {
    let mut transaction = connection
        .begin()
        .await
        .map_err(unavailable("compare the server's identity"))?;
    let (value, made_by, identity) = lock(&mut transaction).await?;
    if made_by != identity {
        let value = if made_by.is_empty() {
            value
        } else {
            next(value)
        };
        set(&mut transaction, value, &identity).await?;
        if !made_by.is_empty() {
            tracing::warn!(
                revision = value,
                "another database server: a new epoch begins"
            );
        }
    }
    transaction
        .commit()
        .await
        .map_err(unavailable("begin an epoch"))
}

/// Begins a new epoch in any case: commits may have been lost.
pub(super) async fn begin(connection: &mut PgConnection) -> Result<(), Error> {
    let mut transaction = connection
        .begin()
        .await
        .map_err(unavailable("begin an epoch"))?;
    let (value, _, identity) = lock(&mut transaction).await?;
    set(&mut transaction, next(value), &identity).await?;
    transaction
        .commit()
        .await
        .map_err(unavailable("begin an epoch"))
}

fn next(value: i64) -> i64 {
    ((value >> EPOCH_SHIFT) + 1) << EPOCH_SHIFT
}

/// The counter's value, the server that made it, and this server.
async fn lock(connection: &mut PgConnection) -> Result<(i64, String, String), Error> {
    sqlx::query_as("select value, identity, server_identity() from cluster_revision for update")
        .fetch_one(connection)
        .await
        .map_err(unavailable("compare the server's identity"))
}

async fn set(connection: &mut PgConnection, value: i64, identity: &str) -> Result<(), Error> {
    sqlx::query("update cluster_revision set value = $1, identity = $2")
        .bind(value)
        .bind(identity)
        .execute(connection)
        .await
        .map(drop)
        .map_err(unavailable("begin an epoch"))
}
