//! `GET /commits/{sha}`

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::{IntoResponse, Redirect, Response};

use engine::rollout::CommitId;

use super::{Markup, follow, fragment, html, take};
use crate::forge::Change;
use crate::history::{Rollout, RolloutQuery};
use crate::service::{self, CommitView};
use crate::web::app::App;
use crate::web::error::PageError;
use crate::web::gate::chain;
use crate::web::json;
use crate::web::live::Fragment;
use crate::web::view::commit;
use crate::web::view::component::Icon;
use crate::web::view::frame::{Frame, Section};
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "commit/page.html")]
struct Page {
    frame: Frame,
    short: String,
    head: Markup,
    rollouts: Markup,
    facts: Markup,
    /// Why what Git knows of it is not here; empty where it is.
    error: String,
}

/// The shortest beginning that is looked up.
const SHORTEST: usize = 4;

/// Rollouts among which the next commit is looked for.
const NEWEST: u16 = 500;

/// What is known of a commit.
struct Found {
    id: CommitId,
    /// Absent where the repository does not have it, or does not answer.
    view: Option<CommitView>,
    rollouts: Vec<Rollout>,
    /// What the repository answered instead.
    error: String,
}

pub(in crate::web) async fn page(
    State(app): State<Arc<App>>,
    Path(sha): Path<String>,
    uri: Uri,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let found = find(&app, &sha).await?;
    // Programs are answered at once: the answer has the whole hash.
    if !visitor.json && sha != commit::canonical(&found.id) {
        return Ok(canonical(&commit::href(&found.id), &uri));
    }
    let push = app.backend.push_of(&found.id).await?;
    let next = next(&app, &found).await?;
    if visitor.json {
        return Ok(Json(json::CommitPage {
            id: found.id,
            signature: found
                .view
                .as_ref()
                .map(|it| commit::signature(&it.signature)),
            commit: found.view.map(|it| it.commit),
            push,
            rollouts: found.rollouts,
        })
        .into_response());
    }
    let fragments = make(&app, &found).await?;
    let short = found.id.short().to_owned();
    let mut frame = visitor
        .frame(&app)
        .await
        .page(Section::Rollouts, format!("Commit {short}"))
        .crumb("Rollouts", "/rollouts")
        .crumb(short.as_str(), "");
    let facts = commit::facts(
        &found.id,
        found.view.as_ref(),
        push.as_ref(),
        &found.rollouts,
        next.as_ref(),
    );
    follow(
        &app,
        &mut frame,
        format!("commit:{}", found.id.0),
        &fragments,
    );
    Ok(html(&Page {
        frame,
        short,
        head: take(&fragments, "head"),
        rollouts: take(&fragments, "rollouts"),
        facts: Markup(fragment("facts", &facts).html),
        error: found.error,
    }))
}

/// The commit that was brought to the cluster after this one: Git knows parents, not children.
async fn next(app: &App, found: &Found) -> Result<Option<CommitId>, PageError> {
    if found.rollouts.is_empty() {
        return Ok(None);
    }
    let newest = RolloutQuery {
        limit: NEWEST,
        ..RolloutQuery::default()
    };
    let newest = app.backend.rollouts(&newest).await?;
    Ok(commit::next(&found.id, &newest))
}

pub(super) async fn fragments(app: &App, id: &str) -> Result<Vec<Fragment>, PageError> {
    make(app, &find(app, id).await?).await
}

async fn make(app: &App, found: &Found) -> Result<Vec<Fragment>, PageError> {
    let now = app.env.now();
    let head = commit::head(&found.id, found.view.as_ref(), &found.rollouts, now);
    let branch = unmerged(app, found).await?;
    let rollouts = commit::rollouts(&found.rollouts, branch.as_ref(), now);
    Ok(vec![
        fragment("head", &head),
        fragment("rollouts", &rollouts),
    ])
}

/// The branch that ends with the commit, where nothing was brought to it.
async fn unmerged(app: &App, found: &Found) -> Result<Option<Change>, PageError> {
    if app.past.is_some() || !found.rollouts.is_empty() {
        return Ok(None);
    }
    let mut open = app.backend.changes("").await?.into_iter();
    Ok(open.find(|change| change.revision == found.id))
}

/// The way to the one address of a page; what was asked for beside the commit stays.
pub(super) fn canonical(path: &str, uri: &Uri) -> Response {
    let address = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    Redirect::to(&address).into_response()
}

/// The one commit that is meant; what the history knows stands where the repository does not answer.
async fn find(app: &App, sha: &str) -> Result<Found, PageError> {
    let sha = sha.to_ascii_lowercase();
    let is_hash = sha
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit() || byte == b'+');
    if sha.len() < SHORTEST || !is_hash {
        let text = format!("no commit is {sha}: {SHORTEST} digits of its hash are needed");
        return Err(PageError::BadRequest(text));
    }
    let first = sha.split('+').next().unwrap_or_default();
    let rollouts = app.backend.rollouts_of(first).await?;
    let mut error = String::new();
    let (view, others) = match app.backend.commit(first).await {
        Ok(view) => (view, BTreeSet::new()),
        Err(service::Error::Ambiguous { commits, .. }) => (None, commits),
        Err(service::Error::NotFound(_)) => (None, BTreeSet::new()),
        Err(failure) => {
            error = format!("What Git knows of it cannot be read: {}.", chain(&failure));
            (None, BTreeSet::new())
        }
    };
    let first_of = |id: &CommitId| id.parts().into_iter().next().unwrap_or_default();
    let mut ids: BTreeSet<CommitId> = rollouts.iter().map(|it| first_of(&it.revision)).collect();
    ids.extend(view.iter().map(|view| view.commit.id.clone()));
    ids.extend(others);
    let all = ids.clone();
    let mut ids = ids.into_iter();
    match (ids.next(), ids.next()) {
        (Some(id), None) => Ok(Found {
            id,
            view,
            rollouts,
            error,
        }),
        (Some(_), Some(_)) => Err(PageError::BadRequest(commit::ambiguous(&sha, &all))),
        (None, _) => Err(PageError::NotFound(format!("commit {sha}"))),
    }
}
