//! What became of a commit whose answer was lost.

use std::sync::Arc;

use sqlx::{Connection, PgConnection};

use api::Revision;

use super::row::unavailable;
use super::{Options, changes};
use crate::store::{Change, Error};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Committed,
    /// And never will be.
    Nothing,
}

/// Looks for the changes that a transaction was to append after a revision.
///
/// They are found by all that they are, uid and time included: where another server was given the
/// same revisions instead, what is there differs.
pub(super) async fn settle(
    options: &Options,
    after: Revision,
    expected: &[Arc<Change>],
) -> Result<Outcome, Error> {
    let mut connection = options.connect().await?;
    let mut transaction = connection
        .begin()
        .await
        .map_err(unavailable("look for a commit"))?;
    wait_for_counter(&mut transaction).await?;
    let rows = changes::after(&mut transaction, after, expected.len()).await?;
    let found = rows.into_iter().map(|row| row.change(&options.keys));
    let found: Vec<_> = found.collect::<Result<_, _>>()?;
    Ok(if found == expected {
        Outcome::Committed
    } else {
        Outcome::Nothing
    })
}

/// The lost transaction may still be under way in the server; it holds the counter as long.
async fn wait_for_counter(connection: &mut PgConnection) -> Result<(), Error> {
    sqlx::query("select value from cluster_revision for update")
        .execute(connection)
        .await
        .map(drop)
        .map_err(unavailable("wait for the counter"))
}
