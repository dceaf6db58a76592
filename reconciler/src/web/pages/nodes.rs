//! `GET /nodes`

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;

use api::{Collection, Object};

use super::whose::whose_pods;
use super::{Markup, follow, fragment, html, take, unescaped};
use crate::usage::Used;
use crate::web::app::App;
use crate::web::asked::Query;
use crate::web::error::PageError;
use crate::web::json;
use crate::web::live::Fragment;
use crate::web::view::component::{Icon, encoded};
use crate::web::view::frame::{Frame, Section};
use crate::web::view::node_map::{self, By, Map, Placed, Wanted};
use crate::web::view::nodes::{self, Table};
use crate::web::view::pending::{self, Cards, Explained};
use crate::web::view::used::stale;
use crate::web::visitor::Visitor;
use crate::web::why::{self, Pending};

#[derive(Template)]
#[template(path = "nodes/page.html")]
struct Page {
    frame: Frame,
    head: Markup,
    table: Markup,
    map: Markup,
    pending: Markup,
}

/// How to draw the map. Where nobody says what it is about, it is about what is scarcer.
#[derive(Debug, Default, Deserialize)]
pub(in crate::web) struct Asked {
    /// `memory` or `cpu`.
    #[serde(default)]
    by: String,
    /// An application.
    #[serde(default)]
    mark: String,
}

impl Asked {
    fn wanted(self, seen: &Seen) -> Wanted {
        Wanted {
            by: match self.by.as_str() {
                "" => By::tightest(&refs(&seen.nodes), &refs(&seen.pods)),
                by => By::parse(by),
            },
            mark: self.mark,
        }
    }
}

pub(in crate::web) async fn page(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    if visitor.json {
        let seen = Seen::read(&app).await;
        let waiting = waiting(&app).await;
        let pods = refs(&seen.pods);
        let (whose, _) = whose_pods(&app, &seen.pods).await;
        let used = app.backend.used();
        let items = seen
            .table(&used, app.env.now())
            .rows
            .into_iter()
            .map(|row| {
                let node = seen.nodes.iter().find(|node| node.name() == row.name);
                let has =
                    |path: &str| nodes::amounts_of(node.map_or(&Object::default(), |it| it), path);
                json::Node {
                    capacity: has("/status/capacity"),
                    allocatable: has("/status/allocatable"),
                    requested: nodes::amounts_asked(&row.name, &pods),
                    held: held(&row.name, &pods, &whose),
                    name: row.name,
                    state: row.state.word,
                    trouble: row.trouble,
                    address: row.address,
                    version: row.version,
                    used: used.dated(row.used),
                }
            });
        return Ok(Json(json::Nodes {
            items: items.collect(),
            pending: waiting.0.into_iter().filter_map(|(_, it)| it).collect(),
        })
        .into_response());
    }
    let seen = Seen::read(&app).await;
    let wanted = asked.wanted(&seen);
    let fragments = make(&app, seen, &wanted).await;
    let mut frame = visitor
        .frame(&app)
        .await
        .page(Section::Nodes, "Nodes")
        .crumb("Nodes", "");
    let topic = format!("nodes:{}&{}", wanted.by.as_str(), encoded(&wanted.mark));
    follow(&app, &mut frame, topic, &fragments);
    Ok(html(&Page {
        frame,
        head: take(&fragments, "head"),
        table: take(&fragments, "nodes"),
        map: take(&fragments, "map"),
        pending: take(&fragments, "pending"),
    }))
}

/// `name` is as in the topic: what the map is about, and who is marked.
pub(super) async fn fragments(app: &App, name: &str) -> Vec<Fragment> {
    let (by, mark) = name.split_once('&').unwrap_or((name, ""));
    let wanted = Wanted {
        by: By::parse(by),
        mark: unescaped(mark),
    };
    make(app, Seen::read(app).await, &wanted).await
}

/// What each application holds of a node, by name; what is nobody's has none.
fn held(node: &str, pods: &[&Object], whose: &[String]) -> Vec<json::Held> {
    let mut own: BTreeMap<&str, Vec<&Object>> = BTreeMap::new();
    for (pod, application) in pods.iter().zip(whose) {
        own.entry(application).or_default().push(pod);
    }
    let held = own.into_iter().map(|(application, pods)| json::Held {
        application: application.to_owned(),
        requested: nodes::amounts_asked(node, &pods),
    });
    held.filter(|it| it.requested.pods > 0).collect()
}

async fn make(app: &App, seen: Seen, wanted: &Wanted) -> Vec<Fragment> {
    let waiting = waiting(app).await;
    let (held, error) = whose_pods(app, &seen.pods).await;
    let (nodes, pods) = (refs(&seen.nodes), refs(&seen.pods));
    let placed: Vec<Placed> = pods.iter().copied().zip(held).collect();
    let fit_nowhere: Vec<&Object> = waiting.0.iter().map(|(pod, _)| pod).collect();
    let count = fit_nowhere.len() + waiting.1;
    let map = Map {
        error,
        ..node_map::map(&nodes, &placed, &fit_nowhere, wanted)
    };
    vec![
        fragment("head", &nodes::head(&nodes, &pods, count, wanted.by)),
        fragment("nodes", &seen.table(&app.backend.used(), app.env.now())),
        fragment("map", &map),
        fragment("pending", &cards(app, &waiting)),
    ]
}

/// Nodes and pods of one moment.
struct Seen {
    nodes: Vec<Arc<Object>>,
    pods: Vec<Arc<Object>>,
    error: String,
}

impl Seen {
    async fn read(app: &App) -> Self {
        let nodes = app.all(&Collection::new("", "nodes")).await;
        let pods = app.all(&Collection::new("", "pods")).await;
        match (nodes, pods) {
            (Some(nodes), Some(pods)) => Self {
                nodes,
                pods,
                error: String::new(),
            },
            _ => Self {
                nodes: Vec::new(),
                pods: Vec::new(),
                error: "The API server has not answered yet.".into(),
            },
        }
    }

    fn table(&self, used: &Used, now: Timestamp) -> Table {
        Table {
            error: self.error.clone(),
            note: stale(used, now),
            ..nodes::table(&refs(&self.nodes), &refs(&self.pods), used, now)
        }
    }
}

pub(super) fn refs(objects: &[Arc<Object>]) -> Vec<&Object> {
    objects.iter().map(AsRef::as_ref).collect()
}

/// The oldest pods that no node can take with what the scheduler says of them, and how many more
/// there are.
type Waiting = (Vec<(Object, Option<Pending>)>, usize);

async fn waiting(app: &App) -> Waiting {
    let pods = app.all(&Collection::new("", "pods")).await;
    let pods = pods.unwrap_or_default();
    let pods: Vec<&Object> = pods.iter().map(AsRef::as_ref).collect();
    let (oldest, more) = pending::waiting(&pods);
    let mut told = Vec::new();
    for pod in oldest {
        told.push((pod.clone(), why::pending(app, pod).await));
    }
    (told, more)
}

fn explained<'a>(app: &App, told: Option<&'a Pending>) -> Explained<'a> {
    match told {
        _ if app.past.is_some() => Explained::Past,
        Some(told) => Explained::ByScheduler(told),
        None => Explained::Unexplained,
    }
}

fn cards(app: &App, (waiting, more): &Waiting) -> Cards {
    let now = app.env.now();
    let pods = waiting.iter();
    Cards {
        pods: pods
            .map(|(pod, told)| pending::card(pod, &explained(app, told.as_ref()), now))
            .collect(),
        more: *more,
    }
}
