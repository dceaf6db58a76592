//! `kedge apps`

use clap::Args;
use serde_json::Value;

use super::output::{Format, Output};
use super::server::{self, Server};
use super::shown::{self, Application, Items, short, subject};
use super::table::{Cell, Table};
use super::tint;

pub(super) const EXAMPLE: &str = "Example:
  kedge apps
  kedge apps -o wide";

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    #[command(flatten)]
    server: server::Arguments,
    #[command(flatten)]
    output: Output,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let answer = Server::open(&arguments.server)?
        .read(&["apps"], &[])
        .await?;
    arguments.output.show(&answer, |screen| {
        let applications: Items<Application> = shown::read(&answer)?;
        if applications.items.is_empty() {
            screen.lines([
                "There is no application yet. Push a commit with an Application in apps/.",
            ])?;
        } else {
            screen.table(&table(&applications.items, arguments.output.format))?;
        }
        screen.lines(not_followed(&answer))
    })
}

/// Why the branch is not followed to its newest commit, below an empty line; nothing where it is.
fn not_followed(answer: &Value) -> Vec<&str> {
    let error = answer["tracked"]["error"].as_str().unwrap_or_default();
    if error.is_empty() {
        Vec::new()
    } else {
        std::iter::once("").chain(error.lines()).collect()
    }
}

fn table(applications: &[Application], format: Format) -> Table {
    let all = [
        "NAME", "SYNC", "HEALTH", "COMMIT", "PATH", "OBJECTS", "SUBJECT", "MESSAGE",
    ];
    let narrow = ["NAME", "SYNC", "HEALTH", "COMMIT", "MESSAGE"];
    let wide = format == Format::Wide;
    let mut table = Table::new(if wide { &all } else { &narrow })
        .yielding(&["OBJECTS", "PATH", "SUBJECT", "COMMIT"]);
    for application in applications {
        let mut cells = vec![
            application.name.as_str().into(),
            tint::state(&application.sync),
            tint::state(application.state()),
            short(&application.revision).into(),
        ];
        if wide {
            let commit = application.commit.as_ref();
            cells.push(application.path.as_str().into());
            cells.push(application.objects.to_string().into());
            cells.push(commit.map_or("", |commit| subject(&commit.message)).into());
        }
        cells.push(Cell::from(sentence(application)));
        table.row(cells);
    }
    table
}

/// Why it is not as it should be: its health first, for that is what people feel. What is not there
/// because its rollout waits is told by what it waits for; one that is left alone even where it is well.
fn sentence(application: &Application) -> &str {
    let waits = match application.health.status.as_str() {
        "Missing" => application.pause(),
        _ => "",
    };
    let all = [
        waits,
        application.health.message.as_str(),
        &application.sync_message,
        application.pause(),
    ];
    all.into_iter()
        .find(|it| !it.is_empty())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_commit_that_is_refused_is_told_below_the_list() {
        let refused = json!({"tracked": {"error": "commit 1 is refused:\nunknown field"}});
        let expected = ["", "commit 1 is refused:", "unknown field"];
        assert_eq!(not_followed(&refused), expected);
        assert!(not_followed(&json!({"tracked": {"error": ""}})).is_empty());
        assert!(not_followed(&json!({})).is_empty());
    }

    #[test]
    fn lists_what_is_wrong_beside_what_is_well() {
        let answer = json!({"items": [
            {"name": "ui", "sync": "Synced", "health": {"status": "Healthy", "message": ""},
             "revision": "0123456789abcdef0123", "path": "ui", "objects": 2,
             "commit": {"id": "0123456789abcdef0123", "message": "Add it\n\nAll of it"}},
            {"name": "web", "sync": "OutOfSync", "syncMessage": "1 to change",
             "health": {"status": "Degraded", "message": "Pod web-1 cannot pull its image"}},
            {"name": "new", "sync": "Synced", "paused": {"reason": "Suspended", "message": "suspended by ann"}},
        ]});
        let applications: Items<Application> = shown::read(&answer).unwrap();
        let check = |format, expected: &[&str]| {
            let lines = table(&applications.items, format).lines();
            let lines: Vec<_> = lines
                .iter()
                .map(|line| anstream::adapter::strip_str(line).to_string())
                .collect();
            assert_eq!(lines, expected);
        };
        check(
            Format::Table,
            &[
                "NAME   SYNC        HEALTH     COMMIT         MESSAGE",
                "ui     Synced      Healthy    0123456789ab",
                "web    OutOfSync   Degraded                  Pod web-1 cannot pull its image",
                "new    Synced                                suspended by ann",
            ],
        );
        check(
            Format::Wide,
            &[
                "NAME   SYNC        HEALTH     COMMIT         PATH   OBJECTS   SUBJECT   MESSAGE",
                "ui     Synced      Healthy    0123456789ab   ui     2         Add it",
                "web    OutOfSync   Degraded                         0                   Pod web-1 cannot pull its image",
                "new    Synced                                       0                   suspended by ann",
            ],
        );
    }
}
