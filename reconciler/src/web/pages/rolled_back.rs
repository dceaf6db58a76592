//! The answer to a rollback that was pushed: the rollouts that it began, as soon as they are there.

use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Redirect, Response};

use crate::history::RolloutQuery;
use crate::service::{RolledBack, Span};
use crate::web::app::App;
use crate::web::json;
use crate::web::view::component::encoded;
use crate::web::view::graph::app_href;
use crate::web::visitor::Visitor;

/// How long the answer waits for the rollout that the commit starts.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) async fn answer(
    app: &App,
    span: &Span,
    visitor: &Visitor,
    done: RolledBack,
) -> Response {
    let rollouts = if done.asks {
        started(app, &done.push).await
    } else {
        Vec::new()
    };
    if visitor.json {
        return Json(json::Done {
            commit: done.commit,
            push: done.push,
            report: done.report,
            rollouts,
            touches: done.touches,
            stays: done.stays,
            waiting: done.waiting,
        })
        .into_response();
    }
    // The rollout of the same application, if several began.
    let of = |id: &str| id.rsplit_once('-').map_or(id, |(name, _)| name).to_owned();
    let name = match span {
        Span::Rollout(id) | Span::Range { first: id, .. } => of(id),
        Span::Since { application, .. } => application.clone(),
    };
    let own = rollouts.iter().find(|one| of(one) == name);
    let to = match own.or(rollouts.first()) {
        Some(rollout) => format!("/rollouts/{}", encoded(rollout)),
        None if name.is_empty() => "/rollouts".into(),
        None => app_href(&name),
    };
    Redirect::to(&to).into_response()
}

/// The rollouts of a push, as soon as there are any.
async fn started(app: &App, push: &str) -> Vec<String> {
    let mut changes = app.changes.clone();
    let query = RolloutQuery {
        push: Some(push.into()),
        ..RolloutQuery::default()
    };
    let looking = async {
        loop {
            changes.mark_unchanged();
            let found = app.backend.rollouts(&query).await.unwrap_or_default();
            if !found.is_empty() {
                return found.into_iter().map(|rollout| rollout.id).collect();
            }
            if changes.changed().await.is_err() {
                return Vec::new();
            }
        }
    };
    tokio::time::timeout(PATIENCE, looking)
        .await
        .unwrap_or_default()
}
