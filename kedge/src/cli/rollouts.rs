//! `kedge rollouts`

use clap::Args;
use jiff::Timestamp;

use client::Env;

use super::age;
use super::complete;
use super::output::{Format, Output};
use super::server::{self, Server};
use super::shown::{self, Items, Rollout, short, subject};
use super::table::{Cell, Table};
use super::tint;

pub(super) const EXAMPLE: &str = "Example:
  kedge rollouts
  kedge rollouts web -o wide";

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// Only those of this application
    #[arg(value_name = "APP", add = complete::applications())]
    application: Option<String>,
    #[command(flatten)]
    server: server::Arguments,
    #[command(flatten)]
    output: Output,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let server = Server::open(&arguments.server)?;
    let answer = match &arguments.application {
        Some(name) => server.read(&["apps", name, "history"], &[]).await?,
        None => server.read(&["rollouts"], &[]).await?,
    };
    arguments.output.show(&answer, |screen| {
        let rollouts: Items<Rollout> = shown::read(&answer)?;
        if rollouts.items.is_empty() {
            return screen.lines(["There was no rollout yet."]);
        }
        let now = Env::system().now();
        screen.table(&table(&rollouts.items, arguments.output.format, now))
    })
}

pub(super) fn table(rollouts: &[Rollout], format: Format, now: Timestamp) -> Table {
    let all = [
        "ROLLOUT", "PHASE", "COMMIT", "AGE", "TOOK", "BY", "TRIGGER", "UNDOES", "SUBJECT",
        "MESSAGE",
    ];
    let narrow = ["ROLLOUT", "PHASE", "COMMIT", "AGE", "TOOK", "SUBJECT"];
    let wide = format == Format::Wide;
    let mut table = Table::new(if wide { &all } else { &narrow })
        .yielding(&["TRIGGER", "BY", "UNDOES", "SUBJECT", "TOOK", "COMMIT"]);
    for rollout in rollouts {
        let mut cells = vec![
            rollout.id.as_str().into(),
            verdict(rollout),
            short(&rollout.revision).into(),
            age::between(rollout.started_at, now).into(),
            took(rollout).into(),
        ];
        if wide {
            let by = rollout.asked_by.as_ref().unwrap_or(&rollout.author);
            cells.push(by.name.as_str().into());
            cells.push(rollout.trigger.as_str().into());
            cells.push(rollout.rollback_of.as_str().into());
        }
        cells.push(subject(&rollout.commit_message).into());
        if wide {
            cells.push(rollout.message.as_str().into());
        }
        table.row(cells);
    }
    table
}

/// The phase, and whether what it did was undone.
fn verdict(rollout: &Rollout) -> Cell {
    if rollout.taken_back.is_some() {
        return tint::state("Rolled back");
    }
    match rollout.undone_at {
        Some(_) => Cell::styled(
            format!("{}, undone", rollout.phase),
            tint::style(&rollout.phase),
        ),
        None => tint::state(&rollout.phase),
    }
}

/// How long it ran; empty while it runs.
pub(super) fn took(rollout: &Rollout) -> String {
    let finished = rollout.finished_at;
    finished.map_or_else(String::new, |end| age::between(rollout.started_at, end))
}
