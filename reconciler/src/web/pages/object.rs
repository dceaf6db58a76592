//! `GET /apps/{app}/objects/{kind.group}/{namespace}/{name}`

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use api::{Collection, Object, ObjectKey};
use engine::health;

use super::whose::whose;
use super::{Markup, follow, fragment, html, object_gone, object_log, reported, take};
use crate::web::app::App;
use crate::web::asked::Query;
use crate::web::error::PageError;
use crate::web::gate::chain;
use crate::web::json;
use crate::web::live::Fragment;
use crate::web::view::component::Icon;
use crate::web::view::frame::{Frame, Section};
use crate::web::view::graph::app_href;
use crate::web::view::object::{self, Around, Relation, Tabs};
use crate::web::view::pod;
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "object/page.html")]
struct Page {
    frame: Frame,
    tab: &'static str,
    head: Markup,
    tabs: Tabs,
    relations: Markup,
    conditions: Markup,
    summary: crate::web::view::app::Summary,
    fields: Markup,
    events: Markup,
}

#[derive(Debug, Default, Deserialize)]
pub(in crate::web) struct Asked {
    /// `yaml`, `events`, or what there is to say about its state.
    #[serde(default)]
    tab: String,
    /// Of the lines of its fields.
    #[serde(default)]
    page: String,
    /// `yaml` for all of these lines as a text, or a page.
    #[serde(default)]
    format: String,
}

/// An object that an address names.
pub(super) struct Named {
    pub(super) application: String,
    pub(super) kind: String,
    pub(super) key: ObjectKey,
}

pub(in crate::web) async fn page(
    State(app): State<Arc<App>>,
    Path((application, kind, namespace, name)): Path<(String, String, String, String)>,
    Query(asked): Query<Asked>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let named = named(&app, application, &kind, &namespace, &name)?;
    let owner = super::app::view(&app, &named.application).await;
    let object = match (app.client.get(&named.key).await, owner) {
        (Ok(object), Ok(_)) => object,
        // What went with its application is told by itself.
        (Err(error), Err(gone @ PageError::Removed { .. })) if error.is_not_found() => {
            let page = object_gone::page(&app, &named, &asked.page, &visitor).await;
            return match page {
                Err(PageError::NotFound(_)) => Err(gone),
                page => page,
            };
        }
        (_, Err(error)) => return Err(error),
        (Err(error), _) if error.is_not_found() => {
            return object_gone::page(&app, &named, &asked.page, &visitor).await;
        }
        // As it was known last: the page says that the server is silent.
        (Err(error @ client::Error::Transport { .. }), _) => match app.cached(&named.key) {
            Some(known) => (*known).clone(),
            None => return Err(error.into()),
        },
        (Err(error), _) => return Err(error.into()),
    };
    let whose = whose(&app, &named.key, &object).await;
    if !whose.is_empty() && whose != named.application {
        let there = object::href(&whose, &named.kind, &named.key);
        return Ok(Redirect::to(&there).into_response());
    }
    if whose.is_empty() && !belongs(&app, &named).await? {
        return Err(PageError::NotFound(stranger(&named)));
    }
    if visitor.json {
        return Ok(Json(data(&app, &named, &object).await).into_response());
    }
    if asked.format == "yaml" {
        let lines = object::owned(&object, &object::Known::default());
        return Ok(object::text(&lines).into_response());
    }
    there(&app, &named, &object, &asked, &visitor).await
}

/// Whether an object that is not from Git itself is the application's: something of its own made
/// it, or it is Kedge's record of the application.
async fn belongs(app: &App, named: &Named) -> Result<bool, PageError> {
    let (key, application) = (&named.key, &named.application);
    if key.collection.group == api::kinds::GROUP {
        // `shop`, or `shop-12` for its rollouts.
        let number = key.name.strip_prefix(application.as_str());
        let number = number.map(|rest| rest.strip_prefix('-').unwrap_or(rest));
        return Ok(number.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit())));
    }
    let own = app.backend.objects(application).await?;
    Ok(own.iter().any(|node| node.key == *key))
}

fn stranger(named: &Named) -> String {
    let place = object::place(&named.key);
    let Named {
        kind, application, ..
    } = named;
    format!(
        "{kind} {place} among the objects of application {application}: it is in the cluster, but \
         neither from this application's Git nor made by anything that is (kubectl shows it)"
    )
}

pub(super) fn named(
    app: &App,
    application: String,
    kind: &str,
    namespace: &str,
    name: &str,
) -> Result<Named, PageError> {
    let catalog = app.client.catalog();
    let resource = object::resource(&catalog, kind);
    let resource = resource.ok_or_else(|| PageError::NotFound(format!("kind {kind}")))?;
    Ok(Named {
        application,
        kind: resource.kind.clone(),
        key: resource
            .collection()
            .key(object::namespace(namespace), name),
    })
}

async fn there(
    app: &App,
    named: &Named,
    object: &Object,
    asked: &Asked,
    visitor: &Visitor,
) -> Result<Response, PageError> {
    let tab = match asked.tab.as_str() {
        "yaml" => "yaml",
        "events" => "events",
        _ => "",
    };
    let fragments = make(app, named, object).await;
    let fields = if tab == "yaml" {
        Some(fields(app, named, object, &asked.page).await)
    } else {
        None
    };
    let mut frame = frame(app, named, visitor).await;
    let kind = object::kind_name(&named.kind, &named.key.collection.group);
    let namespace = match named.key.namespace.as_str() {
        "" => "-",
        namespace => namespace,
    };
    let topic = format!(
        "object:{}/{kind}/{namespace}/{}",
        named.application, named.key.name
    );
    follow(app, &mut frame, topic, &fragments);
    let base = object::href(&named.application, &named.kind, &named.key);
    let now = app.env.now();
    Ok(html(&Page {
        frame,
        tab,
        head: take(&fragments, "head"),
        tabs: object::tabs(&base, &named.key.name, tab),
        relations: take(&fragments, "relations"),
        conditions: take(&fragments, "conds"),
        summary: object::summary(object, &named.application, now),
        fields: fields.map(|it| it.html).map(Markup).unwrap_or_default(),
        events: take(&fragments, "events"),
    }))
}

pub(super) async fn frame(app: &App, named: &Named, visitor: &Visitor) -> Frame {
    let title = format!("{} {}", named.kind, named.key.name);
    let frame = visitor.frame(app).await;
    frame
        .page(Section::Applications, title)
        .crumb("Applications", "/apps")
        .crumb(named.application.as_str(), app_href(&named.application))
        .crumb(format!("{} {}", named.kind, named.key.name), "")
}

/// `name` is as in the topic: application, kind, namespace and name.
pub(super) async fn fragments(app: &App, name: &str) -> Result<Vec<Fragment>, PageError> {
    let parts: Vec<&str> = name.splitn(4, '/').collect();
    let [application, kind, namespace, name] = parts.as_slice() else {
        return Err(PageError::BadRequest(format!("{name} names no object")));
    };
    let named = self::named(app, (*application).to_owned(), kind, namespace, name)?;
    let object = app.client.get(&named.key).await?;
    Ok(make(app, &named, &object).await)
}

async fn make(app: &App, named: &Named, object: &Object) -> Vec<Fragment> {
    let now = app.env.now();
    let heard = reported::of_object(app, &named.kind, &named.key).await;
    let mut list = pod::events(heard.events.as_deref().unwrap_or_default(), now);
    list.error = heard.error;
    let (around, error) = around(app, &named.application).await;
    let (before, after) = object::neighbours(&named.application, &around.own, &named.key);
    let relations = object::Relations {
        relations: related(app, named, object, &around).await,
        error,
    };
    let conditions = object::conditions(object, now);
    let conditions = if conditions.conditions.is_empty() {
        Fragment::new("conds", String::new())
    } else {
        fragment("conds", &conditions)
    };
    let mut head = object::Head {
        before,
        after,
        ..object::head(object, &named.key, &named.application, now)
    };
    head.among(&around.own, object, &named.key);
    if app.past.is_some() {
        // Why is a question about the present: the moments beside this one may not have the object.
        head.why.clear();
    }
    vec![
        fragment("head", &head),
        conditions,
        fragment("relations", &relations),
        fragment("events", &list),
    ]
}

/// Everything that is known to be related, with the way to it.
async fn related(app: &App, named: &Named, object: &Object, around: &Around) -> Vec<Relation> {
    let catalog = app.client.catalog();
    let mut relations = object::related(object, &named.key, &catalog, around);
    let elsewhere = relations.iter().filter_map(|one| one.elsewhere.clone());
    let elsewhere: Vec<ObjectKey> = elsewhere.collect();
    if !elsewhere.is_empty() {
        let owners = app.backend.owners(&elsewhere).await.unwrap_or_default();
        object::lead_elsewhere(&mut relations, &owners);
    }
    relations
}

/// What may be related, and why something of it may be missing.
async fn around(app: &App, application: &str) -> (Around, String) {
    let (own, error) = match app.backend.objects(application).await {
        Ok(own) => (own, String::new()),
        Err(error) => (
            Vec::new(),
            format!(
                "The application's objects cannot be read: {}.",
                chain(&error)
            ),
        ),
    };
    let mut live: Vec<(ObjectKey, Arc<Object>)> = Vec::new();
    for node in own.iter().filter(|node| node.kind != "Pod") {
        live.extend(app.cached(&node.key).map(|it| (node.key.clone(), it)));
    }
    for (group, resource) in [("apps", "deployments"), ("batch", "jobs")] {
        let collection = Collection::new(group, resource);
        for object in app.all(&collection).await.unwrap_or_default() {
            let key = object.key(&collection);
            if !live.iter().any(|(known, _)| *known == key) {
                live.push((key, object));
            }
        }
    }
    let pods = app.all(&Collection::new("", "pods")).await;
    let around = Around {
        application: application.to_owned(),
        own,
        live,
        pods: pods.unwrap_or_default(),
    };
    (around, error)
}

async fn fields(app: &App, named: &Named, object: &Object, page: &str) -> Fragment {
    let (known, error) = object_log::known(app, named, object).await;
    let lines = object::owned(object, &known);
    let mut view = object::fields("Whose each field is", &lines, page, app.env.now());
    view.error = error;
    view.has_text = true;
    view.by_hand = object_log::by_hand(named);
    fragment("fields", &view)
}

async fn data(app: &App, named: &Named, object: &Object) -> json::ObjectPage {
    let (known, _) = object_log::known(app, named, object).await;
    let (around, _) = around(app, &named.application).await;
    let relations = related(app, named, object, &around).await;
    let events = reported::of_object(app, &named.kind, &named.key).await;
    json::ObjectPage {
        application: named.application.clone(),
        health: health::assess(object, app.env.now()),
        relations: relations.iter().map(json::Relation::of).collect(),
        fields: json::Field::of(&object::owned(object, &known)),
        object: json::shown(object),
        events: events.bodies(),
    }
}
