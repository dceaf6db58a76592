//! `kedge suspend` and `kedge resume`

use clap::Args;

use super::complete;
use super::output::Output;
use super::server::{self, Server};
use super::shown::{self, Asked};
use super::table::plain_line;

pub(super) const EXAMPLE: &str = "\
Nothing of the application is changed until `kedge resume`: no rollout begins, one that runs is
stopped where it is, and what others change stays. It is recorded with your name. To suspend an
application in Git, set spec.suspend of its manifest.

Example:
  kedge suspend web --reason 'the database moves'";

pub(super) const RESUME: &str = "Example:
  kedge resume web";

#[derive(Args)]
#[group(skip)]
pub(crate) struct Suspend {
    /// The application's name
    #[arg(value_name = "APP", add = complete::applications())]
    application: String,
    /// Why, for those who wonder
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    #[command(flatten)]
    server: server::Arguments,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
#[group(skip)]
pub(crate) struct Resume {
    /// The application's name
    #[arg(value_name = "APP", add = complete::applications())]
    application: String,
    #[command(flatten)]
    server: server::Arguments,
    #[command(flatten)]
    output: Output,
}

pub(super) async fn suspend(arguments: &Suspend) -> anyhow::Result<()> {
    let server = Server::open(&arguments.server)?;
    let path = ["apps", &arguments.application, "suspend"];
    let answer = server.send(&path, &[("reason", &arguments.reason)]).await?;
    arguments.output.show(&answer, |screen| {
        let asked: Asked = shown::read(&answer)?;
        let name = plain_line(&asked.application);
        screen.lines([format!("{name} is left alone until: kedge resume {name}")])
    })
}

pub(super) async fn resume(arguments: &Resume) -> anyhow::Result<()> {
    let server = Server::open(&arguments.server)?;
    let path = ["apps", &arguments.application, "resume"];
    let answer = server.send(&path, &[]).await?;
    arguments.output.show(&answer, |screen| {
        let asked: Asked = shown::read(&answer)?;
        let name = plain_line(&asked.application);
        screen.lines([format!("{name} is followed again: kedge app {name}")])
    })
}
