//! `GET /apps/{app}/logs`: what the containers of an application printed, as a page, as JSON, or as
//! a file.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use client::LogOptions;
use futures::future::join_all;
use serde::Deserialize;

use api::Collection;
use askama::Template;

use super::app::{facts, frame_of};
use super::app_logs::{Place, Printing, label};
use super::log_filter::Filter;
use super::log_tail::{self, Run};
use super::{Markup, follow, fragment, html, log_file};
use crate::service::ObjectNode;
use crate::web::app::App;
use crate::web::asked::Query;
use crate::web::error::PageError;
use crate::web::gate::chain;
use crate::web::json;
use crate::web::view::app;
use crate::web::view::component::{Icon, encoded};
use crate::web::view::frame::{Frame, Section};
use crate::web::view::graph::app_href;
use crate::web::view::log_card::{Card, Choice, Search};
use crate::web::view::logs::{self, LogLine};
use crate::web::view::nothing::Nothing;
use crate::web::view::pod;
use crate::web::visitor::Visitor;

/// Containers whose logs one page has.
pub(super) const CONTAINERS: usize = 20;
/// Lines of the page.
const LINES: usize = 2_000;

#[derive(Template)]
#[template(path = "app/logs.html")]
struct Page {
    frame: Frame,
    head: Markup,
    tabs: app::Tabs,
    card: Markup,
}

/// Which lines.
#[derive(Debug, Default, Deserialize)]
pub(in crate::web) struct Asked {
    /// Only of the pod of this name.
    #[serde(default)]
    pub(super) pod: String,
    /// Only of containers of this name.
    #[serde(default)]
    pub(super) c: String,
    /// A regular expression.
    #[serde(default)]
    pub(super) grep: String,
    /// How far back: `5m`, `24h`.
    #[serde(default)]
    pub(super) since: String,
}

/// Anything, for a file.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct How {
    download: String,
}

pub(in crate::web) async fn page(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
    Query(how): Query<How>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let read = Filter::parse(&asked.grep, &asked.since);
    let facts = facts(&app, &name).await?;
    let (there, error) = containers(&app, &name).await;
    let read = match missing(&app, &name, &asked).await {
        Some(missing) => read.and(Err(missing)),
        None => read,
    };
    if !how.download.is_empty() {
        return file(&app, &name, chosen(there, &asked).0, read?).await;
    }
    let search = search(&name, &there, &asked);
    let mut all = match read {
        Ok(filter) => all_lines(&app, chosen(there, &asked), &filter).await,
        // The page stays, with what was typed.
        Err(wrong) if !visitor.json => All::unread(&wrong),
        Err(wrong) => return Err(wrong),
    };
    let status = all.status;
    if !error.is_empty() {
        all.errors.insert(0, error);
    }
    if visitor.json {
        if all.late {
            all.errors.push("a node did not answer in time".into());
        }
        return Ok(Json(json::Logs {
            items: all.lines,
            omitted: all.omitted,
            errors: all.errors,
        })
        .into_response());
    }
    let head = [fragment("head", &app::head(&facts, app.env.now()))];
    let mut frame = frame_of(&app, &visitor, &name, "Logs").await;
    follow(&app, &mut frame, format!("app-logs:{name}"), &head);
    let [head] = head;
    let card = card(&name, search, all, frame.is_past());
    let mut response = html(&Page {
        frame,
        head: Markup(head.html),
        tabs: app::tabs(&name, "Logs"),
        card: Markup(fragment("logs", &card).html),
    });
    if status != StatusCode::OK {
        *response.status_mut() = status;
    }
    Ok(response)
}

/// What is asked for, with what there is to choose from.
fn search(name: &str, there: &[Printing], asked: &Asked) -> Search {
    let distinct = |of: fn(&Printing) -> &str| -> Vec<String> {
        let mut all: Vec<String> = there.iter().map(|one| of(one).to_owned()).collect();
        all.sort();
        all.dedup();
        all
    };
    Search {
        address: format!("{}/logs", app_href(name)),
        kept: Vec::new(),
        choices: vec![
            Choice {
                name: "pod",
                what: "pod",
                all: "All pods",
                values: distinct(|one| one.pod.name()),
                chosen: asked.pod.clone(),
            },
            Choice {
                name: "c",
                what: "container",
                all: "All containers",
                values: distinct(|one| &one.container),
                chosen: asked.c.clone(),
            },
        ],
        grep: asked.grep.clone(),
        since: asked.since.clone(),
    }
}

fn card(name: &str, search: Search, all: All, is_past: bool) -> Card {
    let page = search.address.clone();
    let (stream, download) = if is_past || all.status != StatusCode::OK {
        (String::new(), String::new())
    } else {
        let after = all.place.to_string();
        let stream = search.stream(&format!("{page}/stream"), &after);
        (stream, search.file(&page))
    };
    Card {
        title: "Logs of all pods",
        label: format!("Log of all pods of {name}"),
        switches: Vec::new(),
        note: if all.lines.is_empty() && all.errors.is_empty() {
            search.nothing("any pod")
        } else {
            Nothing::default()
        },
        late: all.late && all.lines.is_empty(),
        lines: all.lines,
        omitted: all.omitted,
        errors: all.errors,
        search,
        stream,
        download,
    }
}

/// The containers that have a log, and why some may be missing.
pub(super) async fn containers(app: &App, name: &str) -> (Vec<Printing>, String) {
    let objects = match app.backend.objects(name).await {
        Ok(objects) => objects,
        Err(error) => {
            let why = format!("The pods are not known: {}.", chain(&error));
            return (Vec::new(), why);
        }
    };
    let pods = objects.iter().filter(|node| node.kind == "Pod");
    let mut there: Vec<Printing> = Vec::new();
    for pod in pods.filter_map(|node| app.cached(&node.key)) {
        let containers = pod::containers(&pod).containers.into_iter();
        let started = containers.filter(|container| container.started);
        there.extend(started.map(|container| Printing {
            pod: pod.clone(),
            container: container.name,
            restarts: container.restarts,
        }));
    }
    (there, String::new())
}

/// The pod, or the container, that is asked for and is not there: that is no silence.
async fn missing(app: &App, name: &str, asked: &Asked) -> Option<PageError> {
    let objects = app.backend.objects(name).await.ok()?;
    let pods = objects.iter().filter(|node| node.kind == "Pod");
    let is_asked = |it: &&ObjectNode| asked.pod.is_empty() || it.key.name == asked.pod;
    let pods: Vec<&ObjectNode> = pods.filter(is_asked).collect();
    let not_found = |what: &str, called: &str| {
        let text = format!("{what} {called} in application {name}");
        Some(PageError::NotFound(text))
    };
    if pods.is_empty() && !asked.pod.is_empty() {
        return not_found("pod", &asked.pod);
    }
    let has = |node: &&ObjectNode| {
        let pod = app.cached(&node.key)?;
        let all = pod::containers(&pod).containers;
        Some(all.iter().any(|it| it.name == asked.c))
    };
    let is_there = asked.c.is_empty() || pods.iter().any(|it| has(it) != Some(false));
    if is_there {
        return None;
    }
    not_found("container", &asked.c)
}

/// Those that are asked for, as many as are shown, and what is said of the others.
pub(super) fn chosen(mut there: Vec<Printing>, asked: &Asked) -> (Vec<Printing>, String) {
    let fits = |wanted: &str, name: &str| wanted.is_empty() || wanted == name;
    there.retain(|one| fits(&asked.pod, one.pod.name()) && fits(&asked.c, &one.container));
    if there.len() <= CONTAINERS {
        return (there, String::new());
    }
    let told = format!(
        "{} containers have a log; these are the first {CONTAINERS}. Choose a pod or a container \
         to read others.",
        there.len()
    );
    there.truncate(CONTAINERS);
    (there, told)
}

/// What all containers printed last.
#[derive(Default)]
struct All {
    /// By time.
    lines: Vec<LogLine>,
    omitted: usize,
    /// How far each container was read.
    place: Place,
    /// What could not be read.
    errors: Vec<String>,
    /// Whether a node has not answered yet.
    late: bool,
    /// What the page is answered with.
    status: StatusCode,
}

impl All {
    /// Nothing, because what is looked for cannot be read.
    fn unread(wrong: &PageError) -> Self {
        Self {
            errors: vec![format!("{wrong}.")],
            status: wrong.status(),
            ..Self::default()
        }
    }
}

/// The newest lines of every container that is wanted.
async fn all_lines(app: &App, (wanted, told): (Vec<Printing>, String), filter: &Filter) -> All {
    let reading = wanted.iter().map(async |one| {
        let tail = log_tail::tail(app, &one.pod, &one.container, Run::Now, filter).await;
        (one.who(), tail)
    });
    let mut all = All::default();
    all.errors.extend((!told.is_empty()).then_some(told));
    let mut read = Vec::new();
    for (who, tail) in join_all(reading).await {
        all.place.note(&who, &tail.read);
        if !tail.error.is_empty() {
            all.errors.push(format!("{}: {}.", label(&who), tail.error));
            all.place.fail(&who);
        }
        all.late |= tail.late;
        all.omitted += tail.omitted;
        read.push((label(&who).to_owned(), tail.lines));
    }
    let (lines, more) = logs::merged(read, LINES);
    all.omitted += more;
    all.lines = lines;
    all
}

/// All logs as one file.
async fn file(
    app: &App,
    name: &str,
    wanted: Vec<Printing>,
    filter: Filter,
) -> Result<Response, PageError> {
    let Ok(place) = app.streams.clone().try_acquire_owned() else {
        return Err(PageError::Busy);
    };
    let opening = wanted.iter().map(async |one| {
        let options = LogOptions {
            container: one.container.clone(),
            timestamps: true,
            since_seconds: filter.since(),
            ..LogOptions::default()
        };
        let key = Collection::new("", "pods").key(one.pod.namespace(), one.pod.name());
        let bytes = app.logs.logs(&key, &options).await;
        (label(&one.who()).to_owned(), bytes)
    });
    let logs = join_all(opening).await;
    let name = format!("{}.log", encoded(name));
    Ok(log_file::file(&name, log_file::merged(logs, filter), place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_chooses_reads_also_what_has_no_room_among_all() {
        let there = || -> Vec<Printing> {
            let one = |number: usize| Printing {
                pod: Arc::new(api::Object::from(serde_json::json!({
                    "metadata": {"namespace": "shop", "name": format!("web-{}", number / 2)}}))),
                container: ["api", "proxy"][number % 2].into(),
                restarts: 0,
            };
            (0..30).map(one).collect()
        };
        let check = |pod: &str, c: &str, count: usize, last: &str, is_told: bool| {
            let asked = Asked {
                pod: pod.into(),
                c: c.into(),
                ..Asked::default()
            };
            let (chosen, told) = chosen(there(), &asked);
            let who = chosen.last().map(Printing::who).unwrap_or_default();
            assert_eq!((chosen.len(), who.as_str()), (count, last));
            assert_eq!(!told.is_empty(), is_told, "{told}");
        };
        check("", "", CONTAINERS, "shop/web-9/proxy", true);
        check("", "api", 15, "shop/web-14/api", false);
        check("web-14", "", 2, "shop/web-14/proxy", false);
        check("web-14", "api", 1, "shop/web-14/api", false);
        check("web-15", "", 0, "", false);
    }
}
