//! `GET /apps/{app}/settings`

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

use api::Collection;
use engine::rollout::CommitId;

use super::app::{facts, frame_of, view};
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
    let in_git = view(&app, &name).await?.summary.application.in_git;
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
    let sentence = settings_are(found.as_ref(), in_git);
    match found {
        Ok(Some((commit, origins))) => {
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
    let mut view = object::fields("Settings", &lines, "", now);
    view.error = error;
    Ok(html(&Settings {
        frame: frame_of(&app, &visitor, &name, "Settings").await,
        head: Markup(fragment("head", &app::head(&facts, now)).html),
        tabs: app::tabs(&name, "Settings"),
        sentence,
        fields: Markup(fragment("fields", &view).html),
    }))
}

/// Who says what the settings are, as far as that is known. `in_git` is whether the history has the
/// application as one of Git's.
fn settings_are<T, E>(found: Result<&Option<(CommitId, T)>, &E>, in_git: bool) -> String {
    match found {
        Ok(Some((commit, _))) => format!(
            "As commit {} of the cluster repository sets them; change them there.",
            commit.short()
        ),
        Ok(None) if !in_git => {
            "Nothing in Git says these: somebody made the Application by hand.".into()
        }
        _ => "As they are in the cluster. Git cannot be read now: which commit and line sets each \
              of them is not known."
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_not_said_to_be_made_by_hand() {
        let check = |found: Result<Option<(CommitId, ())>, ()>, in_git, says: &str| {
            let told = settings_are(found.as_ref(), in_git);
            assert!(told.contains(says), "{told}");
        };
        let commit = CommitId("7f3c2ab41d0c".into());
        check(Ok(Some((commit, ()))), true, "As commit 7f3c2ab of");
        check(Ok(None), false, "by hand");
        check(Ok(None), true, "Git cannot be read now");
        check(Err(()), true, "Git cannot be read now");
        check(Err(()), false, "Git cannot be read now");
    }
}
