//! Runs the steps of a plan.

use std::net::Ipv4Addr;
use std::process::Output;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use super::instance::Instance;
use super::plan::{Step, Topology, down, ip};
use super::ranges::{Route, routes};
use super::way::Way;

/// What `ip` says of an address that no route leads to.
const UNREACHABLE: &str = "unreachable";
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

/// Brings the network of a machine up that joined an instance on another one, as its node.
pub async fn join(topology: &Topology, node: u8, via: Ipv4Addr) -> Result<(), Error> {
    for step in topology.joined(node, via) {
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
    let arguments = ["-N", "-json", "-4", "route", "show", "table", "all"];
    let step = ip(None, &arguments, "");
    let output = output(&step).await?;
    let routes = routes(&output.stdout).map_err(|error| not_understood(&step, &error))?;
    let own = instance.devices();
    let others = routes.into_iter();
    Ok(others.filter(|it| !own.contains(&it.device)).collect())
}

/// How an address is reached from this machine.
pub async fn way(address: Ipv4Addr) -> Result<Way, Error> {
    let step = ip(
        None,
        &["-json", "-4", "route", "get", &address.to_string()],
        UNREACHABLE,
    );
    let output = output(&step).await?;
    Way::read(&output.stdout).map_err(|error| not_understood(&step, &error))
}

pub(super) fn not_understood(step: &Step, error: &str) -> Error {
    Error::Failed {
        command: line(step),
        detail: format!("its answer is not understood: {error}"),
    }
}

pub(super) async fn run(step: &Step) -> Result<(), Error> {
    output(step).await.map(drop)
}

pub(super) async fn output(step: &Step) -> Result<Output, Error> {
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
