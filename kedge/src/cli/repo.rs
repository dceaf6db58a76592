//! `kedge repo`: hosted repositories

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde::Deserialize;

use client::Env;

use super::age::between;
use super::complete;
use super::output::{Format, Output};
use super::repo_mirror::{self, Mirror};
use super::repo_rules;
use super::server::{self, Server};
use super::shown::{self, Items};
use super::table::{Cell, Table, plain_line};

pub(super) const EXAMPLE: &str = "\
Hosted repositories are served beside the cluster's own, at /git/NAME.git. An Application takes its
manifests from one with `source.repo: NAME`; a push to what it follows is checked, planned and told
like a push to the cluster repository. `main` is not rewritten and not deleted unless a rule says so.

Example:
  kedge repo create shop
  kedge repo protect shop 'release/*' --pushers ann,ci
  kedge repo mirror shop --to https://git.example.org/team/shop.git
  kedge repo list
  kedge repo delete shop";

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Make an empty repository
    Create(One),
    /// List the repositories that are hosted
    List(List),
    /// Remove a repository with all that is in it
    Delete(Known),
    /// Say what may be done to branches, and by whom
    Protect(repo_rules::Protect),
    /// Take such a rule away
    Unprotect(repo_rules::Unprotect),
    /// Keep a copy of a repository elsewhere, or of one elsewhere here
    Mirror(repo_mirror::Arguments),
    /// List the rules of a repository
    Rules(Known),
}

#[derive(Args)]
#[group(skip)]
struct One {
    /// The repository
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    server: server::Arguments,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
#[group(skip)]
pub(super) struct Known {
    /// The repository
    #[arg(value_name = "NAME", add = complete::repositories())]
    pub(super) name: String,
    #[command(flatten)]
    pub(super) server: server::Arguments,
    #[command(flatten)]
    pub(super) output: Output,
}

#[derive(Args)]
#[group(skip)]
struct List {
    #[command(flatten)]
    server: server::Arguments,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Repository {
    name: String,
    url: String,
    created_by: String,
    created_at: Option<Timestamp>,
    applications: Vec<String>,
    mirrors: Vec<Mirror>,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    match &arguments.verb {
        Verb::Create(one) => create(one).await,
        Verb::List(arguments) => list(arguments).await,
        Verb::Delete(one) => delete(one).await,
        Verb::Protect(arguments) => repo_rules::protect(arguments).await,
        Verb::Unprotect(arguments) => repo_rules::unprotect(arguments).await,
        Verb::Mirror(arguments) => repo_mirror::run(arguments).await,
        Verb::Rules(arguments) => repo_rules::rules(arguments).await,
    }
}

async fn create(one: &One) -> anyhow::Result<()> {
    let server = Server::open(&one.server)?;
    let form = [("name", one.name.as_str())];
    let answer = server.send(&["repositories"], &form).await?;
    one.output.show(&answer, |screen| {
        let made: Repository = shown::read(&answer)?;
        let (name, url) = (plain_line(&made.name), plain_line(&made.url));
        screen.lines([
            format!("{name} is there: git clone {url}"),
            format!("An Application reads it with `repo: {name}`."),
        ])
    })
}

async fn delete(one: &Known) -> anyhow::Result<()> {
    let server = Server::open(&one.server)?;
    let path = ["repositories", &one.name, "delete"];
    let answer = server.send(&path, &[]).await?;
    one.output.show(&answer, |screen| {
        let gone: Repository = shown::read(&answer)?;
        screen.lines([format!("{} is gone", plain_line(&gone.name))])
    })
}

async fn list(arguments: &List) -> anyhow::Result<()> {
    let server = Server::open(&arguments.server)?;
    let answer = server.read(&["repositories"], &[]).await?;
    arguments.output.show(&answer, |screen| {
        let all: Items<Repository> = shown::read(&answer)?;
        if all.items.is_empty() {
            return screen.lines(["No repository is hosted here yet: kedge repo create NAME"]);
        }
        let format = arguments.output.format;
        screen.table(&table(&all.items, format, Env::system().now()))
    })
}

fn table(all: &[Repository], format: Format, now: Timestamp) -> Table {
    let wide = format == Format::Wide;
    let mut table = Table::new(if wide {
        &["NAME", "URL", "AGE", "BY", "APPLICATIONS", "MIRRORS"]
    } else {
        &["NAME", "URL", "AGE", "APPLICATIONS", "MIRRORS"]
    });
    table = table.yielding(&["BY", "MIRRORS", "APPLICATIONS", "AGE"]);
    for one in all {
        let age = one.created_at.map(|at| between(at, now));
        let mut cells = vec![
            Cell::from(one.name.as_str()),
            one.url.as_str().into(),
            age.unwrap_or_default().into(),
        ];
        if wide {
            cells.push(one.created_by.as_str().into());
        }
        cells.push(one.applications.join(", ").into());
        let mirrors = one.mirrors.iter().map(|mirror| mirror.state(now));
        cells.push(mirrors.collect::<Vec<_>>().join("; ").into());
        table.row(cells);
    }
    table
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn repositories_are_listed_with_who_reads_them() {
        let answer = json!({"items": [
            {"name": "cluster", "url": "http://h/git/cluster.git"},
            {"name": "shop", "url": "http://h/git/shop.git", "createdBy": "admin",
             "createdAt": "2026-03-01T13:00:00Z", "applications": ["web", "api"], "mirrors": [
              {"direction": "to", "url": "https://h/x", "syncedAt": "2026-03-01T13:59:00Z"},
              {"direction": "to", "url": "https://i/x", "error": "no answer"}]},
        ]});
        let all: Items<Repository> = shown::read(&answer).unwrap();
        let now = "2026-03-01T14:00:00Z".parse().unwrap();
        assert_eq!(
            table(&all.items, Format::Table, now).lines(),
            [
                "NAME      URL                        AGE   APPLICATIONS   MIRRORS",
                "cluster   http://h/git/cluster.git",
                "shop      http://h/git/shop.git      60m   web, api       to https://h/x (60s ago); to https://i/x (no answer)",
            ]
        );
    }
}
