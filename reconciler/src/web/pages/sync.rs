//! `GET` and `POST /apps/{app}/sync`.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::html;
use crate::history::{Rollout, RolloutQuery};
use crate::service::{self, SyncRequest};
use crate::web::access::Scope;
use crate::web::app::App;
use crate::web::asked::{Form, Query};
use crate::web::error::PageError;
use crate::web::json;
use crate::web::view::component::{Icon, encoded};
use crate::web::view::frame::{Frame, Section};
use crate::web::view::graph::app_href;
use crate::web::view::sync::{self, View};
use crate::web::visitor::Visitor;

/// Characters of a reason.
pub(super) const REASON: usize = 2_000;
/// How long the answer waits for the rollout.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Template)]
#[template(path = "sync/page.html")]
struct Page {
    frame: Frame,
    href: String,
    cancel: String,
    app: String,
    prune: bool,
    /// As it was asked for: `KIND/NAME`, separated by commas.
    objects: String,
    /// The same page where what left Git goes, and where it stays.
    pruning: String,
    keeping: String,
    error: String,
    view: View,
}

/// What is asked for.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct Asked {
    /// Of its form alone.
    #[serde(default)]
    csrf: String,
    /// `KIND/NAME`, separated by commas; empty for all.
    #[serde(default)]
    objects: String,
    #[serde(default)]
    prune: bool,
    /// The name of the plan that was looked at; empty for whatever is done.
    #[serde(default)]
    plan: String,
}

impl Asked {
    fn request(
        &self,
        app: &App,
        application: String,
        visitor: &Visitor,
    ) -> Result<SyncRequest, PageError> {
        let objects = self.objects.split(',').map(str::trim);
        Ok(SyncRequest {
            actor: visitor.operator(app, Scope::Application(&application))?,
            application,
            objects: objects
                .filter(|it| !it.is_empty())
                .map(Into::into)
                .collect(),
            prune: self.prune,
            plan: self.plan.trim().to_owned(),
        })
    }
}

pub(in crate::web) async fn preview(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let request = asked.request(&app, name, &visitor)?;
    app.admit_dry_run(&visitor)?;
    if visitor.json {
        let plan = app.backend.preview_sync(&request).await?;
        return Ok(Json(json::diff_of_plan(&plan)).into_response());
    }
    page(&app, &request, &visitor, String::new()).await
}

/// The page that looks like a dialog. `error` is why it is there again.
async fn page(
    app: &App,
    request: &SyncRequest,
    visitor: &Visitor,
    error: String,
) -> Result<Response, PageError> {
    let (name, prune) = (&request.application, request.prune);
    let plan = app.backend.preview_sync(request).await?;
    let standing = app.backend.application(name).await?.standing;
    let waits = standing.paused.as_ref().map(|it| it.message.clone());
    let cancel = app_href(name);
    let href = format!("{cancel}/sync");
    let objects = request.objects.join(",");
    let only = |sign: char| match objects.as_str() {
        "" => String::new(),
        some => format!("{sign}objects={}", encoded(some)),
    };
    let frame = visitor
        .frame(app)
        .await
        .page(Section::Applications, format!("Sync {name}"))
        .crumb("Applications", "/apps")
        .crumb(name.as_str(), cancel.as_str())
        .crumb("Sync", "");
    Ok(html(&Page {
        frame,
        pruning: format!("{href}?prune=true{}", only('&')),
        keeping: format!("{href}{}", only('?')),
        href,
        cancel,
        app: name.clone(),
        prune,
        objects,
        error,
        view: sync::view(&plan, prune, &waits.unwrap_or_default()),
    }))
}

pub(in crate::web) async fn sync(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    visitor: Visitor,
    Form(asked): Form<Asked>,
) -> Result<Response, PageError> {
    visitor.showed(&app, &asked.csrf)?;
    let before = last(&app, &name).await.map_or(0, |last| last.number);
    let request = asked.request(&app, name.clone(), &visitor)?;
    app.admit_dry_run(&visitor)?;
    match app.backend.sync(&request).await {
        Ok(()) => {}
        // The new plan is shown at once.
        Err(error @ service::Error::Replanned { .. }) if !visitor.json => {
            return page(
                &app,
                &request,
                &visitor,
                format!("{error}. This is the new plan."),
            )
            .await;
        }
        Err(error) => return Err(error.into()),
    }
    let rollout = started(&app, &name, before).await;
    Ok(done(&visitor, name, rollout))
}

pub(super) fn done(visitor: &Visitor, application: String, rollout: String) -> Response {
    if !visitor.json {
        return Redirect::to(&app_href(&application)).into_response();
    }
    Json(json::Asked {
        application,
        rollout,
    })
    .into_response()
}

async fn last(app: &App, name: &str) -> Option<Rollout> {
    let query = RolloutQuery {
        application: Some(name.into()),
        limit: 1,
        ..RolloutQuery::default()
    };
    let found = app.backend.rollouts(&query).await.unwrap_or_default();
    found.into_iter().next()
}

/// The rollout that runs for it, as soon as there is one; empty where none comes.
async fn started(app: &App, name: &str, before: i64) -> String {
    let mut changes = app.changes.clone();
    let looking = async {
        loop {
            changes.mark_unchanged();
            let last = last(app, name).await;
            if let Some(last) = last.filter(|it| it.number > before) {
                return last.id;
            }
            if changes.changed().await.is_err() {
                return String::new();
            }
        }
    };
    let waiting = tokio::time::timeout(PATIENCE, looking);
    waiting.await.unwrap_or_default()
}
