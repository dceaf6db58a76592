//! `kedge diff`

use clap::Args;
use serde_json::{Value, json};

use super::output::{Output, Screen};
use super::server::{self, Server};
use super::shown::{self, Application, Diff, Items, short};
use super::table::plain_line;
use super::tint;

pub(super) const EXAMPLE: &str = "\
The exit code says whether the comparison could be made, not what it found.

Example:
  kedge diff
  kedge diff web --revision my-branch
  kedge diff web --revision HEAD~1";

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// Only this application
    #[arg(value_name = "APP")]
    application: Option<String>,
    /// Compare the cluster with this commit, by any name Git has for it [default: what is tracked]
    #[arg(long, value_name = "REVISION")]
    revision: Option<String>,
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
    for name in &names {
        answers.push(server.read(&["apps", name, "diff"], &query).await?);
    }
    print(arguments, &answers)
}

fn print(arguments: &Arguments, answers: &[Value]) -> anyhow::Result<()> {
    let mut screen = Screen::open();
    let whole = match (&arguments.application, answers) {
        (Some(_), [one]) => one.clone(),
        _ => json!({"items": answers}),
    };
    if let Some(data) = arguments.output.format.data(&whole) {
        return screen.text(&data);
    }
    let diffs: Vec<Diff> = answers.iter().map(shown::read).collect::<Result<_, _>>()?;
    let lines = diffs.iter().flat_map(lines);
    screen.lines(lines)
}

/// A heading with the numbers, then the plan's own lines.
pub(super) fn lines(diff: &Diff) -> Vec<String> {
    let title = format!(
        "{} at {}: {}",
        diff.application,
        short(&diff.revision),
        diff.counts
    );
    let mut lines = vec![tint::heading(&plain_line(&title))];
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
