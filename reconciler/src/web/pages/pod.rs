//! `GET /pods/{namespace}/{name}`

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use api::{Collection, Object};
use engine::health;

use super::pod_log_card;
use super::pod_origin::made_by;
use super::reported::{self, Heard};
use super::whose::whose;
use super::{Markup, follow, fragment, html, object_gone, take};
use crate::web::app::App;
use crate::web::asked::Query;
use crate::web::error::PageError;
use crate::web::json;
use crate::web::live::Fragment;
use crate::web::view::component::Icon;
use crate::web::view::frame::{Frame, Section};
use crate::web::view::graph::app_href;
use crate::web::view::pending::{self, Explained};
use crate::web::view::pod;
use crate::web::view::used;
use crate::web::view::why::card;
use crate::web::visitor::Visitor;
use crate::web::why;

#[derive(Template)]
#[template(path = "pod/page.html")]
struct Page {
    frame: Frame,
    head: Markup,
    why: Markup,
    pending: Markup,
    containers_card: Markup,
    used: Markup,
    events: Markup,
    summary: crate::web::view::app::Summary,
    log: Markup,
}

/// What to show of the logs.
#[derive(Debug, Default, Deserialize)]
pub(in crate::web) struct Asked {
    /// The container.
    #[serde(default)]
    pub(super) c: String,
    /// `now`, `previous`, the number of a run, or what tells most.
    #[serde(default)]
    pub(super) run: String,
    /// A regular expression.
    #[serde(default)]
    pub(super) grep: String,
    /// How far back: `5m`, `24h`.
    #[serde(default)]
    pub(super) since: String,
}

pub(in crate::web) async fn page(
    State(app): State<Arc<App>>,
    Path((namespace, name)): Path<(String, String)>,
    Query(asked): Query<Asked>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let key = Collection::new("", "pods").key(&namespace, &name);
    let pod = match find(&app, &namespace, &name).await {
        Err(PageError::NotFound(_)) => return object_gone::alone(&app, "Pod", key, &visitor).await,
        found => found?,
    };
    if visitor.json {
        let log = pod_log_card::data(&app, &pod, &asked);
        let (about, log) = tokio::join!(data(&app, &pod), log);
        let page = json::PodPage { about, logs: log? };
        return Ok(Json(page).into_response());
    }
    let owner = whose(&app, &key, &pod).await;
    let log = pod_log_card::shown(&app, &pod, &asked);
    let (fragments, log) = tokio::join!(make(&app, &pod, &owner), log);
    let frame = visitor
        .frame(&app)
        .await
        .page(Section::Applications, name.as_str())
        .crumb("Applications", "/apps");
    let frame = if owner.is_empty() {
        frame
    } else {
        frame.crumb(owner.as_str(), app_href(&owner))
    };
    let mut frame = frame.crumb(name.as_str(), "");
    // The application is part of the topic: it is not looked for again with every change.
    let topic = format!("pod:{namespace}/{name}/{owner}");
    follow(&app, &mut frame, topic, &fragments);
    let mut response = html(&Page {
        frame,
        head: take(&fragments, "head"),
        why: take(&fragments, "why"),
        pending: take(&fragments, "pending"),
        containers_card: take(&fragments, "containers"),
        used: take(&fragments, "used"),
        events: take(&fragments, "events"),
        summary: pod::summary(&pod, made_by(&app, &pod, &owner)),
        log: Markup(fragment("logs", &log.card).html),
    });
    if log.status != StatusCode::OK {
        *response.status_mut() = log.status;
    }
    Ok(response)
}

/// The pod as the informer has it, or as the server has it.
pub(super) async fn find(app: &App, namespace: &str, name: &str) -> Result<Arc<Object>, PageError> {
    let key = Collection::new("", "pods").key(namespace, name);
    if let Some(pod) = app.cached(&key) {
        return Ok(pod);
    }
    match app.client.get(&key).await {
        Ok(pod) => Ok(Arc::new(pod)),
        Err(error) if error.is_not_found() => {
            Err(PageError::NotFound(format!("pod {namespace}/{name}")))
        }
        Err(error) => Err(error.into()),
    }
}

async fn events(app: &App, namespace: &str, name: &str) -> Heard {
    let key = Collection::new("", "pods").key(namespace, name);
    reported::of_object(app, "Pod", &key).await
}

/// `name` is the pod's namespace and name, then its application's: see the topic.
pub(super) async fn fragments(app: &App, name: &str) -> Result<Vec<Fragment>, PageError> {
    let (namespace, name) = name.split_once('/').unwrap_or(("", name));
    let (name, owner) = name.split_once('/').unwrap_or((name, ""));
    let pod = find(app, namespace, name).await?;
    Ok(make(app, &pod, owner).await)
}

async fn make(app: &App, pod: &Object, owner: &str) -> Vec<Fragment> {
    let now = app.env.now();
    let reading = events(app, pod.namespace(), pod.name());
    let explaining = why::of(app, pod.clone());
    let (reported, explained) = tokio::join!(reading, explaining);
    let commit = explained.rollout.as_ref().map(|it| &it.revision);
    let mut list = pod::events(reported.events.as_deref().unwrap_or_default(), now);
    list.error = reported.error;
    let uses = app.backend.used();
    let placement = explained.pending.as_ref();
    let cards = pending::Cards {
        pods: placement
            .map(|told| pending::card(pod, &Explained::ByScheduler(told), now))
            .into_iter()
            .collect(),
        more: 0,
    };
    vec![
        fragment("head", &pod::head(pod, owner, commit, now)),
        fragment("why", &card(&explained.chain).of(owner, &explained.actions)),
        fragment("pending", &cards),
        fragment("containers", &pod::containers(pod)),
        fragment(
            "used",
            &used::containers(pod, &uses, app.past.is_some(), now),
        ),
        fragment("events", &list),
    ]
}

async fn data(app: &App, pod: &Object) -> json::Pod {
    let containers = pod::containers(pod).containers;
    let uses = app.backend.used();
    let measured = uses.containers(pod.namespace(), pod.name());
    json::Pod {
        used: uses.dated(uses.pod(pod.namespace(), pod.name())),
        namespace: pod.namespace().into(),
        name: pod.name().into(),
        node: pod.text("/spec/nodeName").into(),
        health: health::assess(pod, app.env.now()),
        containers: containers
            .into_iter()
            .map(|one| json::Container {
                used: uses.dated(measured.and_then(|all| all.get(&one.name)).copied()),
                name: one.name,
                image: one.image,
                state: one.state,
                restarts: one.restarts,
            })
            .collect(),
        events: events(app, pod.namespace(), pod.name()).await.bodies(),
        why: why::of(app, pod.clone()).await,
    }
}
