//! `GET /apps/{app}/diff`, `GET /rollouts/{id}/diff`

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use engine::rollout::CommitId;

use super::app::facts;
use super::rollout::detail;
use super::{Markup, follow, fragment, html, moved, take};
use crate::forge::Change;
use crate::history::{DriftQuery, Rollout, RolloutQuery};
use crate::service::{self, PlanView, Side};
use crate::web::app::App;
use crate::web::asked::Query;
use crate::web::error::PageError;
use crate::web::gate::chain;
use crate::web::json;
use crate::web::view::component::{Icon, encoded};
use crate::web::view::diff::{
    self, Compared, Looks, Objects, Query as Wanted, Title, Wants, title,
};
use crate::web::view::facts::Facts;
use crate::web::view::frame::{Frame, Section};
use crate::web::view::graph::app_href;
use crate::web::view::truth::sentence;
use crate::web::view::{app, changes, rollout};
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "diff/app.html")]
struct AppPage {
    frame: Frame,
    moved: Markup,
    head: Markup,
    tabs: app::Tabs,
    title: Title,
    query: Wanted,
    /// What can be compared, and a word on it.
    states: Vec<(String, String)>,
    /// The same the other way round; empty where that is nothing.
    swap: String,
    /// The same as a text.
    patch: String,
    /// Figure, what it is, and a word on it: of what is not merged.
    blast: Vec<(String, &'static str, String)>,
    /// The page of the change.
    change: String,
    error: String,
    /// Whether somebody who was asked did not answer.
    unanswered: bool,
    objects: Objects,
}

#[derive(Template)]
#[template(path = "diff/rollout.html")]
struct RolloutPage {
    frame: Frame,
    head: Markup,
    objects: Objects,
}

/// What others did to live objects, as far as a page tells.
const DRIFTS: u16 = 50;
/// Rollouts that are offered to compare with.
const OFFERED: u16 = 20;

pub(in crate::web) async fn of_app(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Query(query): Query<Wanted>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let wants = query.wants().map_err(PageError::BadParameter)?;
    // What is compared with the present has another page in the past; what does not move has not.
    if let Some(past) = app.past.as_ref().filter(|_| !query.is_fixed()) {
        let last = app.backend.application(&name).await?.summary.last;
        let last = last.ok_or_else(|| PageError::NotFound(format!("rollout of {name} by then")))?;
        let sides = [("from", ""), ("to", ""), ("object", "")];
        let kept = query.with(&[&sides[..], &[("at", &past.asked)]].concat());
        let id = encoded(&last.id);
        return Ok(Redirect::to(&format!("/rollouts/{id}/diff{kept}")).into_response());
    }
    app.admit_dry_run(&visitor)?;
    if wants.patch || visitor.json {
        let plan = compare(&app, &name, &query).await?;
        return Ok(if wants.patch {
            diff::patch(&Compared::of(&plan), &query, wants).into_response()
        } else {
            Json(json::diff_of_plan(&plan)).into_response()
        });
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
    // Commits stay what they are.
    if query.has_live() {
        follow(&app, &mut frame, topic, &fragments);
    }
    let mut page = AppPage {
        frame,
        moved: take(&fragments, "moved"),
        head: take(&fragments, "head"),
        tabs: app::tabs(&name, "Diff"),
        title: Title::none("Cannot be compared"),
        states: states(&app, &name).await,
        swap: String::new(),
        patch: query.with(&[("format", "patch")]),
        blast: Vec::new(),
        change: String::new(),
        error: String::new(),
        unanswered: false,
        objects: Objects::default(),
        query,
    };
    let status = fill(&app, &facts, &mut page, wants).await?;
    Ok((status, html(&page)).into_response())
}

/// # Errors
/// Also where one object is asked for, and it is on neither side: that is not the same on both.
async fn compare(app: &App, name: &str, query: &Wanted) -> Result<PlanView, service::Error> {
    let view = app.backend.compare(name, &query.from, &query.to).await?;
    if query.object.is_empty() || diff::has(&view.plan, &query.object) {
        return Ok(view);
    }
    let text = format!("object {} on either side", query.object);
    Err(service::Error::NotFound(text))
}

/// Compares. What is wrong with what was asked for is on the page, beside what asks for it.
async fn fill(
    app: &App,
    facts: &Facts,
    page: &mut AppPage,
    wants: Wants,
) -> Result<StatusCode, PageError> {
    let (name, query) = (&facts.name, &page.query);
    let view = match compare(app, name, query).await {
        Ok(view) => view,
        Err(error) => {
            page.error = error.to_string();
            return match error {
                service::Error::NotFound(_) => Ok(StatusCode::NOT_FOUND),
                service::Error::Refused(_) | service::Error::Impossible(_) => Ok(StatusCode::OK),
                // The rest of the page does not need the cluster.
                service::Error::Cluster(_) => {
                    page.error = format!("{} Nothing was compared.", sentence(&chain(&error)));
                    page.unanswered = true;
                    Ok(StatusCode::SERVICE_UNAVAILABLE)
                }
                error => Err(error.into()),
            };
        }
    };
    let open = DriftQuery {
        application: Some(name.clone()),
        open_at: Some(app.env.now()),
        limit: DRIFTS,
        ..DriftQuery::default()
    };
    let drifts = app.backend.drifts(&open).await.unwrap_or_default();
    let compared = Compared {
        drifts: &drifts,
        now: app.env.now(),
        ..Compared::of(&view)
    };
    page.objects = diff::of_plan(&compared, query, wants);
    page.title = title(
        &view,
        !query.to.is_empty(),
        &facts.applied,
        facts.last.as_deref(),
    );
    page.swap = swap(&view, query);
    if view.to.unmerged
        && let Some(change) = change(app, &query.to, &view.commit.id).await
    {
        page.blast = changes::blast(&change);
        page.change = changes::href(&change);
    }
    Ok(StatusCode::OK)
}

/// The same the other way round.
fn swap(view: &PlanView, query: &Wanted) -> String {
    let named = |said: &str, side: &Side| match &side.commit {
        _ if !said.is_empty() => said.to_owned(),
        Some(commit) => commit.id.short().to_owned(),
        None => "live".into(),
    };
    let (from, to) = (named(&query.from, &view.from), named(&query.to, &view.to));
    query.with(&[("from", &to), ("to", &from), ("object", "")])
}

/// What is live, and the newest rollouts.
async fn states(app: &App, name: &str) -> Vec<(String, String)> {
    let query = RolloutQuery {
        application: Some(name.to_owned()),
        limit: OFFERED,
        ..RolloutQuery::default()
    };
    let rollouts = app.backend.rollouts(&query).await.unwrap_or_default();
    let live = ("live".to_owned(), "what is in the cluster".to_owned());
    let rollouts = rollouts.into_iter().map(|rollout| {
        let subject = rollout.commit_message.lines().next().unwrap_or_default();
        let short = rollout.revision.short();
        (rollout.id.clone(), format!("{short} {subject}"))
    });
    std::iter::once(live).chain(rollouts).collect()
}

/// What is known of merging a branch.
async fn change(app: &App, branch: &str, commit: &CommitId) -> Option<Change> {
    let changes = app.backend.changes("").await.ok()?;
    let mut fitting = changes.into_iter().filter(|it| it.revision == *commit);
    let is_asked = |change: &Change| change.branch == branch || commit.0.starts_with(branch);
    fitting.find(is_asked)
}

/// What a rollout planned is on record as fields: whole objects are in Git.
fn no_patch(rollout: &Rollout) -> String {
    let (from, to) = (&rollout.previous, &rollout.revision);
    let text = "format: of a rollout the fields that it changed are kept, and no patch";
    if from.0.is_empty() {
        return format!("{text}; there was no commit before it to compare with");
    }
    let home = app_href(&rollout.application);
    let sides = format!("from={}&to={}", encoded(&from.0), encoded(&to.0));
    format!("{text}; one of its two commits is {home}/diff?{sides}&format=patch")
}

pub(in crate::web) async fn of_rollout(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(looks): Query<Looks>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let query = Wanted::from(looks);
    let wants = query.wants().map_err(PageError::BadParameter)?;
    let detail = detail(&app, &id).await?;
    if wants.patch {
        return Err(PageError::BadRequest(no_patch(&detail.rollout)));
    }
    if visitor.json {
        return Ok(Json(json::diff_of_rollout(&detail)).into_response());
    }
    let head = rollout::head(
        &detail.rollout,
        &rollout::Beside::default(),
        0,
        app.env.now(),
    );
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
        objects: diff::of_rollout(&detail, &query, wants),
    }))
}
