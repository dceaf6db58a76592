//! The embedded PostgreSQL of an instance: started first, watched, stopped last.

use std::path::Path;

use anyhow::Context;
use client::Tasks;
use embedded_postgres::{Options, Server};

const DATABASE: &str = "kedge";

/// Starts the server, or takes over one that still runs, and keeps it running until the tasks
/// are cancelled. Answers the URL of the database.
pub(crate) async fn start(
    directory: &Path,
    instance: &str,
    tasks: &Tasks,
) -> anyhow::Result<String> {
    let fallback = Path::new("/var/lib/kedge").join(instance).join("postgres");
    let options = Options::new(directory, fallback).with_database(DATABASE);
    let server = Server::start(options)
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
                    server = match server.restart().await {
                        Ok(server) => server,
                        Err(error) => {
                            tracing::error!(error = format!("{:#}", anyhow::Error::new(error)), "PostgreSQL cannot be started again");
                            return token.cancel();
                        }
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
