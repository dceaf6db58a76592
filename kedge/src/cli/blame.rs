//! `kedge blame`

use clap::Args;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use client::Env;

use super::age;
use super::cluster::{self, Cluster, Named, OWN};
use super::complete;
use super::fields::{is_below, near};
use super::origins;
use super::output::{Format, Output};
use super::shown::{self, short};
use super::table::{Cell, Table, plain};
use super::tint;

pub(super) const EXAMPLE: &str = "\
Of each field the change that made it what it is, or `default` where nobody asked for it. The log
reaches back a week unless the orchestrator says otherwise; older changes are told as such. Values
of Secrets are not shown.

Example:
  kedge blame deployment/web -n shop
  kedge blame deployment/web -n shop --field spec.replicas
  kedge blame deployment/web -n shop --history";

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// The object
    #[arg(value_name = "KIND/NAME", value_parser = cluster::named_object, add = complete::objects())]
    what: Named,
    /// Its namespace
    #[arg(short = 'n', long, value_name = "NAMESPACE", default_value = "default", value_parser = cluster::namespace, add = complete::namespaces())]
    namespace: String,
    /// Only this field and what is below it, such as spec.template
    #[arg(long, value_name = "PATH")]
    field: Option<String>,
    /// The status as well
    #[arg(long, conflicts_with = "history")]
    status: bool,
    /// The last changes, newest first, instead of the fields
    #[arg(long)]
    history: bool,
    #[command(flatten)]
    cluster: cluster::Arguments,
    #[command(flatten)]
    output: Output,
}

impl Arguments {
    fn asks_for(&self, field: &str) -> bool {
        match &self.field {
            Some(path) => is_below(field, path),
            None => self.status || self.history || !is_below(field, "status"),
        }
    }

    /// Of a change what is asked for; `None` for one that has nothing of it. A creation and a
    /// deletion are about every field.
    fn part(&self, change: &Told) -> Option<Told> {
        let mut part = change.clone();
        part.fields.retain(|told| self.asks_for(&told.field));
        let is_whole = change.operation != "changed";
        (is_whole || self.field.is_none() || !part.fields.is_empty()).then_some(part)
    }
}

/// A change, or a field with the change that made it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Told {
    field: String,
    was: Option<Value>,
    is: Option<Value>,
    revision: String,
    time: Option<Timestamp>,
    operation: String,
    user: String,
    manager: String,
    commit: String,
    file: String,
    line: u32,
    /// Whose it is, as the object's page has it.
    sort: String,
    exact: Option<bool>,
    fields: Vec<Told>,
}

impl Told {
    /// `shop/web.yaml:7`; empty where it is not known.
    fn place(&self) -> String {
        if self.file.is_empty() {
            String::new()
        } else {
            format!("{}:{}", self.file, self.line)
        }
    }

    /// User, manager and commit. Nobody asked for a default: who made what it is in did not name it.
    fn by(&self) -> [String; 3] {
        if self.sort == "default" {
            return ["default".into(), String::new(), String::new()];
        }
        let commit = short(&self.commit);
        [self.user.clone(), self.manager.clone(), commit]
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Answer {
    fields: Vec<Told>,
    items: Vec<Told>,
    deleted: Option<Told>,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let cluster = Cluster::open(&arguments.cluster).await?;
    let path = if arguments.history {
        "history"
    } else {
        "blame"
    };
    let Named { resource, name } = &arguments.what;
    let mut query = vec![
        ("group", resource.group.as_str()),
        ("resource", &resource.plural),
        ("name", name),
    ];
    if resource.is_namespaced() {
        query.push(("namespace", &arguments.namespace));
    }
    let mut answer = match cluster.read(&format!("{OWN}/{path}"), &query).await {
        Err(error) => {
            let about = cluster.about(&arguments.what, &arguments.namespace, error);
            return Err(about.await);
        }
        Ok(answer) => answer,
    };
    locate(arguments, &mut answer).await;
    arguments.output.show(&answer, |screen| {
        let answer: Answer = shown::read(&answer)?;
        let (format, now) = (arguments.output.format, Env::system().now());
        if arguments.history {
            let changes = answer
                .items
                .iter()
                .filter_map(|change| arguments.part(change));
            return screen.lines(changes.flat_map(|change| log(&change, now)));
        }
        known(arguments, &answer)?;
        screen.lines(answer.deleted.iter().map(|change| gone(change, now)))?;
        let fields = answer.fields.iter();
        let fields = fields.filter(|told| arguments.asks_for(&told.field));
        screen.table(&table(fields, format, now))
    })
}

/// That there is the field which is asked for.
fn known(arguments: &Arguments, answer: &Answer) -> anyhow::Result<()> {
    let all: Vec<&str> = answer.fields.iter().map(|it| it.field.as_str()).collect();
    let Some(path) = &arguments.field else {
        return Ok(());
    };
    if all.is_empty() || all.iter().any(|field| is_below(field, path)) {
        return Ok(());
    }
    let Named { resource, name } = &arguments.what;
    let kind = resource.kind.to_lowercase();
    anyhow::bail!("{kind}/{name} has no field {path}; {}", near(path, &all))
}

/// Says of what was applied where the repository has it. Who and what stand without it.
async fn locate(arguments: &Arguments, answer: &mut Value) {
    let Some(server) = arguments.cluster.reconciler() else {
        return;
    };
    let Named { resource, name } = &arguments.what;
    let namespace = if resource.is_namespaced() {
        &arguments.namespace
    } else {
        ""
    };
    let fields = origins::asked(answer);
    if let Err(error) = origins::fill(&server, (resource, namespace, name), fields).await {
        anstream::eprintln!("files, lines and defaults are not known: {error:#}");
    }
}

fn table<'a>(fields: impl Iterator<Item = &'a Told>, format: Format, now: Timestamp) -> Table {
    let all = [
        "FIELD", "VALUE", "WAS", "AGE", "USER", "MANAGER", "COMMIT", "FILE", "REVISION", "TIME",
    ];
    let wide = format == Format::Wide;
    let mut table = Table::new(if wide { &all } else { &all[..8] })
        .yielding(&["REVISION", "TIME", "MANAGER", "WAS", "COMMIT", "USER"]);
    for told in fields {
        let by = told.by();
        let mut cells = vec![
            Cell::path(told.field.as_str()),
            value(told.is.as_ref()).into(),
            value(told.was.as_ref()).into(),
            since(told, now).into(),
            by[0].as_str().into(),
            by[1].as_str().into(),
            by[2].as_str().into(),
            Cell::path(told.place()),
        ];
        if wide {
            cells.push(told.revision.as_str().into());
            cells.push(told.time.map_or(String::new(), |at| at.to_string()).into());
        }
        table.row(cells);
    }
    table
}

/// How long it is so; longer where the log does not say since when.
fn since(told: &Told, now: Timestamp) -> String {
    let age = told.time.map_or(String::new(), |at| age::between(at, now));
    if told.exact == Some(false) {
        format!(">{age}")
    } else {
        age
    }
}

fn gone(change: &Told, now: Timestamp) -> String {
    plain(&format!(
        "It was deleted {} ago by {}; `kedge undelete` brings it back.",
        since(change, now),
        who(change)
    ))
}

fn log(change: &Told, now: Timestamp) -> Vec<String> {
    let title = format!(
        "{} {} {} ago by {}",
        change.revision,
        change.operation,
        since(change, now),
        who(change)
    );
    let mut lines = vec![tint::heading(&plain(&title))];
    lines.extend(change.fields.iter().map(|told| {
        let (was, is) = (value(told.was.as_ref()), value(told.is.as_ref()));
        let line = match (told.was.is_some(), told.is.is_some()) {
            (false, _) => format!("{}: {is}", told.field),
            (true, false) => format!("{}: {was} -> (gone)", told.field),
            (true, true) => format!("{}: {was} -> {is}", told.field),
        };
        let place = told.place();
        let place = if place.is_empty() {
            place
        } else {
            format!(" ({place})")
        };
        format!("    {}", plain(&format!("{line}{place}")))
    }));
    lines
}

fn who(change: &Told) -> String {
    let mut who = change.user.clone();
    if !change.manager.is_empty() {
        who = format!("{who} ({})", change.manager);
    }
    if !change.commit.is_empty() {
        who = format!("{who}, commit {}", short(&change.commit));
    }
    who
}

/// Characters of a value in a table.
const LONGEST: usize = 60;

fn value(value: Option<&Value>) -> String {
    let text = match value {
        None => return String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    let mut letters = text.chars();
    let head: String = letters.by_ref().take(LONGEST).collect();
    if letters.next().is_some() {
        format!("{head}…")
    } else {
        head
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn clean(lines: &[String]) -> Vec<String> {
        let strip = |line: &String| anstream::adapter::strip_str(line).to_string();
        lines.iter().map(strip).collect()
    }

    #[test]
    fn nobody_is_told_to_have_asked_for_a_default() {
        let field = |sort: &str| {
            json!({"field": "spec.replicas", "is": 3, "user": "reconciler", "manager": "kedge",
                   "commit": "0123456789abcdef", "sort": sort})
        };
        let fields: Vec<Told> = shown::read(&json!([field("default"), field("git")])).unwrap();
        let lines = table(fields.iter(), Format::Table, Timestamp::UNIX_EPOCH).lines();
        assert!(lines[1].contains("default"), "{lines:?}");
        for asked in ["reconciler", "kedge", "0123456789ab"] {
            assert!(!lines[1].contains(asked), "{lines:?}");
            assert!(lines[2].contains(asked), "{lines:?}");
        }
    }

    #[test]
    fn tells_of_each_field_who_made_it() {
        let answer = json!({"fields": [
            {"field": "spec.replicas", "was": 2, "is": 3, "time": "2026-01-01T10:00:00Z",
             "user": "ann", "manager": "kubectl", "commit": "", "exact": true},
            {"field": "spec.paused", "is": true, "time": "2026-01-01T09:59:00Z",
             "user": "reconciler", "manager": "kedge", "commit": "0123456789abcdef",
             "file": "a.yaml", "line": 7, "exact": false},
        ]});
        let answer: Answer = shown::read(&answer).unwrap();
        let now = "2026-01-01T10:00:30Z".parse().unwrap();
        assert_eq!(
            table(answer.fields.iter(), Format::Table, now).lines(),
            [
                "FIELD           VALUE   WAS   AGE    USER         MANAGER   COMMIT         FILE",
                "spec.replicas   3       2     30s    ann          kubectl",
                "spec.paused     true          >90s   reconciler   kedge     0123456789ab   a.yaml:7",
            ]
        );
    }

    #[test]
    fn a_field_is_itself_and_what_is_below() {
        for (path, expected) in [
            ("spec", true),
            ("spec.ports", true),
            ("spec.ports[port=80]", true),
            ("spec.port", false),
            ("status", false),
        ] {
            assert_eq!(
                is_below("spec.ports[port=80].name", path),
                expected,
                "{path}"
            );
        }
    }

    #[test]
    fn a_log_tells_what_was_and_what_is() {
        let change = json!({"revision": "7", "operation": "changed", "user": "ann",
            "manager": "kubectl", "time": "2026-01-01T10:00:00Z", "fields": [
            {"field": "data.a", "was": "1", "is": "2", "file": "a.yaml", "line": 7},
            {"field": "data.b", "is": "x"},
            {"field": "data.c", "was": "y"}]});
        let change: Told = shown::read(&change).unwrap();
        let now = "2026-01-01T10:00:30Z".parse().unwrap();
        assert_eq!(
            clean(&log(&change, now)),
            [
                "7 changed 30s ago by ann (kubectl)",
                "    data.a: 1 -> 2 (a.yaml:7)",
                "    data.b: x",
                "    data.c: y -> (gone)",
            ]
        );
        assert!(gone(&change, now).starts_with("It was deleted 30s ago by ann"));
    }
}
