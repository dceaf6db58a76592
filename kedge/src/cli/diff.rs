//! `kedge diff`

use std::cell::Cell;

use clap::Args;
use engine::plan;
use futures::{StreamExt, TryStreamExt};
use serde_json::{Value, json};

use super::complete;
use super::live::Live;
use super::output::{Output, Screen};
use super::pager;
use super::patch::{self, DiffObject};
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
  kedge diff web --revision HEAD~1
  kedge diff web --revision web-12
  kedge diff web --revision web-11..web-12";

/// Applications that are compared at the same time: each is a pass over its objects.
const TOGETHER: usize = 4;

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// Only this application
    #[arg(value_name = "APP", add = complete::applications())]
    application: Option<String>,
    /// Compare the cluster with this commit, by any name Git has for it, or with what a rollout
    /// brought, by its id or number; `A..B` compares two of them, whatever the cluster has
    /// [default: what is tracked]
    #[arg(long, value_name = "REVISION|ROLLOUT", add = complete::points("diff"), value_parser = revision)]
    revision: Option<Revision>,
    #[command(flatten)]
    pager: pager::Arguments,
    #[command(flatten)]
    server: server::Arguments,
    #[command(flatten)]
    output: Output,
}

/// What to compare with.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Revision {
    /// The other side; `None` for the cluster.
    from: Option<String>,
    to: String,
}

impl Revision {
    fn query(&self) -> Vec<(&'static str, &str)> {
        let from = self.from.iter().map(|from| ("from", from.as_str()));
        from.chain([("to", self.to.as_str())]).collect()
    }
}

fn revision(text: &str) -> Result<Revision, String> {
    let (from, to) = match text.split_once("..") {
        Some((from, to)) => (Some(from.to_owned()), to.to_owned()),
        None => (None, text.to_owned()),
    };
    if to.is_empty() || from.as_deref() == Some("") {
        return Err("name a revision or a rollout, or two of them as A..B".into());
    }
    Ok(Revision { from, to })
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
    let revision = arguments.revision.as_ref();
    let query = revision.map_or_else(Vec::new, Revision::query);
    let live = Live::open();
    let done = Cell::new(0);
    let compare = async |name: &String| {
        let answer = server.read(&["apps", name, "diff"], &query).await;
        done.set(done.get() + 1);
        live.show(&progress::of_names(done.get(), names.len(), name));
        answer
    };
    live.show(&progress::of_names(0, names.len(), ""));
    let comparing = futures::stream::iter(&names)
        .map(compare)
        .buffered(TOGETHER);
    let comparing = comparing.try_collect();
    let answers: Vec<Value> = live.until("nothing was changed", comparing).await?;
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
    let all: Vec<Diff> = answers
        .iter()
        .map(shown::read)
        .collect::<anyhow::Result<_>>()?;
    pager::show(&arguments.pager, &together(&all))
}

/// The applications that differ, and how many do not.
fn together(all: &[Diff]) -> Vec<String> {
    let is_alone = all.len() == 1;
    let (told, same): (Vec<&Diff>, Vec<&Diff>) =
        all.iter().partition(|it| is_alone || it.differs());
    let mut lines = Vec::new();
    for diff in &told {
        lines.push(heading(diff));
        lines.extend(patch::lines(&diff.objects));
    }
    match (all.len(), same.len()) {
        (0, _) => lines.push("There is no application yet.".into()),
        (_, 0) => {}
        (all, same) if all == same => lines.push(format!("Nothing differs in {all} applications.")),
        (_, 1) => lines.push("1 more application does not differ.".into()),
        (_, more) => lines.push(format!("{more} more applications do not differ.")),
    }
    lines
}

fn heading(diff: &Diff) -> String {
    let (application, revision) = (&diff.application, short(&diff.revision));
    let title = match diff.from.as_str() {
        "" | "live" => format!("{application} at {revision}: {}", diff.counts),
        from => format!(
            "{application} from {} to {revision}: {}",
            short(from),
            diff.counts
        ),
    };
    tint::heading(&plain_line(&title))
}

/// A heading with the numbers, then the plan's own lines: a look at what is about to be done.
pub(super) fn lines(diff: &Diff) -> Vec<String> {
    let mut lines = vec![heading(diff)];
    let edits: Vec<_> = diff.objects.iter().map(DiffObject::edit).collect();
    let told = plan::folded(diff.lines.clone(), |_| {
        format!("kedge diff {} shows all of it", diff.application)
    });
    let told = patch::woven(&told, &edits).into_iter();
    lines.extend(told.map(|line| format!("  {line}")));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_out_who_does_not_differ() {
        let diff = |name: &str, change: usize| -> Diff {
            shown::read(&json!({
                "application": name, "revision": "0123456789abcdef",
                "counts": {"create": 0, "change": change, "delete": 0, "unchanged": 3},
                "objects": if change == 0 { json!([]) } else { json!([
                    {"kind": "Pod", "name": "a", "action": "change",
                     "changes": [{"path": "spec.x", "old": 1, "new": 2}]}]) },
            }))
            .unwrap()
        };
        let check = |all: &[Diff], expected: &[&str]| {
            let lines = together(all);
            let lines = lines.iter();
            let lines = lines.map(|line| anstream::adapter::strip_str(line).to_string());
            assert_eq!(lines.collect::<Vec<_>>(), expected);
        };
        let heading = "web at 0123456789ab: 1 to change, 3 unchanged";
        let change = ["~ change  Pod a", "@@ spec @@", "-x: 1", "+x: 2"];
        let mut expected = vec![heading];
        expected.extend(change);
        expected.push("2 more applications do not differ.");
        check(&[diff("a", 0), diff("web", 1), diff("z", 0)], &expected);
        let one = "a at 0123456789ab: no changes (3 unchanged)";
        check(&[diff("a", 0)], &[one]);
        let none = "Nothing differs in 2 applications.";
        check(&[diff("a", 0), diff("b", 0)], &[none]);
    }

    #[test]
    fn two_revisions_are_compared_with_each_other() {
        let check = |text: &str, query: &[(&str, &str)]| {
            assert_eq!(revision(text).unwrap().query(), query);
        };
        check("main~1", &[("to", "main~1")]);
        check("web-11..web-12", &[("from", "web-11"), ("to", "web-12")]);
        for wrong in ["", "..", "main..", "..main"] {
            assert!(revision(wrong).is_err(), "{wrong}");
        }
        let diff: Diff = shown::read(&json!({
            "application": "web", "from": "fedcba9876543210", "revision": "0123456789abcdef",
            "counts": {"create": 0, "change": 0, "delete": 0, "unchanged": 3}, "plan": null,
        }))
        .unwrap();
        let heading = together(&[diff]).remove(0);
        assert_eq!(
            anstream::adapter::strip_str(&heading).to_string(),
            "web from fedcba987654 to 0123456789ab: no changes (3 unchanged)"
        );
    }

    #[test]
    fn tells_the_numbers_and_then_the_lines() {
        let answer = json!({
            "application": "web", "revision": "0123456789abcdef",
            "counts": {"create": 0, "change": 1, "delete": 1, "unchanged": 3},
            "lines": ["- delete  Pod shop/a", "~ change  Deployment shop/web",
                "    @@ spec @@", "    -replicas: 1", "    +replicas: 2"],
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
                "      @@ spec @@",
                "      -replicas: 1",
                "      +replicas: 2",
            ]
        );
    }
}
