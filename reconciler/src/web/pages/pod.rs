//! `GET /pods/{namespace}/{name}`

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use api::{Collection, Object};
use engine::health;

use super::log_filter::Filter;
use super::log_tail::{self, Run, Tail};
use super::whose::whose;
use super::{Markup, follow, fragment, html, object_gone, reported, take};
use crate::web::app::App;
use crate::web::error::PageError;
use crate::web::json;
use crate::web::live::Fragment;
use crate::web::view::component::{Icon, encoded};
use crate::web::view::frame::{Frame, Section};
use crate::web::view::graph::app_href;
use crate::web::view::pending;
use crate::web::view::pod::{self, Container};
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
    container: String,
    /// Label, address, whether it is the current one.
    containers: Vec<(String, String, bool)>,
    runs: Vec<(&'static str, String, bool)>,
    tail: Tail,
    /// Whether no line says how bad it is.
    plain: bool,
    /// Where the log goes on; empty where it is over.
    stream: String,
    download: String,
    /// The same page with this container and run.
    shown: Shown,
}

/// What of the log is shown.
struct Shown {
    address: String,
    run: &'static str,
    grep: String,
    /// Each span with its name, and whether it is the one that is shown.
    spans: Vec<(&'static str, &'static str, bool)>,
}

/// Spans of time that are offered.
const SPANS: [(&str, &str); 4] = [
    ("", "all"),
    ("5m", "5 minutes"),
    ("1h", "an hour"),
    ("24h", "a day"),
];

/// What to show of the logs.
#[derive(Debug, Default, Deserialize)]
pub(in crate::web) struct Asked {
    /// The container.
    #[serde(default)]
    c: String,
    /// `now`, `previous`, or what tells most.
    #[serde(default)]
    run: String,
    /// A regular expression.
    #[serde(default)]
    grep: String,
    /// How far back: `5m`, `24h`.
    #[serde(default)]
    since: String,
}

pub(in crate::web) async fn page(
    State(app): State<Arc<App>>,
    Path((namespace, name)): Path<(String, String)>,
    Query(asked): Query<Asked>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let filter = Filter::parse(&asked.grep, &asked.since)?;
    let key = Collection::new("", "pods").key(&namespace, &name);
    let pod = match find(&app, &namespace, &name).await {
        Err(PageError::NotFound(_)) => return object_gone::alone(&app, "Pod", key, &visitor).await,
        found => found?,
    };
    if visitor.json {
        return Ok(Json(data(&app, &pod).await).into_response());
    }
    let owner = whose(&app, &key, &pod).await;
    let all = pod::containers(&pod).containers;
    let chosen = choose(&all, &asked);
    let log = async {
        match chosen {
            Some((container, run)) if container.started => {
                log_tail::tail(&app, &pod, &container.name, run, &filter).await
            }
            _ => Tail::none("the container has not started yet"),
        }
    };
    let (fragments, tail) = tokio::join!(make(&app, &pod, &owner), log);
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
    let page = with_logs(&pod, (&all, chosen), (tail, &asked), frame, &fragments);
    Ok(html(&page))
}

fn with_logs(
    pod: &Object,
    (all, chosen): (&[Container], Option<(&Container, Run)>),
    (tail, asked): (Tail, &Asked),
    frame: Frame,
    fragments: &[Fragment],
) -> Page {
    let (container, run) = match chosen {
        Some((container, run)) => (container.name.clone(), run),
        None => (String::new(), Run::Now),
    };
    let base = format!("/pods/{}/{}", encoded(pod.namespace()), encoded(pod.name()));
    let address = |name: &str, run: Run| format!("{base}?c={}&run={}", encoded(name), run.as_str());
    let log = format!("{base}/logs?c={}&run={}", encoded(&container), run.as_str());
    Page {
        frame,
        head: take(fragments, "head"),
        why: take(fragments, "why"),
        pending: take(fragments, "pending"),
        containers_card: take(fragments, "containers"),
        used: take(fragments, "used"),
        events: take(fragments, "events"),
        summary: pod::summary(pod),
        containers: all
            .iter()
            .map(|one| {
                (
                    one.name.clone(),
                    address(&one.name, Run::Any),
                    one.name == container,
                )
            })
            .collect(),
        runs: match chosen {
            Some((container, _)) if container.restarts > 0 => vec![
                ("now", address(&container.name, Run::Now), run == Run::Now),
                (
                    "run before",
                    address(&container.name, Run::Previous),
                    run == Run::Previous,
                ),
            ],
            _ => Vec::new(),
        },
        // A run that is over goes on only where it could not be read in time.
        stream: if run == Run::Previous && !tail.late {
            String::new()
        } else {
            let after = tail.lines.last().map_or("", |line| line.at.as_str());
            let (grep, since) = (encoded(&asked.grep), encoded(&asked.since));
            format!("{log}&grep={grep}&since={since}&after={}", encoded(after))
        },
        download: format!("{log}&download=1"),
        plain: tail.lines.iter().all(|line| line.level.is_empty()),
        tail,
        shown: Shown {
            address: base,
            run: run.as_str(),
            grep: asked.grep.clone(),
            spans: SPANS
                .map(|(value, name)| (value, name, value == asked.since))
                .to_vec(),
        },
        container,
    }
}

/// The container that is asked for, or the one that tells most: a broken one, else the first
/// that is no init container.
fn choose<'a>(all: &'a [Container], asked: &Asked) -> Option<(&'a Container, Run)> {
    let broken = || {
        all.iter()
            .find(|one| one.tone == crate::web::view::component::Tone::Bad && one.started)
    };
    let chosen = all
        .iter()
        .find(|one| one.name == asked.c)
        .or_else(broken)
        .or_else(|| all.iter().find(|one| !one.state.starts_with("init")))
        .or_else(|| all.first());
    chosen.map(|container| (container, run(container, &asked.run)))
}

/// The run that is asked for. The one that failed, not the empty current one, if nobody asks.
fn run(container: &Container, asked: &str) -> Run {
    match asked {
        "now" => Run::Now,
        "previous" => Run::Previous,
        _ if container.failed_before => Run::Previous,
        _ => Run::Now,
    }
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

async fn events(app: &App, namespace: &str, name: &str) -> Result<Vec<Object>, String> {
    let key = Collection::new("", "pods").key(namespace, name);
    reported::of_object(app, "Pod", &key).await
}

/// `name` is the pod's name, then its application's: see the topic.
pub(super) async fn fragments(
    app: &App,
    namespace: &str,
    name: &str,
) -> Result<Vec<Fragment>, PageError> {
    let (name, owner) = name.split_once('/').unwrap_or((name, ""));
    let pod = find(app, namespace, name).await?;
    Ok(make(app, &pod, owner).await)
}

async fn make(app: &App, pod: &Object, owner: &str) -> Vec<Fragment> {
    let now = app.env.now();
    let reading = events(app, pod.namespace(), pod.name());
    let (reported, explained) = tokio::join!(reading, why::of(app, pod.clone()));
    let (reported, error) = match reported {
        Ok(events) => (events, String::new()),
        Err(error) => (Vec::new(), format!("The events cannot be read: {error}.")),
    };
    let mut list = pod::events(&reported, now);
    list.error = error;
    let uses = app.backend.used();
    let placement = explained.pending.as_ref();
    let cards = pending::Cards {
        pods: placement
            .map(|told| pending::card(pod, Some(told), now))
            .into_iter()
            .collect(),
        more: 0,
    };
    vec![
        fragment("head", &pod::head(pod, owner, now)),
        fragment("why", &card(&explained.chain)),
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
        events: events(app, pod.namespace(), pod.name())
            .await
            .ok()
            .map(|events| events.into_iter().map(|event| event.body).collect()),
        why: why::of(app, pod.clone()).await,
    }
}
