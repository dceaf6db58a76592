//! `kedge rollback`

use anyhow::bail;
use clap::Args;
use engine::plan;

use super::complete;
use super::follow;
use super::output::Output;
use super::patch;
use super::reason;
use super::server::{self, Server};
use super::shown::{self, RollbackPreview, RolledBack, short};
use super::table::{plain_line, plain_lines};
use super::tint;

pub(super) const EXAMPLE: &str = "\
The rollback is an ordinary commit on the tracked branch, made and checked by the instance; what
`git revert` and `git push` do by hand. `kedge rollout` shows the rollout that follows. A rollout is
taken back by itself, and what came later stays; with --to everything since goes. Where later
commits changed the same lines of it, nothing is pushed and the files are named; where they did so
of files of others alone, those stay and the application goes back by itself. The reason becomes
part of the commit: who does not give one is asked for it, and without a terminal it has to be there.

Example:
  kedge rollback web-12 --reason 'the new image loses orders' --wait
  kedge rollback web-10..web-12 --dry-run
  kedge rollback web --to web-9 --reason 'slower since then'
  kedge rollback web --to 2026-11-20T18:00:00Z --reason 'slower since then'
  kedge rollback --all --to 4bf1e7c --reason 'back to the last release'";

/// What the commit says where a plan was approved, and nobody gave a reason.
const APPROVED: &str = "Asked for with `kedge rollback`.";

/// What is said where only the application's own files go back.
const STAYS: &str = "Only what is the application's goes back: later commits changed the same lines \
                     of other files. These stay as they are:";

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// The rollout to undo, `APP-NUMBER` as `kedge rollouts` lists it, or `FIRST..LAST`; with --to an
    /// application
    #[arg(value_name = "ROLLOUT|APP", required_unless_present = "all", add = complete::rollouts_or_applications())]
    what: Option<String>,
    /// Undo everything since this point: a rollout (which stays), a commit, or a time (RFC 3339)
    #[arg(long, value_name = "POINT", add = complete::points("rollback"))]
    to: Option<String>,
    /// All of the repository, not one application
    #[arg(long, requires = "to", conflicts_with = "what")]
    all: bool,
    /// Why, for the commit's message [default: it is asked for on a terminal]
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Only if this is what it does: the name of a plan, as --dry-run prints it
    #[arg(long, value_name = "DIGEST", conflicts_with = "dry_run")]
    plan: Option<String>,
    /// Show the commit and what it would do, and push nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    follow: follow::Arguments,
    #[command(flatten)]
    server: server::Arguments,
    #[command(flatten)]
    output: Output,
}

/// Where the instance is asked, and how.
struct Asked<'a> {
    path: Vec<&'a str>,
    query: Vec<(&'static str, &'a str)>,
}

fn asked(arguments: &Arguments) -> Asked<'_> {
    let what = arguments.what.as_deref().unwrap_or_default();
    match (&arguments.to, what.split_once("..")) {
        (Some(point), _) if arguments.all => Asked {
            path: vec!["rollback"],
            query: vec![("to", point)],
        },
        (Some(point), _) => Asked {
            path: vec!["apps", what, "rollback"],
            query: vec![("to", point)],
        },
        (None, Some((first, last))) => Asked {
            path: vec!["rollouts", first, "rollback"],
            query: vec![("through", last)],
        },
        (None, None) => Asked {
            path: vec!["rollouts", what, "rollback"],
            query: Vec::new(),
        },
    }
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let server = Server::open(&arguments.server)?;
    let asked = asked(arguments);
    let answer = if arguments.dry_run {
        server.read(&asked.path, &asked.query).await?
    } else {
        let reason = reason(&server, &asked, arguments).await?;
        let plan = arguments.plan.as_deref().unwrap_or_default();
        let form = [("reason", reason.as_str()), ("plan", plan)];
        server.send_to(&asked.path, &asked.query, &form).await?
    };
    arguments.output.show(&answer, |screen| {
        if arguments.dry_run {
            return screen.lines(preview(&shown::read(&answer)?));
        }
        let done: RolledBack = shown::read(&answer)?;
        screen.lines(lines(&done))
    })?;
    if arguments.dry_run || !arguments.follow.wait {
        return Ok(());
    }
    let done: RolledBack = shown::read(&answer)?;
    let rollouts = match onward(&done) {
        Onward::Done => return Ok(()),
        Onward::Waits => bail!(
            "the commit is pushed, and not all of it begins by itself: {}",
            waits(&done)
        ),
        Onward::Look => follow::of_commit(&server, &done.commit).await?,
        Onward::Follow => done.rollouts,
    };
    follow::all(&server, &rollouts, arguments.output.format).await
}

/// Why it is done. Whether it can be done at all is known before anybody is asked.
async fn reason(
    server: &Server,
    asked: &Asked<'_>,
    arguments: &Arguments,
) -> anyhow::Result<String> {
    match (&arguments.reason, &arguments.plan) {
        (Some(given), _) => Ok(given.clone()),
        (None, Some(_)) => Ok(APPROVED.into()),
        (None, None) => {
            let answer = server.read(&asked.path, &asked.query).await?;
            let found: RollbackPreview = shown::read(&answer)?;
            if !found.conflicts.is_empty() {
                bail!(
                    "later commits changed the same lines of {}; undo it by hand:\n{}",
                    plain_line(&found.conflicts.join(", ")),
                    plain_lines(&found.by_hand)
                );
            }
            reason::ask().await
        }
    }
}

/// What comes after the push, for who stays until it is done.
#[derive(Debug, PartialEq, Eq)]
enum Onward {
    /// It changes nothing in the cluster, and nothing has begun: it was done with the push.
    Done,
    /// Nothing begins before somebody says so, or a window opens.
    Waits,
    /// Nothing has begun yet.
    Look,
    /// What has begun.
    Follow,
}

fn onward(done: &RolledBack) -> Onward {
    if !done.rollouts.is_empty() {
        Onward::Follow
    } else if !done.waiting.is_empty() {
        Onward::Waits
    } else if done.touches.is_empty() {
        Onward::Done
    } else {
        Onward::Look
    }
}

/// What keeps it from being rolled out.
fn waits(done: &RolledBack) -> String {
    let told = done.waiting.iter();
    let told: Vec<String> = told.map(|(name, why)| format!("{name}: {why}")).collect();
    plain_line(&told.join("; "))
}

/// The commit as it would be, and what it would do.
fn preview(preview: &RollbackPreview) -> Vec<String> {
    let mut lines = vec![tint::heading(&plain_line(&format!(
        "Undoes {}",
        preview.what
    )))];
    lines.extend(
        preview
            .message
            .lines()
            .map(|line| format!("  {}", plain_line(line))),
    );
    if !preview.conflicts.is_empty() {
        lines.push("Not possible: later commits changed the same lines of".into());
        lines.extend(owned(preview, &preview.conflicts));
        lines.push("By hand; Git stops at each conflict, solve it and go on:".into());
        let commands = preview.by_hand.lines();
        lines.extend(commands.map(|line| format!("  {}", plain_line(line))));
        return lines;
    }
    if !preview.stays.is_empty() {
        lines.push(STAYS.into());
        lines.extend(owned(preview, &preview.stays));
    }
    let told = plan::folded(preview.plan.clone(), |_| "-o json has all of it".into());
    let told = patch::woven(&told, &preview.edits).into_iter();
    lines.extend(told.map(|line| format!("  {line}")));
    lines.push(format!(
        "plan {}",
        plain_line(engine::rollout::short(&preview.digest))
    ));
    lines
}

/// Files, and whose they are.
fn owned<'a>(
    preview: &'a RollbackPreview,
    files: &'a [String],
) -> impl Iterator<Item = String> + use<'a> {
    files.iter().map(|file| {
        let of = match preview.owners.get(file) {
            Some(names) => format!("of {}", names.join(", ")),
            None => "in no application's directory".to_owned(),
        };
        format!("  {}", plain_line(&format!("{file} ({of})")))
    })
}

fn lines(done: &RolledBack) -> Vec<String> {
    let mut lines = vec![format!("Pushed {}, which rolls back.", short(&done.commit))];
    let told = plan::folded(done.report.clone(), |_| {
        format!("the page /commits/{} has all of it", short(&done.commit))
    });
    lines.extend(
        patch::plan(&told)
            .into_iter()
            .map(|line| format!("  {line}")),
    );
    if !done.stays.is_empty() {
        lines.push(STAYS.into());
        lines.extend(done.stays.iter().map(|it| format!("  {}", plain_line(it))));
    }
    match onward(done) {
        Onward::Done => lines.push("It is done: nothing had to be rolled out".into()),
        Onward::Waits => lines.push(format!("It waits: {}", waits(done))),
        Onward::Look => lines.push("Its rollout has not begun yet: kedge rollouts".into()),
        Onward::Follow => lines.extend(
            done.rollouts
                .iter()
                .map(|one| format!("Follow it: kedge rollout {}", plain_line(one))),
        ),
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_changes_nothing_is_done_with_the_push() {
        let check = |answer: Value, expected: Onward, told: &str| {
            let done: RolledBack = shown::read(&answer).unwrap();
            assert_eq!(onward(&done), expected, "{answer}");
            assert_eq!(lines(&done).last().unwrap(), told, "{answer}");
        };
        let empty = json!({"commit": "05f7ddda1ba5", "report": ["nothing changes in the cluster"],
            "rollouts": [], "touches": [], "waiting": {}});
        let done = "It is done: nothing had to be rolled out";
        check(empty.clone(), Onward::Done, done);
        let mut waits = empty.clone();
        waits["touches"] = json!(["shop"]);
        let later = "Its rollout has not begun yet: kedge rollouts";
        check(waits.clone(), Onward::Look, later);
        waits["waiting"] = json!({"shop": "suspended by Ann"});
        check(waits, Onward::Waits, "It waits: shop: suspended by Ann");
        let mut begun = empty;
        begun["rollouts"] = json!(["shop-4"]);
        check(begun, Onward::Follow, "Follow it: kedge rollout shop-4");
    }
}
