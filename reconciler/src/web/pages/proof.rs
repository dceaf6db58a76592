//! `GET /proofs/{commit}/{app}`, with `.json` or `.svg` for the data or a badge.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use engine::rollout::CommitId;

use super::html;
use crate::service::{self, ProofObject, ProofView};
use crate::web::app::App;
use crate::web::asked::Query;
use crate::web::error::PageError;
use crate::web::view::commit::{ambiguous, canonical, chip};
use crate::web::view::component::{CommitChip, Icon, encoded};
use crate::web::view::frame::{Frame, Section};
use crate::web::view::graph::app_href;
use crate::web::view::part::Part;
use crate::web::view::proof::{badge, from_git, sentence};
use crate::web::view::time::When;
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "proof/page.html")]
struct Page {
    frame: Frame,
    proof: ProofView,
    commit: CommitChip,
    sentence: String,
    from_git: &'static str,
    when: When,
    until: Option<When>,
    href: String,
    rollout: String,
    /// Of the pages of its objects.
    part: Part,
}

impl Page {
    /// The objects of this page.
    fn shown(&self) -> &[ProofObject] {
        &self.proof.objects[self.part.range()]
    }
}

/// Which of the objects.
#[derive(Debug, Default, Deserialize)]
pub(in crate::web) struct Asked {
    /// 200 of them, from 1; what is no number is the first.
    #[serde(default)]
    page: String,
}

pub(in crate::web) async fn page(
    State(app): State<Arc<App>>,
    Path((commit, file)): Path<(String, String)>,
    Query(asked): Query<Asked>,
    uri: Uri,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let (name, form) = match file.rsplit_once('.') {
        Some((name, form @ ("json" | "svg"))) => (name, form),
        _ => (file.as_str(), ""),
    };
    let commit = match commit.as_str() {
        "newest" => "",
        commit => commit,
    };
    let all = of_application(&app, name, commit).await?;
    if all.len() > 1 {
        return Err(PageError::BadRequest(ambiguous(commit, &all)));
    }
    let proof = find(&app, name, commit).await?;
    // What is at an address of the newest one changes; a file stays where it was asked for.
    let short = canonical(&proof.commit);
    let is_one = proof.commit.parts().len() == 1;
    if !visitor.json && form.is_empty() && !commit.is_empty() && is_one && commit != short {
        let path = format!("/proofs/{}/{}", encoded(&short), encoded(name));
        return Ok(super::commit::canonical(&path, &uri));
    }
    if form == "svg" {
        return Ok(drawn(&proof));
    }
    if visitor.json || form == "json" {
        return Ok(Json(proof).into_response());
    }
    let now = app.env.now();
    let frame = visitor
        .frame(&app)
        .await
        .page(Section::Applications, format!("Proof of {name}"))
        .crumb("Applications", "/apps")
        .crumb(name, app_href(name))
        .crumb("Proof", "");
    Ok(html(&Page {
        frame,
        commit: chip(&proof.commit),
        sentence: sentence(&proof),
        from_git: from_git(&proof),
        when: When::ago(proof.at, now),
        until: proof.until.map(|until| When::ago(until, now)),
        href: format!("/proofs/{}/{}", proof.commit.short(), encoded(name)),
        rollout: format!("/rollouts/{}", encoded(&proof.rollout)),
        part: Part::of(&asked.page, proof.objects.len()),
        proof,
    }))
}

/// The proof, or what there is not: of an application that is gone, that it is.
async fn find(app: &App, name: &str, commit: &str) -> Result<ProofView, PageError> {
    match app.backend.proof(name, commit, app.env.now()).await {
        Err(service::Error::NotFound(what)) => {
            super::app::view(app, name).await?;
            Err(PageError::NotFound(what))
        }
        found => Ok(found?),
    }
}

fn drawn(proof: &ProofView) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, badge(proof)).into_response()
}

/// The commits that begin like this and were brought to the application.
async fn of_application(
    app: &App,
    name: &str,
    commit: &str,
) -> Result<BTreeSet<CommitId>, PageError> {
    if commit.is_empty() {
        return Ok(BTreeSet::new());
    }
    let rollouts = app.backend.rollouts_of(commit).await?.into_iter();
    let own = rollouts.filter(|rollout| rollout.application == name);
    let first = |commit: CommitId| commit.parts().into_iter().next();
    Ok(own.filter_map(|rollout| first(rollout.revision)).collect())
}
