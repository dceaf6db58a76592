//! `kedge rollout`

use clap::Args;

use super::age;
use super::complete;
use super::follow;
use super::output::{Format, Output};
use super::rollouts::took;
use super::server::{self, Server};
use super::shown::{self, Rollout, short, subject};
use super::table::{Cell, Table, plain};
use super::tint;

pub(super) const EXAMPLE: &str = "Example:
  kedge rollout web-12
  kedge rollout web-12 --wait";

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// Which one: `APP-NUMBER`, as `kedge rollouts` lists it
    #[arg(value_name = "ROLLOUT", add = complete::rollouts())]
    rollout: String,
    #[command(flatten)]
    follow: follow::Arguments,
    #[command(flatten)]
    server: server::Arguments,
    #[command(flatten)]
    output: Output,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let server = Server::open(&arguments.server)?;
    let path = ["rollouts", arguments.rollout.as_str()];
    let mut answer = server.read(&path, &[]).await?;
    if arguments.follow.wait {
        let format = arguments.output.format;
        let ids = std::slice::from_ref(&arguments.rollout);
        follow::all(&server, ids, format).await?;
        answer = server.read(&path, &[]).await?;
        if format == Format::Table {
            return Ok(());
        }
    }
    arguments.output.show(&answer, |screen| {
        let rollout: Rollout = shown::read(&answer)?;
        screen.lines(head(&rollout, screen.width()))?;
        match untouched(&rollout, arguments.output.format) {
            Some(sentence) => screen.lines([sentence])?,
            None => screen.table(&objects(&rollout, arguments.output.format))?,
        }
        screen.lines([String::new(), tint::heading("Steps")])?;
        screen.table(&steps(&rollout))
    })
}

fn head(rollout: &Rollout, most: Option<usize>) -> Vec<String> {
    let change = match rollout.previous.as_str() {
        "" => short(&rollout.revision),
        previous => format!("{} -> {}", short(previous), short(&rollout.revision)),
    };
    let facts = [
        ("Rollout", rollout.id.clone()),
        ("Application", rollout.application.clone()),
        ("Phase", rollout.phase.clone()),
        ("Message", rollout.message.clone()),
        ("Commit", change),
        ("Subject", subject(&rollout.commit_message).to_owned()),
        ("Author", rollout.author.name.clone()),
        (
            "Asked by",
            rollout
                .asked_by
                .as_ref()
                .map_or_else(String::new, |it| it.name.clone()),
        ),
        ("Trigger", rollout.trigger.clone()),
        ("Undoes", rollout.rollback_of.clone()),
        (
            "Goes on from",
            rollout.goes_on_from.clone().unwrap_or_default(),
        ),
        ("Goes on as", rollout.goes_on_as.clone().unwrap_or_default()),
        ("Mended by", rollout.mended_by.clone().unwrap_or_default()),
        (
            "Rolled back by",
            rollout
                .taken_back
                .as_ref()
                .map_or_else(String::new, |it| it.rollout.clone()),
        ),
        ("Started", age::moment(rollout.started_at)),
        ("Took", took(rollout)),
        (
            "Undone",
            rollout.undone_at.map_or_else(String::new, age::moment),
        ),
    ];
    let mut lines = tint::facts(&facts, most);
    lines.extend([String::new(), tint::heading("Objects")]);
    lines
}

/// What is said where there is no object to show.
fn untouched(rollout: &Rollout, format: Format) -> Option<String> {
    let changed = |action: &str| action != "unchanged";
    if rollout.objects.is_empty() {
        return Some("It has not come to any object.".to_owned());
    }
    if format == Format::Wide || rollout.objects.iter().any(|one| changed(&one.action)) {
        return None;
    }
    let count = rollout.objects.len();
    let are = if count == 1 { "is" } else { "are" };
    Some(format!(
        "It changes nothing: {count} of {count} {are} as the commit says; -o wide shows them."
    ))
}

/// What changed; in the wide form what did not, too.
fn objects(rollout: &Rollout, format: Format) -> Table {
    let mut table = Table::new(&["WAVE", "ACTION", "KIND", "NAME", "HEALTH", "MESSAGE"]).wrapping();
    let wanted = |action: &str| format == Format::Wide || action != "unchanged";
    for object in rollout.objects.iter().filter(|one| wanted(&one.action)) {
        table.row([
            Cell::from(object.wave.to_string()),
            tint::state(&object.action),
            Cell::from(object.kind.as_str()),
            Cell::name(object.key.title()),
            tint::state(&object.health),
            Cell::from(object.message.as_str()),
        ]);
    }
    table
}

fn steps(rollout: &Rollout) -> Table {
    let mut table = Table::new(&["TIME", "STEP"]).wrapping();
    for step in &rollout.steps {
        let at = step.at.strftime("%Y-%m-%d %H:%M:%S%.3fZ").to_string();
        table.row([Cell::from(at), Cell::from(plain(&step.text))]);
    }
    table
}

#[test]
fn a_table_without_rows_is_a_sentence() {
    let check = |actions: &[&str], format: Format, expected: Option<&str>| {
        let object = |action: &&str| serde_json::json!({"action": action, "kind": "Pod"});
        let objects: Vec<_> = actions.iter().map(object).collect();
        let rollout: Rollout = shown::read(&serde_json::json!({"objects": objects})).unwrap();
        let told = untouched(&rollout, format);
        assert_eq!(told.as_deref(), expected, "{actions:?}");
    };
    check(&[], Format::Table, Some("It has not come to any object."));
    let none = "It changes nothing: 1 of 1 is as the commit says; -o wide shows them.";
    check(&["unchanged"], Format::Table, Some(none));
    check(&["unchanged"], Format::Wide, None);
    check(&["unchanged", "changed"], Format::Table, None);
}
