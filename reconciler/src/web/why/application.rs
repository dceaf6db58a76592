//! Of an Application: what is recorded of it, then its worst object.

use engine::HealthStatus;
use engine::rollout::{Pause, SyncStatus};
use engine::why::Chain;
use engine::why::application::{Facts, explain};

use super::Explained;
use super::actions::{Action, of_rollout};
use crate::history::{ApplicationSummary, Rollout};
use crate::service::{ApplicationView, ObjectNode};
use crate::web::app::App;
use crate::web::error::PageError;

/// The recorded state first; where an object is at fault, its own chain goes on from there.
pub(in crate::web) async fn of_application(app: &App, name: &str) -> Result<Explained, PageError> {
    let view = app.backend.application(name).await?;
    let chain = explain(&facts(app, &view));
    let only = |chain: Chain| Explained {
        actions: actions(&view.summary, app.past.is_some()),
        ..Explained::of(name.to_owned(), chain)
    };
    if !chain.well && view.standing.health.status.is_settled_well() {
        return Ok(only(chain));
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

/// About the rollout that failed, where its commit is held: what it made may be gone already.
fn actions(summary: &ApplicationSummary, past: bool) -> Vec<Action> {
    let hold = summary.held.as_ref();
    let failed = |last: &&Rollout| hold.is_some_and(|hold| hold.rollout == last.id);
    let failed = summary.last.as_ref().filter(failed);
    failed.map_or_else(Vec::new, |it| of_rollout(it, past))
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
            (true, Some(hold)) => hold.revision.0.clone(),
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
