//! `kedge app`

use clap::Args;
use jiff::Timestamp;

use client::Env;

use super::age;
use super::complete;
use super::output::{Format, Output};
use super::rollouts;
use super::server::{self, Server};
use super::shown::{self, Application, Node, short};
use super::table::{Cell, Table};
use super::tint;

pub(super) const EXAMPLE: &str = "Example:
  kedge app web
  kedge app web -o json";

/// How many rollouts are shown.
const ROLLOUTS: usize = 5;
/// How deep owners may be nested: more is a circle.
const DEPTH: usize = 16;

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// The application's name
    #[arg(value_name = "APP", add = complete::applications())]
    application: String,
    #[command(flatten)]
    server: server::Arguments,
    #[command(flatten)]
    output: Output,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let server = Server::open(&arguments.server)?;
    let answer = server.read(&["apps", &arguments.application], &[]).await?;
    arguments.output.show(&answer, |screen| {
        let application: Application = shown::read(&answer)?;
        let now = Env::system().now();
        screen.lines(head(&application, screen.width()))?;
        match &application.tree {
            Some(nodes) => {
                let said = application.health.message.as_str();
                screen.table(&objects(nodes, said, arguments.output.format, now))?;
            }
            None => {
                screen.lines(["The cluster does not answer: its objects are not known now."])?;
            }
        }
        if application.rollouts.is_empty() {
            return Ok(());
        }
        screen.lines([String::new(), tint::heading("Rollouts")])?;
        let last = application.rollouts.len().min(ROLLOUTS);
        let last = &application.rollouts[..last];
        screen.table(&rollouts::table(last, arguments.output.format, now))
    })
}

fn head(application: &Application, most: Option<usize>) -> Vec<String> {
    let (reason, trouble) = match &application.trouble {
        Some(trouble) => (trouble.reason.clone(), trouble.message.clone()),
        None => (String::new(), String::new()),
    };
    let facts = [
        ("Application", application.name.clone()),
        ("Sync", application.sync.clone()),
        (
            "",
            beside(&application.sync_message, application.pause()).to_owned(),
        ),
        ("Paused", application.pause().to_owned()),
        ("Health", application.state().to_owned()),
        ("", application.health.message.clone()),
        ("Source", reason),
        ("", trouble),
        ("Path", application.path.clone()),
        ("Depends on", application.depends_on.join(", ")),
        ("Commit", short(&application.revision)),
        ("Applied", short(&application.applied)),
    ];
    let mut lines = tint::facts(&facts, most);
    lines.extend([String::new(), tint::heading("Objects")]);
    lines
}

/// What there is to say besides what it waits for, which is said for itself.
fn beside<'a>(sync: &'a str, waits: &str) -> &'a str {
    let rest = sync.strip_prefix(waits);
    rest.map_or(sync, |rest| rest.trim_start_matches("; "))
}

/// Each object below the one that made it. What was `said` of all, or of what made it, is not said
/// again.
fn objects(nodes: &[Node], said: &str, format: Format, now: Timestamp) -> Table {
    let narrow = ["KIND", "NAME", "HEALTH", "AGE", "MESSAGE"];
    let all = ["KIND", "NAME", "HEALTH", "AGE", "WAVE", "UID", "MESSAGE"];
    let wide = format == Format::Wide;
    let mut table = Table::new(if wide { &all } else { &narrow })
        .yielding(&["UID", "WAVE", "AGE"])
        .wrapping();
    let mut above = vec![said];
    for (node, depth) in below(nodes, None, 0) {
        let health = node.health.as_ref();
        let state = match health {
            Some(health) => health.status.as_str(),
            None if node.missing => "Missing",
            None => "",
        };
        let age = node.created_at.map(|at| age::between(at, now));
        let kind = format!("{}{}", "- ".repeat(depth), node.kind);
        let mut cells = vec![
            kind.into(),
            Cell::name(node.key.title()),
            tint::state(state),
            Cell::from(age.unwrap_or_default()),
        ];
        if wide {
            cells.push(node.wave.to_string().into());
            cells.push(node.uid.as_str().into());
        }
        let told = match health.map_or("", |health| health.message.as_str()) {
            "" => node.warning.as_str(),
            told => told,
        };
        above.truncate(depth + 1);
        let is_said = above.iter().any(|it| it.contains(told));
        cells.push(if is_said { "" } else { told }.into());
        above.push(told);
        table.row(cells);
    }
    table
}

fn below<'a>(nodes: &'a [Node], owner: Option<&str>, depth: usize) -> Vec<(&'a Node, usize)> {
    let known = |uid: &str| nodes.iter().any(|node| node.uid == uid);
    let own = nodes.iter().filter(|node| {
        let of = node.owner.as_deref().filter(|of| known(of));
        of == owner && depth < DEPTH
    });
    own.flat_map(|node| {
        let inner = match node.uid.as_str() {
            "" => Vec::new(),
            uid => below(nodes, Some(uid), depth + 1),
        };
        std::iter::once((node, depth)).chain(inner)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_it_waits_for_is_said_once() {
        let waits = "deletes a only when asked";
        let check = |sync: &str, expected: &str| assert_eq!(beside(sync, waits), expected);
        check("deletes a only when asked; 1 to delete", "1 to delete");
        check("deletes a only when asked", "");
        check("2 to change", "2 to change");
        assert_eq!(beside("2 to change", ""), "2 to change");
    }

    #[test]
    fn what_is_said_above_is_not_said_again() {
        let why = "container api in pod web-1-a cannot start";
        let node = |uid: &str, owner: Option<&str>, message: &str| {
            json!({"kind": "Pod", "key": {"namespace": "shop", "name": uid}, "uid": uid, "owner": owner,
            "health": {"status": "Degraded", "message": message}})
        };
        let nodes: Vec<Node> = shown::read(&json!([
            node("web", None, why),
            node("web-1", Some("web"), "1 of 1 wait"),
            node("web-1-a", Some("web-1"), "1 of 1 wait"),
            node("web-2", Some("web"), "1 of 1 wait"),
        ]))
        .unwrap();
        let told = |said: &str| -> Vec<bool> {
            let table = objects(&nodes, said, Format::Table, Timestamp::UNIX_EPOCH);
            let lines = table.lines();
            let has = |line: &String| line.contains("cannot start") || line.contains("wait");
            lines[1..].iter().map(has).collect()
        };
        assert_eq!(told(""), [true, true, false, true]);
        let head = format!("Deployment shop/web: {why}");
        assert_eq!(told(&head), [false, true, false, true]);
    }

    #[test]
    fn objects_stand_below_their_owners() {
        let node = |kind: &str, uid: &str, owner: Option<&str>| json!({"kind": kind, "key": {"namespace": "shop", "name": uid}, "uid": uid, "owner": owner});
        let nodes: Vec<Node> = shown::read(&json!([
            node("Deployment", "web", None),
            json!({"kind": "Service", "key": {"namespace": "shop", "name": ""}, "warning": "leads to no pod"}),
            node("ReplicaSet", "web-1", Some("web")),
            node("Pod", "web-1-a", Some("web-1")),
            node("Pod", "stray", Some("gone")),
            node("Pod", "a", Some("b")),
            node("Pod", "b", Some("a")),
        ]))
        .unwrap();
        let lines: Vec<String> = objects(&nodes, "", Format::Table, Timestamp::UNIX_EPOCH)
            .lines()
            .iter()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(
            lines,
            [
                "KIND NAME HEALTH AGE MESSAGE",
                "Deployment shop/web",
                "- ReplicaSet shop/web-1",
                "- - Pod shop/web-1-a",
                "Service shop/ leads to no pod",
                "Pod shop/stray",
            ]
        );
    }
}
