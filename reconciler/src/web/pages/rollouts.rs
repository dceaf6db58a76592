//! `GET /rollouts`, `GET /apps/{app}/history`

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::app::facts;
use super::apps::{day, decoded};
use super::{Markup, follow, fragment, html, take};
use crate::history::{Counted, Drift, DriftQuery, Outcome, Rollout, RolloutQuery};
use crate::web::access::{Scope as About, withhold};
use crate::web::app::App;
use crate::web::asked::Query;
use crate::web::error::PageError;
use crate::web::json;
use crate::web::live::Fragment;
use crate::web::view::app;
use crate::web::view::component::{Icon, encoded};
use crate::web::view::facts::Facts;
use crate::web::view::frame::{Frame, Section};
use crate::web::view::graph::app_href;
use crate::web::view::history::{self, PAGE, Query as Wanted, Scope, Standing};
use crate::web::view::tape;
use crate::web::view::time::When;
use crate::web::view::zone::Zone;
use crate::web::visitor::Visitor;

/// Drifts among the rollouts of one page.
const AMONG: u16 = 200;

#[derive(Template)]
#[template(path = "history/all.html")]
struct All {
    frame: Frame,
    tape: Markup,
    list: Markup,
}

#[derive(Template)]
#[template(path = "history/app.html")]
struct OfApp {
    frame: Frame,
    head: Markup,
    tabs: app::Tabs,
    tape: Markup,
    list: Markup,
}

pub(in crate::web) async fn all(
    State(app): State<Arc<App>>,
    Query(query): Query<Wanted>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    if visitor.json {
        let rollouts = read(&app, None, &query).await?;
        let counted = counted(&app, &rollouts).await?;
        return Ok(data(rollouts, &counted, Vec::new()).into_response());
    }
    let fragments = of_all(&app, &query, &visitor.zone).await?;
    let mut frame = visitor
        .frame(&app)
        .await
        .page(Section::Rollouts, "Rollouts")
        .crumb("Rollouts", "");
    stay(&app, &mut frame, ("", &visitor.zone), &query, &fragments);
    Ok(html(&All {
        frame,
        tape: take(&fragments, "tape"),
        list: take(&fragments, "history"),
    }))
}

pub(in crate::web) async fn of_app(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Query(query): Query<Wanted>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let query = dated(&app, &name, query).await?;
    if visitor.json {
        let rollouts = read(&app, Some(&name), &query).await?;
        let drifts = drifts(&app, &name, &query, &rollouts).await?;
        // The history outlives its application; a name that never was has neither.
        if rollouts.is_empty() && drifts.is_empty() {
            facts(&app, &name).await?;
        }
        let counted = counted(&app, &rollouts).await?;
        return Ok(data(rollouts, &counted, drifts).into_response());
    }
    let (fragments, is_there) = match facts(&app, &name).await {
        Ok(facts) => (of_one(&app, &facts, &query, &visitor.zone).await?, true),
        Err(PageError::Removed { at, .. }) => (
            of_removed(&app, &name, at, &query, &visitor.zone).await?,
            false,
        ),
        Err(error) => return Err(error),
    };
    let mut frame = visitor
        .frame(&app)
        .await
        .page(Section::Applications, format!("History of {name}"))
        .crumb("Applications", "/apps")
        .crumb(name.as_str(), app_href(&name))
        .crumb("History", "");
    let mut tabs = app::tabs(&name, "History");
    if is_there {
        stay(&app, &mut frame, (&name, &visitor.zone), &query, &fragments);
    } else {
        tabs.tabs.retain(|(_, _, current)| *current);
    }
    Ok(html(&OfApp {
        frame,
        head: take(&fragments, "head"),
        tabs,
        tape: take(&fragments, "tape"),
        list: take(&fragments, "history"),
    }))
}

/// The first page moves; what is older does not.
fn stay(
    app: &App,
    frame: &mut Frame,
    (name, zone): (&str, &Zone),
    query: &Wanted,
    fragments: &[Fragment],
) {
    if query.before.is_empty() {
        let parts = [name, query.outcome(), zone.name()].map(encoded);
        follow(
            app,
            frame,
            format!("history:{}", parts.join("&")),
            fragments,
        );
    }
}

/// Of the topic: an application or nothing, an outcome or nothing, and a time zone: the list has days.
pub(super) async fn fragments(app: &App, name: &str) -> Result<Vec<Fragment>, PageError> {
    let mut parts = name.split('&').map(decoded);
    let mut part = || parts.next().unwrap_or_default();
    let (name, outcome, zone) = (part(), part(), part());
    let zone = Zone::parse(&zone).unwrap_or_default();
    let query = Wanted {
        outcome,
        ..Wanted::default()
    };
    match name.as_str() {
        "" => of_all(app, &query, &zone).await,
        name => of_one(app, &facts(app, name).await?, &query, &zone).await,
    }
}

async fn of_all(app: &App, query: &Wanted, zone: &Zone) -> Result<Vec<Fragment>, PageError> {
    let now = app.env.now();
    let rollouts = read(app, None, query).await?;
    let listed: BTreeSet<String> = rollouts.iter().map(|it| it.application.clone()).collect();
    let listed: Vec<String> = listed.into_iter().collect();
    let newest = day(app, None).await?;
    let tape = tape::tape(&newest, now, ("All applications", "24 hours"), "/rollouts");
    let standing = Standing {
        newest: app.backend.newest_until(now, Some(&listed)).await?,
        serving: None,
        objects: counted(app, &rollouts).await?,
    };
    let list = history::list(
        (&rollouts, &[]),
        &standing,
        query,
        "/rollouts",
        Scope::All,
        &zone.local(now),
    );
    Ok(vec![fragment("tape", &tape), fragment("history", &list)])
}

async fn of_one(
    app: &App,
    facts: &Facts,
    query: &Wanted,
    zone: &Zone,
) -> Result<Vec<Fragment>, PageError> {
    let head = fragment("head", &app::head(facts, app.env.now()));
    told(app, head, &facts.name, query, zone).await
}

/// The history outlives its application.
async fn of_removed(
    app: &App,
    name: &str,
    at: Timestamp,
    query: &Wanted,
    zone: &Zone,
) -> Result<Vec<Fragment>, PageError> {
    let removed = app::Removed {
        name: name.to_owned(),
        at: When::ago(at, app.env.now()),
    };
    let mut fragments = told(app, fragment("head", &removed), name, query, zone).await?;
    // There is nothing any more that one could go back to.
    for fragment in &mut fragments {
        if fragment.id == "history" {
            fragment.html = withhold(&fragment.html, &[], |_: About<'_>| false);
        }
    }
    Ok(fragments)
}

async fn told(
    app: &App,
    head: Fragment,
    name: &str,
    query: &Wanted,
    zone: &Zone,
) -> Result<Vec<Fragment>, PageError> {
    let now = app.env.now();
    let rollouts = read(app, Some(name), query).await?;
    let drifts = drifts(app, name, query, &rollouts).await?;
    let newest = day(app, Some(name)).await?;
    let side = format!("Only {name}");
    let base = format!("{}/history", app_href(name));
    let standing = Standing {
        newest: first(app, name, None).await?,
        serving: first(app, name, Some(Outcome::Good)).await?.pop(),
        objects: counted(app, &rollouts).await?,
    };
    let list = history::list(
        (&rollouts, &drifts),
        &standing,
        query,
        &base,
        Scope::Application,
        &zone.local(now),
    );
    Ok(vec![
        head,
        fragment(
            "tape",
            &tape::tape(&newest, now, (&side, "24 hours"), &base),
        ),
        fragment("history", &list),
    ])
}

async fn counted(app: &App, rollouts: &[Rollout]) -> Result<BTreeMap<String, Counted>, PageError> {
    let ids: Vec<String> = rollouts.iter().map(|rollout| rollout.id.clone()).collect();
    Ok(app.backend.counted(&ids).await?)
}

/// The newest one of an application, of this outcome.
async fn first(app: &App, name: &str, outcome: Option<Outcome>) -> Result<Vec<Rollout>, PageError> {
    let query = RolloutQuery {
        application: Some(name.to_owned()),
        outcome,
        limit: 1,
        ..RolloutQuery::default()
    };
    Ok(app.backend.rollouts(&query).await?)
}

/// The same, with the time at which a rollout began where its number is what was asked for.
async fn dated(app: &App, name: &str, mut query: Wanted) -> Result<Wanted, PageError> {
    let Ok(number) = query.before.parse::<u64>() else {
        return Ok(query);
    };
    let id = format!("{name}-{number}");
    let found = app.backend.rollout(&id).await?;
    let found = found.ok_or_else(|| PageError::NotFound(format!("rollout {id}")))?;
    query.before = found.rollout.started_at.to_string();
    Ok(query)
}

fn before(query: &Wanted) -> Result<Option<Timestamp>, PageError> {
    match query.before.as_str() {
        "" => Ok(None),
        text => text.parse::<Timestamp>().map(Some).map_err(|_| {
            PageError::BadParameter("before is a time such as 2026-03-01T14:00:00Z".into())
        }),
    }
}

async fn read(app: &App, name: Option<&str>, query: &Wanted) -> Result<Vec<Rollout>, PageError> {
    let before = before(query)?;
    if name.is_some() && !query.has_rollouts() {
        return Ok(Vec::new());
    }
    let query = RolloutQuery {
        application: name.map(str::to_owned),
        before,
        outcome: query.asked(),
        limit: PAGE,
        ..RolloutQuery::default()
    };
    Ok(app.backend.rollouts(&query).await?)
}

/// What others changed between the rollouts of a page, or alone a page of it.
async fn drifts(
    app: &App,
    name: &str,
    query: &Wanted,
    rollouts: &[Rollout],
) -> Result<Vec<Drift>, PageError> {
    if !query.has_drift() {
        return Ok(Vec::new());
    }
    let full = rollouts.len() >= usize::from(PAGE);
    let query = DriftQuery {
        application: Some(name.to_owned()),
        before: before(query)?,
        since: rollouts.last().filter(|_| full).map(|last| last.started_at),
        limit: if query.has_rollouts() { AMONG } else { PAGE },
        ..DriftQuery::default()
    };
    Ok(app.backend.drifts(&query).await?)
}

fn data(
    rollouts: Vec<Rollout>,
    counted: &BTreeMap<String, Counted>,
    drifts: Vec<Drift>,
) -> Json<json::Rollouts> {
    let page = usize::from(PAGE);
    let older = match rollouts.last() {
        Some(last) => Some(last.started_at).filter(|_| rollouts.len() >= page),
        None => drifts
            .last()
            .map(|it| it.at)
            .filter(|_| drifts.len() >= page),
    };
    let items = rollouts.into_iter().map(|rollout| json::Listed {
        counts: counted.get(&rollout.id).copied().unwrap_or_default(),
        rollout,
    });
    Json(json::Rollouts {
        before: older,
        drifts: drifts.into_iter().map(json::drift).collect(),
        items: items.collect(),
    })
}
