//! `GET /apps/{app}/diff`, `GET /rollouts/{id}/diff`

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};

use super::app::facts;
use super::rollout::detail;
use super::{Markup, follow, fragment, html, moved, take};
use crate::service;
use crate::web::app::App;
use crate::web::error::PageError;
use crate::web::json;

use crate::web::view::app;
use crate::web::view::commit::chip;
use crate::web::view::component::{CommitChip, Icon, encoded};
use crate::web::view::diff::{self, Objects, Query as Wanted};
use crate::web::view::frame::{Frame, Section};
use crate::web::view::graph::app_href;
use crate::web::view::rollout;
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "diff/app.html")]
struct AppPage {
    frame: Frame,
    moved: Markup,
    head: Markup,
    tabs: app::Tabs,
    title: &'static str,
    to: CommitChip,
    subject: String,
    revision: String,
    error: String,
    objects: Objects,
}

#[derive(Template)]
#[template(path = "diff/rollout.html")]
struct RolloutPage {
    frame: Frame,
    head: Markup,
    objects: Objects,
}

pub(in crate::web) async fn of_app(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Query(query): Query<Wanted>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    if let Some(past) = &app.past {
        let view = app.backend.application(&name).await?;
        let last = view.summary.last;
        let last = last.ok_or_else(|| PageError::NotFound(format!("rollout of {name} by then")))?;
        let (id, at) = (encoded(&last.id), encoded(&past.asked));
        return Ok(Redirect::to(&format!("/rollouts/{id}/diff?at={at}")).into_response());
    }
    app.admit_dry_run(&visitor)?;
    if visitor.json {
        let plan = app.backend.plan(&name, &query.to).await?;
        return Ok(Json(json::diff_of_plan(&plan)).into_response());
    }
    let facts = facts(&app, &name).await?;
    // The title moves; lines under the reader do not.
    let head = fragment("head", &app::head(&facts, app.env.now()));
    let fragments = [head, moved::still()];
    let topic = moved::topic_of_diff(&app, &name).await?;
    let mut frame = visitor
        .frame(&app)
        .await
        .page(Section::Applications, format!("Diff of {name}"))
        .crumb("Applications", "/apps")
        .crumb(name.as_str(), app_href(&name))
        .crumb("Diff", "");
    follow(&app, &mut frame, topic, &fragments);
    let mut page = AppPage {
        frame,
        moved: take(&fragments, "moved"),
        head: take(&fragments, "head"),
        tabs: app::tabs(&name, "Diff"),
        title: "",
        to: chip(&facts.wanted),
        subject: String::new(),
        error: String::new(),
        objects: diff::of_plan(&engine::Plan::default(), &query),
        revision: query.to.clone(),
    };
    match app.backend.plan(&name, &query.to).await {
        Ok(view) => {
            page.to = chip(&view.commit.id);
            view.commit.subject().clone_into(&mut page.subject);
            page.title = title(&query.to, view.plan.is_empty());
            page.objects = diff::of_plan(&view.plan, &query);
        }
        Err(error @ (service::Error::Refused(_) | service::Error::Impossible(_))) => {
            page.title = "Cannot be compared";
            page.error = error.to_string();
        }
        Err(error) => return Err(error.into()),
    }
    Ok(html(&page))
}

fn title(revision: &str, is_same: bool) -> &'static str {
    match (revision, is_same) {
        ("", true) => "Matches Git",
        ("", false) => "Differs from Git",
        (_, true) => "Matches that commit",
        (_, false) => "Differs from that commit",
    }
}

pub(in crate::web) async fn of_rollout(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<Wanted>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let detail = detail(&app, &id).await?;
    if visitor.json {
        return Ok(Json(json::diff_of_rollout(&detail)).into_response());
    }
    let head = rollout::head(&detail.rollout, 0, app.env.now());
    let fragments = [fragment("head", &head)];
    let mut frame = visitor
        .frame(&app)
        .await
        .page(Section::Rollouts, format!("Changes of {id}"))
        .crumb(head.app.as_str(), head.app_href.as_str())
        .crumb(format!("Rollout {}", head.number), head.href.as_str())
        .crumb("Changes", "");
    if !detail.rollout.phase.is_final() {
        follow(&app, &mut frame, format!("rollout:{id}"), &fragments);
    }
    Ok(html(&RolloutPage {
        frame,
        head: take(&fragments, "head"),
        objects: diff::of_rollout(&detail, &query),
    }))
}
