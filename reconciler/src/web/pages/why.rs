//! `GET /why/{kind}/{namespace}/{name}` and `GET /apps/{app}/why`: the chain of any object.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

use super::app::view;
use super::{Markup, fragment, html, object_gone, take};
use crate::web::app::App;
use crate::web::error::PageError;
use crate::web::view::component::{Icon, encoded};
use crate::web::view::frame::{Frame, Section};
use crate::web::view::graph::app_href;
use crate::web::view::object;
use crate::web::view::pending::{self, Cards};
use crate::web::view::why::card;
use crate::web::visitor::Visitor;
use crate::web::why::{self, Explained};
use api::kinds::GROUP;
use api::{Collection, ObjectKey, Resource};

#[derive(Template)]
#[template(path = "why/page.html")]
struct Page {
    frame: Frame,
    title: String,
    /// Where it is itself; empty for what has no page of its own.
    href: String,
    /// That nothing is wrong; empty where something is.
    well: String,
    why: Markup,
    pending: Markup,
}

/// The kind is `deployment.apps` or `deployments.apps`, the namespace `-` for what lives in none.
pub(in crate::web) async fn of_object(
    State(app): State<Arc<App>>,
    Path((kind, namespace, name)): Path<(String, String, String)>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let collection = object::resource(&app.client.catalog(), &kind).map(Resource::collection);
    let collection = collection.unwrap_or_else(|| {
        let (resource, group) = kind.split_once('.').unwrap_or((&kind, ""));
        Collection::new(group, resource)
    });
    let namespace = if namespace == "-" { "" } else { &namespace };
    let key = collection.key(namespace, &name);
    match why::of_object(&app, &key).await {
        Ok(explained) => answer(&app, visitor, explained, page_of(&key)).await,
        // Of what was there is told that it is gone, and why.
        Err(error @ PageError::NotFound(_)) => {
            let catalog = app.client.catalog();
            let kind = catalog
                .by_collection(&key.collection)
                .map(|it| it.kind.clone());
            let Some(kind) = kind else { return Err(error) };
            match object_gone::alone(&app, &kind, key, &visitor).await {
                Err(PageError::NotFound(_)) => Err(error),
                gone => gone,
            }
        }
        Err(error) => Err(error),
    }
}

pub(in crate::web) async fn of_application(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    match why::of_application(&app, &name).await {
        Ok(explained) => answer(&app, visitor, explained, app_href(&name)).await,
        Err(error @ PageError::NotFound(_)) => Err(match view(&app, &name).await {
            Err(gone @ PageError::Removed { .. }) => gone,
            _ => error,
        }),
        Err(error) => Err(error),
    }
}

/// The page of an object that has one, whatever application it is of.
fn page_of(key: &ObjectKey) -> String {
    let (namespace, name) = (encoded(&key.namespace), encoded(&key.name));
    match (
        key.collection.group.as_str(),
        key.collection.resource.as_str(),
    ) {
        ("", "pods") => format!("/pods/{namespace}/{name}"),
        ("", "nodes") => format!("/nodes/{name}"),
        (GROUP, "applications") => app_href(&key.name),
        _ => String::new(),
    }
}

async fn answer(
    app: &App,
    visitor: Visitor,
    explained: Explained,
    href: String,
) -> Result<Response, PageError> {
    if visitor.json {
        return Ok(Json(explained).into_response());
    }
    let Explained {
        chain,
        application,
        pending,
        actions,
        ..
    } = explained;
    let title = chain.subject.clone();
    let frame = visitor
        .frame(app)
        .await
        .page(Section::Applications, title.as_str())
        .crumb("Applications", "/apps")
        .crumb(title.as_str(), "");
    let told = chain.steps.first().filter(|_| chain.well);
    let well = told.map(|step| step.heading.clone()).unwrap_or_default();
    let cards = Cards {
        pods: pending.iter().map(pending::of_json).collect(),
        more: 0,
    };
    let fragments = [
        fragment("why", &card(&chain).of(&application, &actions)),
        fragment("pending", &cards),
    ];
    Ok(html(&Page {
        frame,
        well,
        why: take(&fragments, "why"),
        pending: take(&fragments, "pending"),
        title,
        href,
    }))
}
