//! The page of an object that was deleted: its last state, when it went, and for which commit.

use askama::Template;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::object::{Named, frame};
use super::object_log::{self, Deed};
use super::{Markup, fragment, html};
use crate::history::RemovedObject;
use crate::web::app::App;
use crate::web::error::PageError;
use crate::web::json;
use crate::web::view::component::Icon;
use crate::web::view::frame::{Frame, Section};
use crate::web::view::object;
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "object/gone_page.html")]
struct Page {
    frame: Frame,
    gone: Markup,
    fields: Option<Markup>,
    note: String,
}

/// What is still known of it: the cluster's log, or else what the history says of a rollout that
/// deleted it.
pub(super) async fn page(
    app: &App,
    named: &Named,
    visitor: &Visitor,
) -> Result<Response, PageError> {
    let blame = object_log::blame(app, &named.key).await;
    let deed = blame.as_ref().ok().cloned().flatten();
    let deed = deed.and_then(|blame| blame.deleted);
    let removed = app.backend.removed_object(&named.key).await?;
    // What a rollout of another application deleted is told on that one's pages.
    if let Some(other) = removed.as_ref().map(|it| &it.application)
        && *other != named.application
    {
        let there = object::href(other, &named.kind, &named.key);
        return Ok(Redirect::to(&there).into_response());
    }
    let deed = match (deed, removed) {
        (Some(deed), removed) => with_commit(deed, removed),
        (None, Some(removed)) => Deed {
            time: Some(removed.at),
            manager: crate::config::MANAGER.to_owned(),
            commit: removed.revision.0,
            ..Deed::default()
        },
        (None, None) => {
            let what = format!("{} {}", named.kind, object::place(&named.key));
            return Err(PageError::NotFound(what));
        }
    };
    let last = object_log::before(app, &named.key, &deed).await;
    let mut response = if visitor.json {
        Json(json::GoneObject {
            application: named.application.clone(),
            deleted_at: deed.time,
            by: who(&deed),
            commit: deed.commit.clone(),
            object: last.as_ref().map(json::shown),
        })
        .into_response()
    } else {
        shown(app, named, &deed, last.as_ref(), visitor).await
    };
    *response.status_mut() = StatusCode::GONE;
    Ok(response)
}

/// The log does not know which commit left an object out; the rollout that deleted it does.
fn with_commit(mut deed: Deed, removed: Option<RemovedObject>) -> Deed {
    let is_ours = deed.manager == crate::config::MANAGER;
    if let (true, true, Some(removed)) = (deed.commit.is_empty(), is_ours, removed) {
        deed.commit = removed.revision.0;
    }
    deed
}

fn who(deed: &Deed) -> String {
    match (deed.user.as_str(), deed.manager.as_str()) {
        ("", one) | (one, "") => one.to_owned(),
        (user, manager) => format!("{user} with {manager}"),
    }
}

async fn shown(
    app: &App,
    named: &Named,
    deed: &Deed,
    last: Option<&api::Object>,
    visitor: &Visitor,
) -> Response {
    let now = app.env.now();
    let by = who(deed);
    let gone = object::gone(&named.key, &named.kind, (deed.time, &by, &deed.commit), now);
    let fields = match last {
        Some(object) => {
            let (known, error) = object_log::known(app, named, object).await;
            let lines = object::owned(object, &known);
            let mut view = object::fields("As it was last", &lines, now);
            view.error = error;
            Some(Markup(fragment("fields", &view).html))
        }
        None => None,
    };
    let frame = frame(app, named, visitor).await;
    html(&Page {
        frame,
        gone: Markup(fragment("head", &gone).html),
        fields,
        note: "What it was last is older than the log of changes, and no longer known.".into(),
    })
}
