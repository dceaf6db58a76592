//! `kedge rollback`

use clap::Args;

use super::output::{Output, Screen};
use super::server::{self, Server};
use super::shown::{self, RolledBack, short};
use super::table::plain_line;
use super::tint;

pub(super) const EXAMPLE: &str = "\
The rollback is an ordinary commit on the tracked branch, made and checked by the instance; what
`git revert` and `git push` do by hand. `kedge rollout` shows the rollout that follows.

Example:
  kedge rollback web-12 --reason 'the new image loses orders'";

/// What the commit says where nobody gave a reason.
const REASON: &str = "Asked for with `kedge rollback`.";

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// The rollout to undo: `APP-NUMBER`, as `kedge rollouts` lists it
    #[arg(value_name = "ROLLOUT")]
    rollout: String,
    /// Why, for the commit's message
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    server: server::Arguments,
    #[command(flatten)]
    output: Output,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let server = Server::open(&arguments.server)?;
    let reason = arguments.reason.as_deref().unwrap_or(REASON);
    let path = ["rollouts", &arguments.rollout, "rollback"];
    let answer = server.send(&path, &[("reason", reason)]).await?;
    let mut screen = Screen::open();
    if let Some(data) = arguments.output.format.data(&answer) {
        return screen.text(&data);
    }
    let done: RolledBack = shown::read(&answer)?;
    screen.lines(lines(&done))
}

fn lines(done: &RolledBack) -> Vec<String> {
    let mut lines = vec![format!("Pushed {}, which rolls back.", short(&done.commit))];
    lines.extend(
        done.report
            .iter()
            .map(|line| format!("  {}", tint::change(&plain_line(line)))),
    );
    match done.rollouts.as_slice() {
        [] => lines.push("Its rollout has not begun yet: kedge rollouts".into()),
        all => lines.extend(
            all.iter()
                .map(|one| format!("Follow it: kedge rollout {}", plain_line(one))),
        ),
    }
    lines
}
