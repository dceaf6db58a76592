//! `--wait`: stays with a rollout until it has ended.

use std::time::Duration;

use anyhow::{anyhow, bail};
use clap::Args;
use jiff::SignedDuration;

use client::Env;

use super::live::Live;
use super::output::Format;
use super::progress::of_rollout;
use super::server::Server;
use super::shown::{self, Items, Rollout};
use super::table::plain_line;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// For a rollout to be there at all.
const BEGINNING: SignedDuration = SignedDuration::from_mins(1);

#[derive(Args)]
#[group(skip)]
pub(super) struct Arguments {
    /// Stay until the rollout has ended, and say its steps; exits with 1 where it did not succeed
    #[arg(long)]
    pub(super) wait: bool,
}

/// How a rollout stands.
#[derive(Debug, PartialEq, Eq)]
enum Stand {
    Open,
    Done,
    Failed,
}

fn stand(phase: &str) -> Stand {
    match phase {
        "Pending" | "Applying" | "Verifying" => Stand::Open,
        "Succeeded" => Stand::Done,
        _ => Stand::Failed,
    }
}

/// Follows each rollout; its steps are printed for people, and nothing for programs.
///
/// # Errors
/// One of them did not succeed, or somebody ended the waiting: the rollout goes on.
pub(super) async fn all(
    server: &Server,
    rollouts: &[String],
    format: Format,
) -> anyhow::Result<()> {
    let live = Live::open();
    for id in rollouts {
        let left = format!("the rollout goes on: kedge rollout {id}");
        live.until(&left, one(server, id, format, &live)).await?;
    }
    Ok(())
}

async fn one(server: &Server, id: &str, format: Format, live: &Live) -> anyhow::Result<()> {
    let env = Env::system();
    let is_told = matches!(format, Format::Table | Format::Wide);
    let mut told = 0;
    loop {
        let rollout: Rollout = shown::read(&server.read(&["rollouts", id], &[]).await?)?;
        for step in rollout.steps.iter().skip(told).filter(|_| is_told) {
            let line = format!("{}: {}", rollout.application, step.text);
            live.say(&plain_line(&line));
        }
        told = told.max(rollout.steps.len());
        match stand(&rollout.phase) {
            Stand::Open => live.show(&of_rollout(&rollout, env.now())),
            Stand::Done => return Ok(()),
            Stand::Failed if rollout.phase == "Held" => bail!(
                "rollout {id} is held: {}; `kedge resume {}` lets it go on",
                plain_line(&rollout.message),
                rollout.application
            ),
            Stand::Failed => bail!(
                "rollout {id} did not succeed: {}; `kedge why {}` says why",
                plain_line(&rollout.message),
                rollout.application
            ),
        }
        env.clock.sleep(PAUSE).await;
    }
}

/// The rollouts of a commit that was pushed just now.
///
/// # Errors
/// There is none in time.
pub(super) async fn of_commit(server: &Server, commit: &str) -> anyhow::Result<Vec<String>> {
    let live = Live::open();
    live.stage("waiting for the rollout to begin");
    let (env, left) = (Env::system(), "the commit is pushed: kedge rollouts");
    let looking = async {
        let began = env.now();
        loop {
            let found: Items<Rollout> = shown::read(&server.read(&["rollouts"], &[]).await?)?;
            // Another try of what the commit does not change is nobody's who waits for the commit.
            let of_commit = |it: &Rollout| it.revision == commit && it.trigger != "retry";
            let own = found.items.into_iter().filter(of_commit);
            let own: Vec<String> = own.map(|it| it.id).collect();
            if !own.is_empty() {
                return Ok(own);
            }
            if env.now().duration_since(began) > BEGINNING {
                return Err(anyhow!(
                    "no rollout has begun within {} s: `kedge apps` says what is held",
                    BEGINNING.as_secs()
                ));
            }
            env.clock.sleep(PAUSE).await;
        }
    };
    live.until(left, looking).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollout_is_followed_until_it_has_ended() {
        for (phase, expected) in [
            ("Pending", Stand::Open),
            ("Verifying", Stand::Open),
            ("Succeeded", Stand::Done),
            ("Failed", Stand::Failed),
            ("Superseded", Stand::Failed),
            ("Held", Stand::Failed),
        ] {
            assert_eq!(stand(phase), expected, "{phase}");
        }
    }
}
