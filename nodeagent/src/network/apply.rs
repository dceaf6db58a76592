//! Runs the steps of a plan.

use std::process::Output;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use super::instance::Instance;
use super::plan::{Step, Topology, down};
use super::ranges::{Route, routes};

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

/// Takes the networks of an instance with at most so many nodes down.
pub async fn remove(instance: &Instance, nodes: u8) -> Result<(), Error> {
    for step in down(instance, nodes) {
        run(&step).await?;
    }
    Ok(())
}

/// The routes of this machine that are not the instance's own.
pub(super) async fn foreign_routes(instance: &Instance) -> Result<Vec<Route>, Error> {
    let arguments = ["-json", "-4", "route", "show", "table", "all"];
    let step = Step {
        program: "ip",
        arguments: arguments.map(str::to_owned).to_vec(),
        done_already: "",
    };
    let output = output(&step).await?;
    let routes = routes(&output.stdout).map_err(|error| Error::Failed {
        command: line(&step),
        detail: format!("its answer is not understood: {error}"),
    })?;
    let own = instance.devices();
    let others = routes.into_iter();
    Ok(others.filter(|it| !own.contains(&it.device)).collect())
}

async fn run(step: &Step) -> Result<(), Error> {
    output(step).await.map(drop)
}

async fn output(step: &Step) -> Result<Output, Error> {
    let output = Command::new(step.program)
        .args(&step.arguments)
        .kill_on_drop(true)
        .output();
    let output = timeout(TIMEOUT, output)
        .await
        .map_err(|_| Error::Timeout {
            command: line(step),
        })?
        .map_err(|source| Error::Start {
            program: step.program,
            source,
        })?;
    let detail = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let nothing_to_do = !step.done_already.is_empty() && detail.contains(step.done_already);
    if output.status.success() || nothing_to_do {
        Ok(output)
    } else {
        Err(Error::Failed {
            command: line(step),
            detail,
        })
    }
}

fn line(step: &Step) -> String {
    format!("{} {}", step.program, step.arguments.join(" "))
}
