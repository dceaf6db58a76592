//! `kedge diff`

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use serde_json::{Value, json};

use super::complete;
use super::live::Live;
use super::output::{Output, Screen};
use super::pager;
use super::patch;
use super::progress;
use super::server::{self, Server};
use super::shown::{self, Application, Diff, Items, short};
use super::table::plain_line;
use super::tint;

pub(super) const EXAMPLE: &str = "\
As `git diff` shows it, with what is new in a line marked, and in a pager where it is longer than the
terminal. Values of Secrets are fingerprints. The exit code says whether the comparison could be made,
not what it found.

Example:
  kedge diff
  kedge diff web --revision my-branch
  kedge diff web --revision HEAD~1";

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// Only this application
    #[arg(value_name = "APP", add = complete::applications())]
    application: Option<String>,
    /// Compare the cluster with this commit, by any name Git has for it [default: what is tracked]
    #[arg(long, value_name = "REVISION", add = complete::commits(), value_parser = NonEmptyStringValueParser::new())]
    revision: Option<String>,
    #[command(flatten)]
    pager: pager::Arguments,
    #[command(flatten)]
    server: server::Arguments,
    #[command(flatten)]
    output: Output,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let server = Server::open(&arguments.server)?;
    let names = if let Some(name) = &arguments.application {
        vec![name.clone()]
    } else {
        let all: Items<Application> = shown::read(&server.read(&["apps"], &[]).await?)?;
        let names = all.items.into_iter().map(|application| application.name);
        names.collect()
    };
    let query: Vec<(&str, &str)> = arguments
        .revision
        .iter()
        .map(|revision| ("to", revision.as_str()))
        .collect();
    let mut answers = Vec::new();
    let live = Live::open();
    let comparing = async {
        for (done, name) in names.iter().enumerate() {
            live.show(&progress::of_names(done, &names));
            answers.push(server.read(&["apps", name, "diff"], &query).await?);
        }
        Ok(())
    };
    live.until("nothing was changed", comparing).await?;
    print(arguments, &answers)
}

fn print(arguments: &Arguments, answers: &[Value]) -> anyhow::Result<()> {
    let whole = match (&arguments.application, answers) {
        (Some(_), [one]) => one.clone(),
        _ => json!({"items": answers}),
    };
    if let Some(data) = arguments.output.format.data(&whole) {
        return Screen::open().text(&data);
    }
    let mut lines = Vec::new();
    for answer in answers {
        let diff: Diff = shown::read(answer)?;
        lines.push(heading(&diff));
        lines.extend(patch::lines(&diff.objects));
    }
    pager::show(&arguments.pager, &lines)
}

fn heading(diff: &Diff) -> String {
    let title = format!(
        "{} at {}: {}",
        diff.application,
        short(&diff.revision),
        diff.counts
    );
    tint::heading(&plain_line(&title))
}

/// A heading with the numbers, then the plan's own lines: a look at what is about to be done.
pub(super) fn lines(diff: &Diff) -> Vec<String> {
    let mut lines = vec![heading(diff)];
    lines.extend(
        diff.lines
            .iter()
            .map(|line| format!("  {}", tint::change(&plain_line(line)))),
    );
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_numbers_and_then_the_lines() {
        let answer = json!({
            "application": "web", "revision": "0123456789abcdef",
            "counts": {"create": 0, "change": 1, "delete": 1, "unchanged": 3},
            "lines": ["- delete  Pod shop/a", "~ change  Deployment shop/web", "    spec.replicas: 1 -> 2"],
        });
        let diff: Diff = shown::read(&answer).unwrap();
        let text: Vec<String> = lines(&diff)
            .iter()
            .map(|line| anstream::adapter::strip_str(line).to_string())
            .collect();
        assert_eq!(
            text,
            [
                "web at 0123456789ab: 1 to delete, 1 to change, 3 unchanged",
                "  - delete  Pod shop/a",
                "  ~ change  Deployment shop/web",
                "      spec.replicas: 1 -> 2",
            ]
        );
    }
}
