//! `kedge sync`

use clap::Args;
use serde_json::Value;

use super::complete;
use super::diff;
use super::follow;
use super::output::Output;
use super::server::{self, Server};
use super::shown::{self, Asked, Diff};
use super::table::plain_line;

pub(super) const EXAMPLE: &str = "\
The tracked commit is rolled out even where it failed before, where the application is not automated
or a sync window is closed, unless the window says that nobody may. With --object only some objects
of the commit are; the rollout is recorded as one in part. --dry-run ends with the name of the plan;
with --plan exactly that is done, and nothing where something else would be by then.

Example:
  kedge sync web
  kedge sync web --wait
  kedge sync web --dry-run
  kedge sync web --plan 3f2a91c04b1e
  kedge sync web --object Deployment/web --object ConfigMap/shop/settings";

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// The application's name
    #[arg(value_name = "APP", add = complete::applications())]
    application: String,
    /// Only this object, `KIND/NAME` or `KIND/NAMESPACE/NAME`; may be given several times
    #[arg(long = "object", value_name = "KIND/NAME", add = complete::objects_of("sync"))]
    objects: Vec<String>,
    /// Delete what left the commit, even where the application's policy keeps it or asks first
    #[arg(long)]
    prune: bool,
    /// Only if this is what it does: the name of a plan, as --dry-run prints it
    #[arg(long, value_name = "DIGEST", conflicts_with = "dry_run")]
    plan: Option<String>,
    /// Show what it would do, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    follow: follow::Arguments,
    #[command(flatten)]
    server: server::Arguments,
    #[command(flatten)]
    output: Output,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let server = Server::open(&arguments.server)?;
    let objects = arguments.objects.join(",");
    let prune = if arguments.prune { "true" } else { "false" };
    let plan = arguments.plan.as_deref().unwrap_or_default();
    let asked = [
        ("objects", objects.as_str()),
        ("prune", prune),
        ("plan", plan),
    ];
    let path = ["apps", &arguments.application, "sync"];
    let answer = if arguments.dry_run {
        server.read(&path, &asked).await?
    } else {
        server.send(&path, &asked).await?
    };
    arguments
        .output
        .show(&answer, |screen| screen.lines(lines(arguments, &answer)?))?;
    if arguments.dry_run || !arguments.follow.wait {
        return Ok(());
    }
    let asked: Asked = shown::read(&answer)?;
    anyhow::ensure!(
        !asked.rollout.is_empty(),
        "its rollout has not begun: `kedge app {}` says what it waits for",
        asked.application
    );
    follow::all(&server, &[asked.rollout], arguments.output.format).await
}

fn lines(arguments: &Arguments, answer: &Value) -> anyhow::Result<Vec<String>> {
    if arguments.dry_run {
        let diff: Diff = shown::read(answer)?;
        let mut lines = diff::lines(&diff);
        lines.push(format!(
            "plan {}",
            plain_line(engine::rollout::short(
                diff.plan.as_deref().unwrap_or_default()
            ))
        ));
        return Ok(lines);
    }
    let asked: Asked = shown::read(answer)?;
    Ok(vec![match asked.rollout.as_str() {
        "" => format!(
            "A sync of {} is asked for: kedge app {0}",
            plain_line(&asked.application)
        ),
        rollout => format!("Follow it: kedge rollout {}", plain_line(rollout)),
    }])
}
