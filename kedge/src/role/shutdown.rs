//! The end of a service: a signal, then an orderly stop.

use anyhow::Context;
use client::Tasks;
use tokio::signal::unix::{SignalKind, signal};

/// Waits for SIGINT or SIGTERM, then ends the tasks and waits for them.
pub(crate) async fn until_asked_to_stop(tasks: &Tasks) -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for signals")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        () = tasks.token().cancelled() => {}
    }
    tracing::info!("stopping");
    tasks.drain().await;
    Ok(())
}
