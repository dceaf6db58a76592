//! `GET /apps/{app}/logs` and `GET /apps/{app}/settings`

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use futures::future::join_all;

use api::Collection;

use super::app::facts;
use super::app_logs::{Place, Printing, label};
use super::log_filter::Filter;
use super::log_tail::{self, Run};
use super::object::Named;

use super::{Markup, fragment, html, object_log};
use crate::web::app::App;
use crate::web::error::PageError;
use crate::web::gate::chain;
use crate::web::json;
use crate::web::view::app;
use crate::web::view::component::{Icon, encoded};
use crate::web::view::frame::{Frame, Section};
use crate::web::view::graph::app_href;
use crate::web::view::logs::{self, LogLine};
use crate::web::view::object;
use crate::web::view::pod;
use crate::web::visitor::Visitor;

/// Containers whose logs one page has.
pub(super) const CONTAINERS: usize = 20;
/// Lines of the page.
const LINES: usize = 2_000;

#[derive(Template)]
#[template(path = "app/logs.html")]
struct Logs {
    frame: Frame,
    name: String,
    head: Markup,
    tabs: app::Tabs,
    lines: Vec<LogLine>,
    errors: Vec<String>,
    nothing: &'static str,
    plain: bool,
    /// Where it goes on.
    stream: String,
}

#[derive(Template)]
#[template(path = "app/settings.html")]
struct Settings {
    frame: Frame,
    head: Markup,
    tabs: app::Tabs,
    sentence: String,
    fields: Markup,
}

pub(in crate::web) async fn logs(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let facts = facts(&app, &name).await?;
    let mut all = all_lines(&app, &name).await;
    if visitor.json {
        if all.late {
            all.errors.push("a node did not answer in time".into());
        }
        return Ok(Json(json::Logs {
            items: all.lines,
            errors: all.errors,
        })
        .into_response());
    }
    let head = fragment("head", &app::head(&facts, app.env.now()));
    Ok(html(&Logs {
        frame: frame(&app, &visitor, &name, "Logs").await,
        head: Markup(head.html),
        tabs: app::tabs(&name, "Logs"),
        stream: format!(
            "{}/logs/stream?after={}",
            app_href(&name),
            encoded(&all.place.to_string())
        ),
        plain: all.lines.iter().all(|line| line.level.is_empty()),
        nothing: if all.late {
            "reading the logs…"
        } else {
            "No container of it has printed anything."
        },
        lines: all.lines,
        errors: all.errors,
        name,
    }))
}

async fn frame(app: &App, visitor: &Visitor, name: &str, page: &str) -> Frame {
    let frame = visitor.frame(app).await;
    frame
        .page(Section::Applications, format!("{page} of {name}"))
        .crumb("Applications", "/apps")
        .crumb(name, app_href(name))
        .crumb(page, "")
}

/// The containers that have a log, as many as are shown, and why some are missing.
pub(super) async fn containers(app: &App, name: &str) -> (Vec<Printing>, Vec<String>) {
    let mut errors = Vec::new();
    let objects = match app.backend.objects(name).await {
        Ok(objects) => objects,
        Err(error) => {
            errors.push(format!("The pods are not known: {}.", chain(&error)));
            Vec::new()
        }
    };
    let pods = objects.iter().filter(|node| node.kind == "Pod");
    let mut wanted: Vec<Printing> = Vec::new();
    for pod in pods.filter_map(|node| app.cached(&node.key)) {
        let containers = pod::containers(&pod).containers.into_iter();
        let started = containers.filter(|container| container.started);
        wanted.extend(started.map(|container| Printing {
            pod: pod.clone(),
            container: container.name,
            restarts: container.restarts,
        }));
    }
    if wanted.len() > CONTAINERS {
        errors.push(format!(
            "{} containers have a log; these are the first {CONTAINERS}.",
            wanted.len()
        ));
        wanted.truncate(CONTAINERS);
    }
    (wanted, errors)
}

/// What all containers printed last.
#[derive(Default)]
struct All {
    /// By time.
    lines: Vec<LogLine>,
    /// How far each container was read.
    place: Place,
    /// What could not be read.
    errors: Vec<String>,
    /// Whether a node has not answered yet.
    late: bool,
}

/// The newest lines of every container that has a log.
async fn all_lines(app: &App, name: &str) -> All {
    let (wanted, mut errors) = containers(app, name).await;
    let reading = wanted.iter().map(async |one| {
        let (pod, container) = (&one.pod, &one.container);
        let tail = log_tail::tail(app, pod, container, Run::Now, &Filter::default()).await;
        (one.who(), tail)
    });
    let mut all = All::default();
    let mut read = Vec::new();
    for (who, tail) in join_all(reading).await {
        if !tail.error.is_empty() {
            errors.push(format!("{}: {}.", label(&who), tail.error));
            all.place.fail(&who);
        }
        for line in &tail.lines {
            all.place.note(&who, line);
        }
        all.late |= tail.late;
        read.push((label(&who).to_owned(), tail.lines));
    }
    all.lines = logs::merged(read, LINES);
    all.errors = errors;
    all
}

pub(in crate::web) async fn settings(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let facts = facts(&app, &name).await?;
    let named = Named {
        application: name.clone(),
        kind: "Application".into(),
        key: Collection::new(api::kinds::GROUP, "applications")
            .key(engine::application::NAMESPACE, &name),
    };
    let object = app.client.get(&named.key).await?;
    let (mut known, mut error) = object_log::owners(&app, &named).await;
    let wanted: Vec<String> = object::owned(&object, &known)
        .into_iter()
        .map(|line| line.path)
        .filter(|path| path.starts_with("spec"))
        .collect();
    let found = app.backend.definition(&name, &wanted).await;
    let mut sentence =
        "Nothing in Git says these: somebody made the Application by hand.".to_owned();
    match found {
        Ok(Some((commit, origins))) => {
            sentence = format!(
                "As commit {} of the cluster repository sets them; change them there.",
                commit.short()
            );
            known.commit = commit;
            known.origins.extend(wanted.into_iter().zip(origins));
        }
        Ok(None) => {}
        Err(failure) => {
            error = format!("Files and lines cannot be read: {}.", chain(&failure));
        }
    }
    let lines = object::part(object::owned(&object, &known), "spec");
    if visitor.json {
        return Ok(Json(json::Settings {
            application: name,
            commit: known.commit.0,
            spec: object.body["spec"].clone(),
            fields: json::Field::of(&lines),
        })
        .into_response());
    }
    let now = app.env.now();
    let mut view = object::fields("Settings", &lines, now);
    view.error = error;
    Ok(html(&Settings {
        frame: frame(&app, &visitor, &name, "Settings").await,
        head: Markup(fragment("head", &app::head(&facts, now)).html),
        tabs: app::tabs(&name, "Settings"),
        sentence,
        fields: Markup(fragment("fields", &view).html),
    }))
}
