//! Of an Application: what is recorded of it, then its worst object.

use std::time::Duration;

use jiff::Timestamp;

use engine::HealthStatus;
use engine::rollout::{Pause, SyncStatus};
use engine::why::application::{Facts, explain};
use engine::why::{Chain, Step, Tone};

use super::Explained;
use super::actions::{Action, of_rollout};
use crate::history::{ApplicationSummary, Rollout};
use crate::service::{ApplicationView, ObjectNode};
use crate::web::app::App;
use crate::web::error::PageError;
use crate::web::past;
use crate::web::view::time::seconds;

/// How long the cluster may take to say how it was: a page waits for it.
const LOOKING_BACK: Duration = Duration::from_secs(4);

/// The recorded state first; where an object is at fault, its own chain goes on from there.
pub(in crate::web) async fn of_application(app: &App, name: &str) -> Result<Explained, PageError> {
    let view = app.backend.application(name).await?;
    let chain = explain(&facts(app, &view));
    let only = |chain: Chain| Explained {
        actions: actions(&view.summary, app.past.is_some()),
        ..Explained::of(name.to_owned(), chain)
    };
    if !chain.well && view.standing.health.status.is_settled_well() {
        return Ok(match undone(&view.summary).filter(|_| app.past.is_none()) {
            Some((failed, judged)) => only(as_judged(app, failed, judged, chain).await),
            None => only(chain),
        });
    }
    let objects = app.backend.objects(name).await?;
    let worst = if chain.well {
        // Healthy by itself, and of no use.
        objects.iter().find(|node| !node.warning.is_empty())
    } else {
        worst(&objects)
    };
    let Some(worst) = worst else {
        return Ok(only(chain));
    };
    Ok(match super::of_object(app, &worst.key).await {
        Ok(inner) if inner.actions.is_empty() => Explained {
            pending: inner.pending,
            ..only(chain.then(inner.chain))
        },
        Ok(inner) => Explained {
            chain: chain.then(inner.chain),
            application: name.to_owned(),
            ..inner
        },
        Err(error) => {
            let missing = format!("{} cannot be looked at: {error}", worst.kind);
            only(Chain { missing, ..chain })
        }
    })
}

/// The rollout that failed, where its commit is held.
fn failed(summary: &ApplicationSummary) -> Option<&Rollout> {
    let hold = summary.held.as_ref()?;
    let last = summary.last.as_deref();
    last.filter(|last| hold.rollout == last.id)
}

/// The same where what it wrote was undone, with when it was judged.
fn undone(summary: &ApplicationSummary) -> Option<(&Rollout, Timestamp)> {
    let failed = failed(summary).filter(|it| it.undone_at.is_some())?;
    Some((failed, failed.finished_at?))
}

/// The chain, which goes on from what was at fault when the rollout was judged: with what it wrote,
/// the fault went from the cluster, and not from the commit.
async fn as_judged(app: &App, failed: &Rollout, judged: Timestamp, chain: Chain) -> Chain {
    let looking = async {
        let then = past::at(app, judged).await?;
        let objects = then.backend.objects(&failed.application).await?;
        match worst(&objects) {
            Some(worst) => super::of_object(&then, &worst.key).await.map(Some),
            None => Ok(None),
        }
    };
    let missing = match tokio::time::timeout(LOOKING_BACK, looking).await {
        Ok(Ok(Some(inner))) => return chain.then(inner.chain.after(seen(failed, judged))),
        // A hook or a wait, of which nothing is in the cluster.
        Ok(Ok(None)) => return chain,
        Ok(Err(error)) => format!("what was at fault then cannot be looked at: {error}"),
        Err(_) => "the cluster did not say in time what was at fault then".to_owned(),
    };
    Chain { missing, ..chain }
}

/// What is told from here on was so then.
fn seen(failed: &Rollout, judged: Timestamp) -> Step {
    Step {
        tone: Tone::Bad,
        source: failed.id.clone(),
        heading: format!(
            "So it was when {} failed, at {}",
            failed.id,
            seconds(judged)
        ),
        text: "What it wrote was undone since then, and the fault with it.".into(),
        ..Step::default()
    }
}

/// About the rollout that failed: what it made may be gone already.
fn actions(summary: &ApplicationSummary, past: bool) -> Vec<Action> {
    failed(summary).map_or_else(Vec::new, |it| of_rollout(it, past))
}

fn facts(app: &App, view: &ApplicationView) -> Facts {
    let (summary, standing) = (&view.summary, &view.standing);
    let running = summary.last.as_ref().filter(|last| !last.phase.is_final());
    let hold = summary.held.as_ref();
    Facts {
        name: summary.application.name.clone(),
        sync: standing.sync,
        sync_message: standing.sync_message.clone(),
        health: standing.health.clone(),
        held: match (standing.on_hold, hold) {
            // Another try is not the fault of the commit beside which it was made.
            (true, Some(hold)) => match failed(summary) {
                Some(failed) => failed.first().revision.0,
                None => hold.revision.0.clone(),
            },
            (true, None) => standing.revision.0.clone(),
            (false, _) => String::new(),
        },
        held_by: hold.map_or_else(Default::default, |hold| {
            (hold.rollout.clone(), hold.reason.clone())
        }),
        paused: standing
            .paused
            .as_ref()
            // A window is no news to what has nothing to roll out; being left alone is.
            .filter(|pause| {
                pause.reason == Pause::SUSPENDED
                    || standing.sync != SyncStatus::Synced
                    || standing.on_hold
            })
            .map(|pause| (pause.reason.to_owned(), pause.message.clone())),
        trouble: standing
            .trouble
            .as_ref()
            .map(|trouble| (trouble.reason.to_owned(), trouble.message.clone())),
        running: running.map(|last| (last.id.clone(), last.message.clone())),
        depends_on: view.depends_on.clone(),
        now: app.env.now(),
    }
}

/// The object from Git that is worst; the first of equals.
fn worst(objects: &[ObjectNode]) -> Option<&ObjectNode> {
    let status = |node: &ObjectNode| node.health.as_ref().map(|health| health.status);
    let broken = objects.iter().filter(|node| {
        let bad = status(node).is_some_and(|status| status >= HealthStatus::Progressing);
        node.owner.is_none() && !node.missing && bad
    });
    broken.fold(None, |worst, node| match worst {
        Some(before) if status(before) >= status(node) => Some(before),
        _ => Some(node),
    })
}
