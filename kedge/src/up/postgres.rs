//! The PostgreSQL of an instance: the embedded one, started first, watched, stopped last, or one that
//! is there already.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use client::Tasks;
use embedded_postgres::{Options, Server};
use orchestrator::store::postgres::reach;

const DATABASE: &str = "kedge";
/// Between two attempts to start it, once it could not be started for a while.
const PAUSE: Duration = Duration::from_secs(5);

/// The URL of a database that is there already, once it answers: before any role asks for it, so that
/// a wrong password is told to who gave it.
pub(crate) async fn given(url: &str) -> anyhow::Result<String> {
    reach(url).await.map_err(|error| {
        // Its own words of what failed stand below several layers of who asked.
        let chain = std::iter::successors(Some(&error as &dyn std::error::Error), |it| it.source());
        let cause = chain.last().map_or_else(String::new, ToString::to_string);
        anyhow::anyhow!(
            "cannot use the database that --database-url names: {cause}; \
             postgres://USER:PASSWORD@HOST:PORT/DATABASE is how it is written"
        )
    })?;
    Ok(url.to_owned())
}

/// Starts the server, or takes over one that still runs, and keeps it running until the tasks
/// are cancelled. Answers the URL of the database.
pub(crate) async fn start(
    directory: &Path,
    instance: &str,
    tasks: &Tasks,
) -> anyhow::Result<String> {
    let fallback = Path::new("/var/lib/kedge").join(instance).join("postgres");
    let options = Options::new(directory, fallback).with_database(DATABASE);
    let server = Server::start(options.clone())
        .await
        .context("cannot start the embedded PostgreSQL")?;
    let url = server.url(DATABASE);
    let token = tasks.token().clone();
    tasks.spawn(async move {
        let mut server = server;
        loop {
            tokio::select! {
                exit = server.exited() => {
                    tracing::warn!(status = exit.status, "PostgreSQL ended; starting it again");
                    server = tokio::select! {
                        server = again(server, &options) => server,
                        () = token.cancelled() => return,
                    };
                }
                () = token.cancelled() => {
                    if let Err(error) = server.stop().await {
                        tracing::error!(error = format!("{:#}", anyhow::Error::new(error)), "PostgreSQL did not stop cleanly");
                    }
                    return;
                }
            }
        }
    });
    Ok(url)
}

/// Starts it again, however long that takes: a disk that is full has room again some day, and until then
/// the rest of the instance says what is wrong.
async fn again(ended: Server, options: &Options) -> Server {
    let mut outcome = ended.restart().await;
    loop {
        match outcome {
            Ok(server) => return server,
            Err(error) => {
                let error = format!("{:#}", anyhow::Error::new(error));
                tracing::error!(error, "PostgreSQL cannot be started again yet");
            }
        }
        tokio::time::sleep(PAUSE).await;
        outcome = Server::start(options.clone()).await;
    }
}
