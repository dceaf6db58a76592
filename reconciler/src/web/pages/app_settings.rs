//! `GET /apps/{app}/settings`

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

use api::Collection;

use super::app::{facts, frame_of};
use super::object::Named;
use super::{Markup, fragment, html, object_log};
use crate::web::app::App;
use crate::web::error::PageError;
use crate::web::gate::chain;
use crate::web::json;
use crate::web::view::app;
use crate::web::view::component::Icon;
use crate::web::view::frame::{Frame, Section};
use crate::web::view::object;
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "app/settings.html")]
struct Settings {
    frame: Frame,
    head: Markup,
    tabs: app::Tabs,
    sentence: String,
    fields: Markup,
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
        frame: frame_of(&app, &visitor, &name, "Settings").await,
        head: Markup(fragment("head", &app::head(&facts, now)).html),
        tabs: app::tabs(&name, "Settings"),
        sentence,
        fields: Markup(fragment("fields", &view).html),
    }))
}
