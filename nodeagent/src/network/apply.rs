//! Runs the steps of a plan.

use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use super::plan::{Step, Topology};

const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot start {program}; is it installed?")]
    Start {
        program: &'static str,
        #[source]
        source: std::io::Error,
    },
    #[error("`{command}` did not finish within {TIMEOUT:?}")]
    Timeout { command: String },
    #[error("`{command}` failed: {detail}")]
    Failed { command: String, detail: String },
}

/// Brings the networks up.
pub async fn apply(topology: &Topology) -> Result<(), Error> {
    for step in topology.up() {
        run(&step).await?;
    }
    Ok(())
}

/// Takes the networks down.
pub async fn remove(topology: &Topology) -> Result<(), Error> {
    for step in topology.down() {
        run(&step).await?;
    }
    Ok(())
}

async fn run(step: &Step) -> Result<(), Error> {
    let command = || format!("{} {}", step.program, step.arguments.join(" "));
    let output = Command::new(step.program)
        .args(&step.arguments)
        .kill_on_drop(true)
        .output();
    let output = timeout(TIMEOUT, output)
        .await
        .map_err(|_| Error::Timeout { command: command() })?
        .map_err(|source| Error::Start {
            program: step.program,
            source,
        })?;
    let detail = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let nothing_to_do = !step.done_already.is_empty() && detail.contains(step.done_already);
    if output.status.success() || nothing_to_do {
        Ok(())
    } else {
        Err(Error::Failed {
            command: command(),
            detail,
        })
    }
}
