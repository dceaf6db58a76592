//! The page of an object that was deleted: its last state, when it went, and for which commit.

use askama::Template;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;

use api::{Object, ObjectKey};
use engine::rollout::CommitId;

use super::object::{Named, frame};
use super::object_log::{self, Deed};
use super::whose::whose;
use super::{Markup, app_gone, fragment, html, reported};
use crate::history::{RemovedObject, RolloutQuery};
use crate::web::app::App;
use crate::web::error::PageError;
use crate::web::json;
use crate::web::view::commit::chip;
use crate::web::view::component::Icon;
use crate::web::view::frame::{Frame, Section};
use crate::web::view::time::When;
use crate::web::view::{object, pod};
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "object/gone_page.html")]
struct Page {
    frame: Frame,
    gone: Markup,
    fields: Option<Markup>,
    note: String,
    events: Markup,
}

/// What is known of what is not there any more.
struct Gone {
    /// When something was reported about it last.
    heard: Option<Timestamp>,
    deed: Deed,
    last: Option<Object>,
    events: Vec<Object>,
}

/// The same of what has a page of its own, whose application is not part of its address.
pub(super) async fn alone(
    app: &App,
    kind: &str,
    key: ObjectKey,
    visitor: &Visitor,
) -> Result<Response, PageError> {
    let named = Named {
        application: String::new(),
        kind: kind.to_owned(),
        key,
    };
    match page(app, &named, "", visitor).await {
        Err(PageError::NotFound(_)) => {
            let (kind, place) = (kind.to_lowercase(), object::place(&named.key));
            Err(PageError::NotFound(format!("{kind} {place}")))
        }
        answer => answer,
    }
}

async fn lone(app: &App, named: &Named, visitor: &Visitor) -> Frame {
    let title = format!("{} {}", named.kind, named.key.name);
    let frame = visitor.frame(app).await;
    let frame = match named.kind.as_str() {
        "Node" => frame.page(Section::Nodes, title).crumb("Nodes", "/nodes"),
        _ => frame
            .page(Section::Applications, title)
            .crumb("Applications", "/apps"),
    };
    frame.crumb(named.key.name.as_str(), "")
}

/// What is still known of it: the cluster's log, or else what the history says of a rollout that
/// deleted it. `part` is the page of its lines.
pub(super) async fn page(
    app: &App,
    named: &Named,
    part: &str,
    visitor: &Visitor,
) -> Result<Response, PageError> {
    let blame = object_log::blame(app, &named.key).await;
    let deed = blame.as_ref().ok().cloned().flatten();
    let deed = deed.and_then(|blame| blame.deleted);
    let removed = app.backend.removed_object(&named.key).await?;
    // What a rollout of another application deleted is told on that one's pages.
    if let Some(other) = removed.as_ref().map(|it| &it.application)
        && *other != named.application
        && !named.application.is_empty()
    {
        let there = object::href(other, &named.kind, &named.key);
        return Ok(Redirect::to(&there).into_response());
    }
    let events = reported::of_object(app, &named.kind, &named.key).await;
    let events = events.events.unwrap_or_default();
    let heard = events.iter().filter_map(pod::happened).max();
    let deed = match (deed, removed) {
        (Some(deed), removed) => with_commit(deed, removed),
        (None, Some(removed)) => Deed {
            time: Some(removed.at),
            manager: crate::config::MANAGER.to_owned(),
            commit: removed.revision.0,
            ..Deed::default()
        },
        // Whether it was there at all is told by what was reported about it.
        (None, None) if heard.is_some() => Deed::default(),
        (None, None) => {
            let what = format!("{} {}", named.kind, object::place(&named.key));
            return Err(PageError::NotFound(what));
        }
    };
    let deed = for_its_application(app, named, deed).await;
    let last = object_log::before(app, &named.key, &deed).await;
    let gone = Gone {
        heard,
        deed,
        last,
        events,
    };
    let mut response = if visitor.json {
        Json(json::GoneObject {
            application: named.application.clone(),
            deleted_at: gone.deed.time,
            reported_at: gone.heard,
            by: gone.deed.who(),
            commit: gone.deed.commit.clone(),
            object: gone.last.as_ref().map(json::shown),
        })
        .into_response()
    } else {
        shown(app, named, (&gone, part), visitor).await
    };
    *response.status_mut() = StatusCode::GONE;
    Ok(response)
}

/// What went with its application went for the commit that the application did.
async fn for_its_application(app: &App, named: &Named, mut deed: Deed) -> Deed {
    let is_ours = deed.manager == crate::config::MANAGER;
    if !deed.commit.is_empty() || !is_ours || named.application.is_empty() {
        return deed;
    }
    let (Ok(Some(removed)), Some(time)) =
        (app.backend.removed_at(&named.application).await, deed.time)
    else {
        return deed;
    };
    let cause = app_gone::cause(app, &named.application, removed).await;
    if cause.is_for_commit && (cause.began..=removed).contains(&time) {
        deed.commit = cause.commit.unwrap_or_default().0;
    }
    deed
}

/// The log does not know which commit left an object out; the rollout that deleted it does.
fn with_commit(mut deed: Deed, removed: Option<RemovedObject>) -> Deed {
    let is_ours = deed.manager == crate::config::MANAGER;
    if let (true, true, Some(removed)) = (deed.commit.is_empty(), is_ours, removed) {
        deed.commit = removed.revision.0;
    }
    deed
}

/// The commit that the application of what was there was brought to last before it went.
async fn then(app: &App, named: &Named, gone: &Gone) -> Option<(String, CommitId)> {
    let at = gone.deed.time.or(gone.heard)?;
    let owner = match (&gone.last, named.application.as_str()) {
        (Some(last), "") => whose(app, &named.key, last).await,
        (_, name) => name.to_owned(),
    };
    if owner.is_empty() {
        return None;
    }
    let query = RolloutQuery {
        application: Some(owner.clone()),
        before: Some(at),
        limit: 1,
        ..RolloutQuery::default()
    };
    let newest = app.backend.rollouts(&query).await.ok()?.pop()?;
    Some((owner, newest.revision))
}

async fn shown(
    app: &App,
    named: &Named,
    (gone, part): (&Gone, &str),
    visitor: &Visitor,
) -> Response {
    let now = app.env.now();
    let (deed, by) = (&gone.deed, gone.deed.who());
    let mut head = object::gone(&named.key, &named.kind, (deed.time, &by, &deed.commit), now);
    if deed.time.is_none() {
        head.heard = gone.heard.map(|at| When::ago(at, now));
        head.undelete.clear();
    }
    // What a controller made, a controller makes again: one that came back would be nobody's.
    if gone
        .last
        .as_ref()
        .is_some_and(|it| it.controller().is_some())
    {
        head.undelete.clear();
    }
    if deed.commit.is_empty() {
        head.then = then(app, named, gone)
            .await
            .map(|(owner, at)| (owner, chip(&at)));
    }
    let fields = match &gone.last {
        Some(object) => {
            let (known, error) = object_log::known(app, named, object).await;
            let lines = object::owned(object, &known);
            let mut view = object::fields("As it was last", &lines, part, now);
            view.error = error;
            Some(Markup(fragment("fields", &view).html))
        }
        None => None,
    };
    let frame = match named.application.as_str() {
        "" => lone(app, named, visitor).await,
        _ => frame(app, named, visitor).await,
    };
    let events = if gone.events.is_empty() {
        Markup::default()
    } else {
        Markup(fragment("events", &pod::events(&gone.events, now)).html)
    };
    html(&Page {
        frame,
        gone: Markup(fragment("head", &head).html),
        fields,
        events,
        note: "What it was last is older than the log of changes, and no longer known.".into(),
    })
}
