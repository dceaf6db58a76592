//! Tells other API servers about commits, and hears of theirs. Hints only: a lost one costs a
//! poll interval. Never in the transaction that writes: PostgreSQL serializes notifying commits.

use std::time::Duration;

use sqlx::PgConnection;
use sqlx::postgres::PgListener;
use tokio::sync::{broadcast, watch};

use api::Revision;
use client::Env;

use super::Options;
use super::row::unavailable;
use crate::store::{Commit, Error};

/// Commits within this time share one notification.
const COALESCE: Duration = Duration::from_millis(5);
/// Between attempts to connect: doubles from the first to the second.
const BACK_OFF: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(10)];

/// Announces what this process commits.
pub(super) async fn announce(options: Options, env: Env, mut committed: watch::Receiver<Revision>) {
    let mut pause = BACK_OFF[0];
    loop {
        if let Err(error) = announce_until_error(&options, &env, &mut committed, &mut pause).await {
            tracing::warn!(error = %error, "cannot notify other API servers");
        } else {
            return;
        }
        env.clock.sleep(pause).await;
        pause = (pause * 2).min(BACK_OFF[1]);
    }
}

/// Ends well when the store is gone.
async fn announce_until_error(
    options: &Options,
    env: &Env,
    committed: &mut watch::Receiver<Revision>,
    pause: &mut Duration,
) -> Result<(), Error> {
    let mut connection = options.connect().await?;
    commit_asynchronously(&mut connection).await?;
    while committed.changed().await.is_ok() {
        let revision = *committed.borrow_and_update();
        notify(&mut connection, options.lane.schema(), revision).await?;
        *pause = BACK_OFF[0];
        env.clock.sleep(COALESCE).await;
    }
    Ok(())
}

async fn commit_asynchronously(connection: &mut PgConnection) -> Result<(), Error> {
    sqlx::query("set synchronous_commit = off")
        .execute(connection)
        .await
        .map(drop)
        .map_err(unavailable("notify"))
}

async fn notify(
    connection: &mut PgConnection,
    channel: &str,
    revision: Revision,
) -> Result<(), Error> {
    sqlx::query("select pg_notify($1, $2)")
        .bind(channel)
        .bind(revision.to_string())
        .execute(connection)
        .await
        .map(drop)
        .map_err(unavailable("notify"))
}

/// Passes on what other processes announce.
pub(super) async fn listen(options: Options, env: Env, commits: broadcast::Sender<Commit>) {
    let mut pause = BACK_OFF[0];
    loop {
        if let Err(error) = listen_until_error(&options, &commits, &mut pause).await {
            tracing::warn!(error = %error, "cannot hear from other API servers");
        }
        env.clock.sleep(pause).await;
        pause = (pause * 2).min(BACK_OFF[1]);
    }
}

async fn listen_until_error(
    options: &Options,
    commits: &broadcast::Sender<Commit>,
    pause: &mut Duration,
) -> Result<(), Error> {
    let listening = unavailable("listen");
    let mut listener = PgListener::connect(&options.url)
        .await
        .map_err(&listening)?;
    listener
        .listen(options.lane.schema())
        .await
        .map_err(&listening)?;
    loop {
        let notification = listener.recv().await.map_err(&listening)?;
        *pause = BACK_OFF[0];
        if let Ok(revision) = notification.payload().parse() {
            // No receiver is no error: nobody watches yet.
            let _ = commits.send(Commit::Hint(Revision(revision)));
        }
    }
}
