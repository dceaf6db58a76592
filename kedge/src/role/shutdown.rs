//! The end of a service: a signal, then an orderly stop.

use std::future::Future;

use anyhow::Context;
use client::Tasks;
use tokio::signal::unix::{SignalKind, signal};

/// Completes with the next SIGINT or SIGTERM. From the call on neither ends the process by itself.
pub(crate) fn asked_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for signals")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Waits for SIGINT or SIGTERM, or for the tasks' own end; then ends them and waits for them.
pub(crate) async fn until_asked_to_stop(tasks: &Tasks) -> anyhow::Result<()> {
    let stop = asked_to_stop()?;
    tokio::select! {
        () = stop => {}
        () = tasks.token().cancelled() => {}
    }
    tracing::info!("stopping");
    tasks.drain().await;
    Ok(())
}
