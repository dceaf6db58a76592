//! `kedge apps`

use clap::Args;

use super::output::{Format, Output, Screen};
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
    let mut screen = Screen::open();
    if let Some(data) = arguments.output.format.data(&answer) {
        return screen.text(&data);
    }
    let applications: Items<Application> = shown::read(&answer)?;
    if applications.items.is_empty() {
        return screen
            .lines(["There is no application yet. Push a commit with an Application in apps/."]);
    }
    screen.table(&table(&applications.items, arguments.output.format))
}

fn table(applications: &[Application], format: Format) -> Table {
    let all = [
        "NAME", "SYNC", "HEALTH", "COMMIT", "PATH", "OBJECTS", "SUBJECT", "MESSAGE",
    ];
    let narrow = ["NAME", "SYNC", "HEALTH", "COMMIT", "MESSAGE"];
    let wide = format == Format::Wide;
    let mut table = Table::new(if wide { &all } else { &narrow });
    for application in applications {
        let mut cells = vec![
            application.name.as_str().into(),
            tint::state(&application.sync),
            tint::state(&application.health.status),
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

/// Why it is not as it should be: its health first, for that is what people feel.
fn sentence(application: &Application) -> &str {
    match application.health.message.as_str() {
        "" => &application.sync_message,
        message => message,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_what_is_wrong_beside_what_is_well() {
        let answer = json!({"items": [
            {"name": "ui", "sync": "Synced", "health": {"status": "Healthy", "message": ""},
             "revision": "0123456789abcdef0123", "path": "ui", "objects": 2,
             "commit": {"id": "0123456789abcdef0123", "message": "Add it\n\nAll of it"}},
            {"name": "web", "sync": "OutOfSync", "syncMessage": "1 to change",
             "health": {"status": "Degraded", "message": "Pod web-1 cannot pull its image"}},
            {"name": "new"},
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
                "new",
            ],
        );
        check(
            Format::Wide,
            &[
                "NAME   SYNC        HEALTH     COMMIT         PATH   OBJECTS   SUBJECT   MESSAGE",
                "ui     Synced      Healthy    0123456789ab   ui     2         Add it",
                "web    OutOfSync   Degraded                         0                   Pod web-1 cannot pull its image",
                "new                                                 0",
            ],
        );
    }
}
