//! `GET /rollouts/{id}`

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use serde_json::json as value_of;

use api::{Collection, Object};
use engine::rollout::RolloutPhase;

use super::{Markup, follow, fragment, html, take};
use crate::history::{Outcome, Rollout, RolloutDetail, RolloutQuery};
use crate::traces;
use crate::web::app::App;
use crate::web::error::PageError;
use crate::web::json;
use crate::web::live::Fragment;
use crate::web::view::component::{Icon, encoded};
use crate::web::view::frame::{Frame, Section};
use crate::web::view::graph::app_href;
use crate::web::view::rollout::{self, Beside, Live, Next, Outlook};
use crate::web::view::waves;
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "rollout/page.html")]
struct Page {
    frame: Frame,
    head: Markup,
    truth: Markup,
    steps: Markup,
    waves: Markup,
    decisions: Markup,
    next: Markup,
    changes: Markup,
}

pub(in crate::web) async fn page(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let detail = detail(&app, &id).await?;
    if visitor.json {
        let mut value = value_of!(detail);
        if let Some(trace) = traces::id(&detail.rollout) {
            value["traceId"] = value_of!(trace);
        }
        let standing = standing(&app, &detail).await;
        let next = coming(&app, &detail, &standing).await;
        value["next"] = value_of!(json::Coming::of(next));
        let beside = &standing.beside;
        let head = rollout::head(&detail.rollout, beside, 0, app.env.now());
        value["proof"] = value_of!(head.proof);
        value["goesOnFrom"] = value_of!(beside.goes_on_from(&detail.rollout));
        value["mendedBy"] = value_of!(beside.mended_by(&detail.rollout));
        value["goesOnAs"] = value_of!(beside.goes_on_as(&detail.rollout));
        return Ok(Json(value).into_response());
    }
    let fragments = make(&app, &detail).await;
    let name = detail.rollout.application.as_str();
    let title = format!("Rollout {}", detail.rollout.number);
    let mut frame = visitor
        .frame(&app)
        .await
        .page(Section::Rollouts, format!("{title} of {name}"))
        .crumb("Applications", "/apps")
        .crumb(name, app_href(name))
        .crumb(title, "");
    // What is over does not change any more.
    if !detail.rollout.phase.is_final() {
        follow(&app, &mut frame, format!("rollout:{id}"), &fragments);
    }
    let page = Page {
        frame,
        head: take(&fragments, "head"),
        truth: take(&fragments, "truth"),
        steps: take(&fragments, "steps"),
        waves: take(&fragments, "waves"),
        decisions: take(&fragments, "decisions"),
        next: take(&fragments, "next"),
        changes: take(&fragments, "changes"),
    };
    Ok(html(&page))
}

/// `GET /rollouts/{id}/decisions.jsonl`: every step, oldest first, one JSON object a line.
pub(in crate::web) async fn decisions(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let detail = detail(&app, &id).await?;
    let lines = detail
        .steps
        .iter()
        .map(|step| format!("{}\n", value_of!(step)));
    let headers = [(header::CONTENT_TYPE, "application/x-ndjson")];
    Ok((headers, lines.collect::<String>()).into_response())
}

/// `GET /apps/{app}/rollouts/{number}`
pub(in crate::web) async fn numbered(
    Path((application, number)): Path<(String, u64)>,
    RawQuery(query): RawQuery,
) -> Redirect {
    let query = query.map_or(String::new(), |query| format!("?{query}"));
    let id = encoded(&format!("{application}-{number}"));
    Redirect::to(&format!("/rollouts/{id}{query}"))
}

/// A rollout that there is.
pub(super) async fn detail(app: &App, id: &str) -> Result<RolloutDetail, PageError> {
    let found = app.backend.rollout(id).await?;
    found.ok_or_else(|| PageError::NotFound(format!("rollout {id}")))
}

pub(super) async fn fragments(app: &App, id: &str) -> Result<Vec<Fragment>, PageError> {
    let detail = detail(app, id).await?;
    Ok(make(app, &detail).await)
}

/// Where a rollout stands among those of its application.
struct Standing {
    /// The number of the newest one; 0 where that is not known.
    newest: i64,
    beside: Beside,
    live: Live,
}

async fn standing(app: &App, detail: &RolloutDetail) -> Standing {
    let rollout = &detail.rollout;
    let one = async |before: Option<Timestamp>| {
        let query = RolloutQuery {
            application: Some(rollout.application.clone()),
            before,
            limit: 1,
            ..RolloutQuery::default()
        };
        let found = app.backend.rollouts(&query).await;
        found.unwrap_or_default().pop()
    };
    let newest = one(None).await.map_or(0, |newest| newest.number);
    let before = match rollout.number {
        1 => None,
        _ => one(Some(rollout.started_at)).await,
    };
    // Only of what was held it matters what came after it.
    let after = if rollout.phase == RolloutPhase::Held && rollout.number < newest {
        let id = format!("{}-{}", rollout.application, rollout.number + 1);
        let found = app.backend.rollout(&id).await.unwrap_or_default();
        found.map(|detail| detail.rollout)
    } else {
        None
    };
    Standing {
        newest,
        beside: Beside {
            before,
            after,
            good: good_since(app, rollout).await,
        },
        live: live(app, detail).await,
    }
}

/// Rollouts among which the one that mended a failure is looked for.
const LATER: u16 = 200;

/// The first that went well since it failed, or an early one of very many.
async fn good_since(app: &App, rollout: &Rollout) -> Option<Rollout> {
    if rollout.phase != RolloutPhase::Failed {
        return None;
    }
    let query = RolloutQuery {
        application: Some(rollout.application.clone()),
        since: Some(rollout.started_at),
        outcome: Some(Outcome::Good),
        limit: LATER,
        ..RolloutQuery::default()
    };
    let found = app.backend.rollouts(&query).await.unwrap_or_default();
    found.into_iter().rfind(|it| it.number > rollout.number)
}

/// What the cluster says while it runs.
async fn live(app: &App, detail: &RolloutDetail) -> Live {
    if detail.rollout.phase.is_final() {
        return Live::default();
    }
    let ready = detail.objects.iter().filter_map(|object| {
        let found = app.cached(&object.key)?;
        Some((object.key.clone(), rollout::ready(&found)?))
    });
    let nodes = app.backend.objects(&detail.rollout.application).await;
    let nodes = nodes.unwrap_or_default();
    let pods: Vec<Arc<Object>> = nodes
        .iter()
        .filter(|node| node.kind == "Pod")
        .filter_map(|node| app.cached(&node.key))
        .collect();
    let pods = pods.iter().map(|pod| &**pod);
    Live {
        ready: ready.collect(),
        starts: rollout::starts(pods, app.env.now()),
    }
}

/// What will happen, or what came of it.
async fn coming(app: &App, detail: &RolloutDetail, standing: &Standing) -> Next {
    let branch = branch(app).await;
    let application = application(app, &detail.rollout.application);
    let outlook = Outlook {
        branch: &branch,
        policy: application.as_ref().map(|it| &it.policy),
        is_newest: detail.rollout.number >= standing.newest,
        beside: &standing.beside,
        live: &standing.live,
    };
    rollout::next(detail, &outlook, app.env.now())
}

async fn make(app: &App, detail: &RolloutDetail) -> Vec<Fragment> {
    let now = app.env.now();
    let standing = standing(app, detail).await;
    let next = coming(app, detail, &standing).await;
    let is_newest = detail.rollout.number >= standing.newest;
    let head = rollout::head(&detail.rollout, &standing.beside, standing.newest, now);
    vec![
        fragment("head", &head),
        fragment(
            "truth",
            &rollout::truth(&detail.rollout, &standing.beside, is_newest),
        ),
        fragment("steps", &rollout::steps(detail, now)),
        fragment("waves", &waves::waves(detail, &standing.live, now)),
        fragment("decisions", &rollout::decisions(detail)),
        fragment("next", &next),
        fragment("changes", &rollout::changes(detail)),
    ]
}

/// The Application, as its object says, where that is there.
fn application(app: &App, name: &str) -> Option<engine::Application> {
    let collection = Collection::new(api::kinds::GROUP, "applications");
    let key = collection.key(engine::application::NAMESPACE, name);
    let object = app.cached(&key)?;
    Some(engine::Application::from_object(&object))
}

/// The tracked branch; empty where the history does not say.
pub(super) async fn branch(app: &App) -> String {
    let sources = app.backend.sources().await.unwrap_or_default();
    sources
        .into_iter()
        .next()
        .map(|source| source.branch)
        .unwrap_or_default()
}
