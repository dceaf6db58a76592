//! `GET /apps/{app}`

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::apps::fact;
use super::rollout::branch;
use super::{Markup, follow, fragment, html, take};
use crate::history::{Drift, DriftQuery, Rollout, RolloutDetail, RolloutQuery};
use crate::service::{self, ApplicationView, ObjectNode};
use crate::web::app::App;
use crate::web::asked::Query;
use crate::web::error::PageError;
use crate::web::gate::chain;
use crate::web::json;
use crate::web::live::Fragment;
use crate::web::view::app;
use crate::web::view::checks::{self, Drifted, Workload};
use crate::web::view::component::Icon;
use crate::web::view::drift;
use crate::web::view::facts::Facts;
use crate::web::view::frame::{Frame, Section};
use crate::web::view::graph::app_href;
use crate::web::view::objects::{self, Wanted};
use crate::web::view::{proven, tree, used};
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "app/page.html")]
struct Page {
    frame: Frame,
    head: Markup,
    tabs: app::Tabs,
    truth: Markup,
    tree: Markup,
    rollouts: Markup,
    conditions: Markup,
    drift: Markup,
    summary: Markup,
}

/// Rollouts on the overview.
const RECENT: u16 = 8;
/// Changes from outside of Git on the overview.
const DRIFTS: usize = 5;
/// As many are read to know when the last one ended.
const READ: u16 = 200;
/// Workloads that are asked for one by one.
const WORKLOADS: usize = 20;

/// How to show the objects.
#[derive(Debug, Default, Deserialize)]
pub(in crate::web) struct Asked {
    /// `graph` or `list`.
    #[serde(default)]
    view: String,
    /// `unhealthy`, or all.
    #[serde(default)]
    only: String,
    /// Of the list, from 1; what is no number is the first.
    #[serde(default)]
    page: String,
}

pub(in crate::web) async fn page(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    if visitor.json {
        return data(&app, &name).await.map(IntoResponse::into_response);
    }
    let facts = facts(&app, &name).await?;
    let wanted = Wanted::parse(&asked.view, &asked.only, &asked.page);
    let fragments = make(&app, &facts, wanted).await?;
    let mut frame = visitor
        .frame(&app)
        .await
        .page(Section::Applications, name.as_str())
        .crumb("Applications", "/apps")
        .crumb(name.as_str(), "");
    follow(&app, &mut frame, topic(&name, wanted), &fragments);
    let page = Page {
        frame,
        head: take(&fragments, "head"),
        tabs: app::tabs(&name, "Overview"),
        truth: take(&fragments, "truth"),
        tree: take(&fragments, "tree"),
        rollouts: take(&fragments, "recent"),
        conditions: take(&fragments, "conds"),
        drift: take(&fragments, "drift"),
        summary: take(&fragments, "summary"),
    };
    Ok(html(&page))
}

/// What is known of one application.
pub(super) async fn facts(app: &App, name: &str) -> Result<Facts, PageError> {
    let mut facts = fact(app, &view(app, name).await?);
    if facts.tracks.is_empty() {
        facts.tracks = branch(app).await;
    }
    Ok(facts)
}

/// The title of an application's pages.
pub(super) async fn head_of(app: &App, name: &str) -> Result<Fragment, PageError> {
    let facts = facts(app, name).await?;
    Ok(fragment("head", &app::head(&facts, app.env.now())))
}

/// The frame of one of an application's pages.
pub(super) async fn frame_of(app: &App, visitor: &Visitor, name: &str, page: &str) -> Frame {
    let frame = visitor.frame(app).await;
    frame
        .page(Section::Applications, format!("{page} of {name}"))
        .crumb("Applications", "/apps")
        .crumb(name, app_href(name))
        .crumb(page, "")
}

pub(super) async fn view(app: &App, name: &str) -> Result<ApplicationView, PageError> {
    match app.backend.application(name).await {
        Ok(view) => Ok(view),
        Err(service::Error::NotFound(what)) => Err(match app.backend.removed_at(name).await? {
            Some(at) => PageError::Removed {
                name: name.to_owned(),
                at,
            },
            None => PageError::NotFound(what),
        }),
        Err(error) => Err(error.into()),
    }
}

fn topic(name: &str, wanted: Wanted) -> String {
    match wanted.word().as_str() {
        "" => format!("app:{name}"),
        wanted => format!("app:{name}/{wanted}"),
    }
}

/// `name` is as in the topic: the application, then how to show its objects.
pub(super) async fn fragments(app: &App, name: &str) -> Result<Vec<Fragment>, PageError> {
    let (name, wanted) = name.split_once('/').unwrap_or((name, ""));
    let facts = facts(app, name).await?;
    make(app, &facts, Wanted::of_word(wanted)).await
}

async fn make(app: &App, facts: &Facts, wanted: Wanted) -> Result<Vec<Fragment>, PageError> {
    let now = app.env.now();
    let rollouts = newest(app, &facts.name).await?;
    let running = running(app, facts).await?;
    let (open, newest) = drifted(app, &facts.name).await?;
    let objects = app.backend.objects(&facts.name).await;
    let workloads = workloads(app, objects.as_deref().ok()).await;
    let drifts = Drifted {
        open: &open,
        newest: &newest,
    };
    let checks = checks::checks(facts, workloads.as_deref(), drifts);
    let drifts = &newest[..newest.len().min(DRIFTS)];
    let (tree, forest) = match objects {
        Ok(all) => {
            let find = |key: &api::ObjectKey| app.cached(key);
            let forest = tree::forest(&facts.name, &all, running.as_ref(), &find);
            (objects::tree(facts, &forest, wanted), forest)
        }
        // The rest of the page stands.
        Err(error) => {
            let error = format!("The objects cannot be read: {}.", chain(&error));
            (objects::tree_error(&facts.name, error), Vec::new())
        }
    };
    let uses = used::line(&app.backend.used(), &facts.name, now);
    let proven = app.backend.proven(&facts.name, now).await?;
    let proof = proven::proof(facts, running.as_ref(), proven.as_ref(), &open, now);
    Ok(vec![
        fragment("head", &app::head(facts, now)),
        fragment("truth", &app::truth(facts, now)),
        fragment("tree", &tree),
        fragment("recent", &app::recent(&facts.name, &rollouts, now)),
        fragment("conds", &checks::shown(&checks, now)),
        fragment("drift", &drift::drifts(drifts, now)),
        fragment("summary", &app::summary(facts, &forest, uses, proof)),
    ])
}

/// What others changed: what is there still, and the newest.
async fn drifted(app: &App, name: &str) -> Result<(Vec<Drift>, Vec<Drift>), PageError> {
    let newest = DriftQuery {
        application: Some(name.to_owned()),
        limit: READ,
        ..DriftQuery::default()
    };
    let open = DriftQuery {
        open_at: Some(app.env.now()),
        ..newest.clone()
    };
    let open = app.backend.drifts(&open).await?;
    Ok((open, app.backend.drifts(&newest).await?))
}

/// What of the application serves; `None` where that cannot be read.
async fn workloads(app: &App, nodes: Option<&[ObjectNode]>) -> Option<Vec<Workload>> {
    let mut found = Vec::new();
    let mut asked = 0;
    for node in nodes?.iter().filter(|node| checks::is_workload(node)) {
        let object = match app.cached(&node.key) {
            _ if node.missing => None,
            Some(object) => Some(object),
            None if asked == WORKLOADS => return None,
            None => {
                asked += 1;
                match app.client.get(&node.key).await {
                    Ok(object) => Some(Arc::new(object)),
                    Err(error) if error.is_not_found() => None,
                    Err(_) => return None,
                }
            }
        };
        found.extend(checks::workload(node, object.as_deref()));
    }
    Some(found)
}

async fn newest(app: &App, name: &str) -> Result<Vec<Rollout>, PageError> {
    let query = RolloutQuery {
        application: Some(name.into()),
        limit: RECENT,
        ..RolloutQuery::default()
    };
    Ok(app.backend.rollouts(&query).await?)
}

async fn running(app: &App, facts: &Facts) -> Result<Option<RolloutDetail>, PageError> {
    match facts.running() {
        Some(rollout) => Ok(app.backend.rollout(&rollout.id).await?),
        None => Ok(None),
    }
}

async fn data(app: &App, name: &str) -> Result<Json<json::ApplicationPage>, PageError> {
    let application = view(app, name).await?;
    let facts = fact(app, &application);
    let objects = app.backend.objects(name).await.ok();
    let (open, drifts) = drifted(app, name).await?;
    let drifts = Drifted {
        open: &open,
        newest: &drifts,
    };
    let workloads = workloads(app, objects.as_deref()).await;
    let checks = checks::checks(&facts, workloads.as_deref(), drifts);
    let conditions = facts.conditions;
    let used = app.backend.used();
    let day = used.days.get(name);
    Ok(Json(json::ApplicationPage {
        used: used.dated(used.applications.get(name).copied()),
        day: day.map(|day| day.to_vec()).unwrap_or_default(),
        objects,
        checks,
        proven: app.backend.proven(name, app.env.now()).await?,
        rollouts: newest(app, name).await?,
        conditions,
        application,
    }))
}
