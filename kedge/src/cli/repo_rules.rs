//! `kedge repo protect`, `unprotect` and `rules`

use clap::Args;
use serde::Deserialize;
use serde_json::Value;

use super::complete;
use super::output::Output;
use super::repo::Known;
use super::server::{self, Server};
use super::shown::{self, Items};
use super::table::{Cell, Table};

#[derive(Args)]
#[group(skip)]
pub(super) struct Protect {
    /// The repository
    #[arg(value_name = "NAME", add = complete::repositories())]
    name: String,
    /// The branches: main, release/* (within a name), wip/** (across), or refs/tags/v*
    #[arg(value_name = "PATTERN")]
    pattern: String,
    /// Only these users may push there [default: all who may write]
    #[arg(long, value_name = "USERS", value_delimiter = ',')]
    pushers: Vec<String>,
    /// History may be rewritten there
    #[arg(long)]
    allow_force: bool,
    /// They may be deleted
    #[arg(long)]
    allow_deletion: bool,
    #[command(flatten)]
    server: server::Arguments,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
#[group(skip)]
pub(super) struct Unprotect {
    /// The repository
    #[arg(value_name = "NAME", add = complete::repositories())]
    name: String,
    /// The pattern of the rule
    #[arg(value_name = "PATTERN")]
    pattern: String,
    #[command(flatten)]
    server: server::Arguments,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Rule {
    pattern: String,
    allow_force: bool,
    allow_deletion: bool,
    pushers: Vec<String>,
}

pub(super) async fn protect(arguments: &Protect) -> anyhow::Result<()> {
    let word = |yes: bool| if yes { "true" } else { "false" };
    let pushers = arguments.pushers.join(",");
    let form = [
        ("pattern", arguments.pattern.as_str()),
        ("pushers", &pushers),
        ("force", word(arguments.allow_force)),
        ("deletion", word(arguments.allow_deletion)),
    ];
    let server = Server::open(&arguments.server)?;
    let path = ["repositories", &arguments.name, "rules"];
    show(&server.send(&path, &form).await?, &arguments.output)
}

pub(super) async fn unprotect(arguments: &Unprotect) -> anyhow::Result<()> {
    let server = Server::open(&arguments.server)?;
    let path = ["repositories", &arguments.name, "rules", "delete"];
    let form = [("pattern", arguments.pattern.as_str())];
    show(&server.send(&path, &form).await?, &arguments.output)
}

pub(super) async fn rules(known: &Known) -> anyhow::Result<()> {
    let server = Server::open(&known.server)?;
    let path = ["repositories", &known.name, "rules"];
    show(&server.read(&path, &[]).await?, &known.output)
}

fn show(answer: &Value, output: &Output) -> anyhow::Result<()> {
    output.show(answer, |screen| {
        let rules: Items<Rule> = shown::read(answer)?;
        screen.table(&table(&rules.items))
    })
}

fn table(rules: &[Rule]) -> Table {
    let mut table = Table::new(&["PATTERN", "REWRITE", "DELETE", "PUSHERS"]);
    let word = |yes: bool| Cell::from(if yes { "yes" } else { "no" });
    for rule in rules {
        let pushers = match rule.pushers.join(", ") {
            none if none.is_empty() => "all writers".to_owned(),
            some => some,
        };
        table.row([
            Cell::from(rule.pattern.as_str()),
            word(rule.allow_force),
            word(rule.allow_deletion),
            pushers.into(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rules_are_listed() {
        let answer = json!({"items": [
            {"pattern": "main", "allowForce": false, "allowDeletion": false, "pushers": []},
            {"pattern": "release/*", "allowForce": true, "pushers": ["ann", "ci"]},
        ]});
        let rules: Items<Rule> = shown::read(&answer).unwrap();
        assert_eq!(
            table(&rules.items).lines(),
            [
                "PATTERN     REWRITE   DELETE   PUSHERS",
                "main        no        no       all writers",
                "release/*   yes       no       ann, ci",
            ]
        );
    }
}
