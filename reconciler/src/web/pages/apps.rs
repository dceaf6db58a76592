//! `GET /apps`

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures::try_join;
use jiff::Timestamp;

use api::{Collection, Object};

use super::{Markup, follow, fragment, html, take};
use crate::history::{DriftQuery, Recent, Rollout, RolloutQuery};
use crate::service::{ApplicationView, Error};
use crate::usage::Used;
use crate::web::app::App;
use crate::web::asked::Query;
use crate::web::error::PageError;
use crate::web::json;
use crate::web::live::Fragment;
use crate::web::timing::rendering;

use crate::web::view::apps;
use crate::web::view::component::{Icon, encoded};
use crate::web::view::facts::Facts;
use crate::web::view::frame::{Frame, Section};
use crate::web::view::narrowed::narrowed;
use crate::web::view::tape;
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "apps/page.html")]
struct Page {
    frame: Frame,
    summary: Markup,
    filters: Markup,
    query: String,
    /// What else was chosen, and stays so when the list is filtered.
    kept: Vec<(&'static str, String)>,
    tape: Markup,
    attention: Markup,
    table: Markup,
}

pub(in crate::web) async fn page(
    State(app): State<Arc<App>>,
    Query(query): Query<apps::Query>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let views = app.backend.applications().await?;
    if visitor.json {
        let tracked = app.backend.tracked().await?;
        let attention = apps::attention(&facts(&views), object(&app), app.env.now());
        let answer = json::Applications {
            tracked,
            needs: json::Needs::of(attention),
            items: items(narrowed(views, &query), &app.backend.used()),
        };
        return Ok(Json(answer).into_response());
    }
    let all = rendering(|| facts(&views));
    // Before the frame asks for the same, and reads all of them once more.
    app.counts_of(&all).await;
    let topic = topic(&query);
    let fragments = make(&app, &all, &query).await?;
    let mut frame = visitor
        .frame(&app)
        .await
        .page(Section::Applications, "Applications")
        .crumb("Applications", "");
    follow(&app, &mut frame, topic, &fragments);
    let page = Page {
        frame,
        summary: take(&fragments, "overview"),
        filters: take(&fragments, "filters"),
        kept: query.kept(),
        query: query.q,
        tape: take(&fragments, "tape"),
        attention: take(&fragments, "attention"),
        table: take(&fragments, "apps"),
    };
    Ok(html(&page))
}

fn items(views: Vec<ApplicationView>, used: &Used) -> Vec<json::ApplicationItem> {
    let item = |application: ApplicationView| {
        let name = &application.summary.application.name;
        let used = used.dated(used.applications.get(name).copied());
        json::ApplicationItem { application, used }
    };
    views.into_iter().map(item).collect()
}

/// What is asked for is part of the topic: every choice has rows of its own.
fn topic(query: &apps::Query) -> String {
    let apps::Query {
        health,
        sync,
        q,
        sort,
        page,
    } = query;
    let parts = [health, sync, q, sort, page].map(|part| encoded(part));
    format!("apps:{}", parts.join("&"))
}

fn query(name: &str) -> apps::Query {
    let mut parts = name.split('&').map(decoded);
    let mut part = || parts.next().unwrap_or_default();
    apps::Query {
        health: part(),
        sync: part(),
        q: part(),
        sort: part(),
        page: part(),
    }
}

/// The reverse of [`encoded`].
pub(super) fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = (*first == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        if let Some(byte) = hex {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

pub(super) async fn fragments(app: &App, name: &str) -> Result<Vec<Fragment>, PageError> {
    let views = app.backend.applications().await?;
    let all = facts(&views);
    make(app, &all, &query(name)).await
}

async fn make(app: &App, all: &[Facts], query: &apps::Query) -> Result<Vec<Fragment>, PageError> {
    let (now, used) = (app.env.now(), app.backend.used());
    let day = day(app, None).await?;
    let push = if all.is_empty() {
        push(app).await
    } else {
        String::new()
    };
    let side = ("Pick a mark to see", "everything as it was");
    Ok(rendering(|| {
        let list = apps::table(all, query, (&push, &used), now);
        vec![
            fragment("tape", &tape::tape(&day, now, side, "/apps")),
            fragment("overview", &apps::summary(all)),
            fragment("filters", &apps::filters(all, query)),
            fragment("attention", &apps::attention(all, object(app), now)),
            fragment("apps", &list),
        ]
    }))
}

/// What brings a commit to where it is followed, from a clone or from a repository of one's own.
async fn push(app: &App) -> String {
    let sources = app.backend.sources().await.unwrap_or_default();
    let branch = sources.first().map_or("main", |source| &source.branch);
    format!("git push {} HEAD:{branch}", app.settings.clone_url)
}

/// Rollouts, and drifts, of one day that are read at most.
const DAY: u16 = 5_000;

/// All that began in the last day, for the tape.
pub(super) async fn day(app: &App, name: Option<&str>) -> Result<tape::Day, PageError> {
    let since = app.env.now() - tape::SPAN;
    let drifts = DriftQuery {
        application: name.map(str::to_owned),
        since: Some(since),
        limit: DAY,
        ..DriftQuery::default()
    };
    let (rollouts, drifts) = try_join!(began(app, name, since), app.backend.drifts(&drifts))?;
    Ok(tape::Day { rollouts, drifts })
}

async fn began(app: &App, name: Option<&str>, since: Timestamp) -> Result<Recent, Error> {
    let Some(name) = name else {
        return app.backend.recent(since).await;
    };
    let query = RolloutQuery {
        application: Some(name.to_owned()),
        since: Some(since),
        limit: DAY,
        ..RolloutQuery::default()
    };
    let rollouts = app.backend.rollouts(&query).await?;
    Ok(Arc::new(rollouts.into_iter().map(Arc::new).collect()))
}

/// The newest rollouts, enough to tell how long they take.
pub(super) async fn recent(app: &App, name: Option<&str>) -> Result<Vec<Rollout>, PageError> {
    let query = RolloutQuery {
        application: name.map(str::to_owned),
        limit: 200,
        ..RolloutQuery::default()
    };
    Ok(app.backend.rollouts(&query).await?)
}

/// Without their objects: the list shows nothing that only they say, and there may be many.
fn facts(views: &[ApplicationView]) -> Vec<Facts> {
    views.iter().map(|view| Facts::new(view, None)).collect()
}

/// One application with its object, as far as the cluster has told.
pub(super) fn fact(app: &App, view: &ApplicationView) -> Facts {
    let object = object(app)(&view.summary.application.name);
    Facts::new(view, object.as_deref())
}

/// An application's object by its name, as far as the cluster has told.
fn object(app: &App) -> impl Fn(&str) -> Option<Arc<Object>> {
    let collection = Collection::new(api::kinds::GROUP, "applications");
    move |name| app.cached(&collection.key(engine::application::NAMESPACE, name))
}
