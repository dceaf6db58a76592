//! The page of an application that is no more: when it went and why, and how it was last.

use askama::Template;
use axum::Json;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use api::Collection;
use engine::rollout::CommitId;

use super::object_log::{self, Deed};
use super::{Markup, fragment, html};
use crate::history::{Rollout, RolloutQuery};
use crate::service::CommitView;
use crate::web::app::App;
use crate::web::json;
use crate::web::view::app_gone::{self, Gone, Why};
use crate::web::view::component::Icon;
use crate::web::view::frame::{Frame, Section};
use crate::web::visitor::Visitor;

/// Steps of an application that are looked through for where its end began.
const STEPS: u16 = 200;

#[derive(Template)]
#[template(path = "app/gone_page.html")]
struct Page {
    frame: Frame,
    gone: Markup,
}

/// Why an application is gone.
pub(super) struct Cause {
    /// When its end began.
    pub(super) began: Timestamp,
    /// The commit that does not have it any more, where it went for one; else where Git was then.
    pub(super) commit: Option<CommitId>,
    /// Who deleted it by hand; empty where nobody did, or nobody knows.
    pub(super) by: String,
    /// Whether it went for the commit.
    pub(super) is_for_commit: bool,
}

/// What is told of an application that was removed at `at`. What cannot be read is left out.
pub(in crate::web) async fn page(
    app: &App,
    name: &str,
    at: Timestamp,
    visitor: &Visitor,
) -> Response {
    let cause = cause(app, name, at).await;
    let commit = match &cause.commit {
        Some(id) => app.backend.commit(&id.0).await.ok().flatten(),
        None => None,
    };
    let last = last(app, name).await;
    if visitor.json {
        return Json(data(name, at, &cause, commit, last)).into_response();
    }
    let now = app.env.now();
    let why = Why {
        commit: cause.commit.as_ref(),
        known: commit.as_ref(),
        by: &cause.by,
        is_for_commit: cause.is_for_commit,
    };
    let gone: Gone = app_gone::gone(name, (at, cause.began), &why, last.as_ref(), now);
    let frame = visitor.frame(app).await;
    let frame = frame
        .page(Section::Applications, format!("{name} is gone"))
        .crumb("Applications", "/apps")
        .crumb(name, "");
    html(&Page {
        frame,
        gone: Markup(fragment("gone", &gone).html),
    })
}

fn data(
    name: &str,
    at: Timestamp,
    cause: &Cause,
    commit: Option<CommitView>,
    last: Option<Rollout>,
) -> json::GoneApplication {
    let id = cause.commit.clone().filter(|_| cause.is_for_commit);
    let author = commit.map(|it| it.commit.author.to_string());
    let by = match cause.by.as_str() {
        "" if cause.is_for_commit => author.unwrap_or_default(),
        by => by.to_owned(),
    };
    json::GoneApplication {
        error: json::FailureText {
            status: 410,
            message: app_gone::told(name, at, (id.as_ref(), &by), last.as_ref()),
        },
        application: name.to_owned(),
        removed_at: at,
        by,
        commit: id.unwrap_or_default(),
        last,
    }
}

/// The newest rollout it had.
async fn last(app: &App, name: &str) -> Option<Rollout> {
    let query = RolloutQuery {
        application: Some(name.to_owned()),
        limit: 1,
        ..RolloutQuery::default()
    };
    app.backend.rollouts(&query).await.ok()?.pop()
}

/// Why it went, as far as the history and the log of changes know.
pub(super) async fn cause(app: &App, name: &str, at: Timestamp) -> Cause {
    let steps = app.backend.newest_steps(name, STEPS).await;
    let began = app_gone::began(&steps.unwrap_or_default()).unwrap_or(at);
    let key = Collection::new(api::kinds::GROUP, "applications")
        .key(engine::application::NAMESPACE, name);
    let blame = object_log::blame(app, &key).await.ok().flatten();
    let deed = blame.and_then(|blame| blame.deleted);
    let is_ours = |deed: &Deed| deed.manager == crate::config::MANAGER;
    let by = deed.as_ref().filter(|deed| !is_ours(deed)).map(Deed::who);
    let commit = match by {
        Some(_) => None,
        None => head_at(app, began).await,
    };
    Cause {
        began,
        is_for_commit: commit.is_some() && deed.as_ref().is_some_and(is_ours),
        commit,
        by: by.unwrap_or_default(),
    }
}

/// Where the branch that is followed was.
async fn head_at(app: &App, at: Timestamp) -> Option<CommitId> {
    let source = app.backend.sources().await.ok()?.into_iter().next()?;
    app.backend.head_at(&source, at).await.ok()?
}
