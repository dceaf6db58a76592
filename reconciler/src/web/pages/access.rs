//! `GET /settings/access`: who may do what. It is changed in a file, not here.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::html;
use super::unkept::unkept;
use crate::web::access::{Role, Scope};
use crate::web::app::App;
use crate::web::error::PageError;
use crate::web::json;
use crate::web::view::component::Icon;
use crate::web::view::frame::{Frame, Section};
use crate::web::view::graph::app_href;
use crate::web::visitor::Visitor;

/// Of the past.
const UNKEPT: &str =
    "Who might do what then is not kept: the rules are read from a file when Kedge starts.";

#[derive(Template)]
#[template(path = "settings/access.html")]
struct Page {
    frame: Frame,
    user: String,
    everywhere: Role,
    /// Name, address and role, where it is another than everywhere.
    applications: Vec<(String, String, Role)>,
    /// Role, people and Applications of each rule.
    rules: Vec<(Role, String, String)>,
    /// Whose badge anybody may read.
    badges: String,
    /// Whether people sign in as themselves.
    has_provider: bool,
}

pub(in crate::web) async fn page(
    State(app): State<Arc<App>>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let about = (Section::Settings, "Access");
    if let Some(page) = unkept(&app, &visitor, about, UNKEPT).await? {
        return Ok(page);
    }
    let everywhere = visitor.role(&app, Scope::Everything);
    let user = visitor.person()?.name;
    let views = app.backend.applications().await?;
    let names = views
        .iter()
        .map(|view| view.summary.application.name.clone());
    let roles = names.map(|name| {
        let role = visitor.role(&app, Scope::Application(&name));
        (name, role)
    });
    let other: Vec<(String, Role)> = roles.filter(|(_, role)| *role != everywhere).collect();
    let rules = app.access.described();
    if visitor.json {
        return Ok(Json(json::Access {
            user,
            role: everywhere,
            applications: other.into_iter().collect(),
            rules: rules.into_iter().map(json::AccessRule::from).collect(),
            badges: app.access.published().to_vec(),
        })
        .into_response());
    }
    let frame = visitor.frame(&app).await;
    Ok(html(&Page {
        frame: frame
            .page(Section::Settings, "Access")
            .crumb("Settings", "/settings/preferences")
            .crumb("Access", ""),
        user,
        everywhere,
        applications: other
            .into_iter()
            .map(|(name, role)| (name.clone(), app_href(&name), role))
            .collect(),
        rules,
        badges: app.access.published().join(", "),
        has_provider: app.provider.is_some(),
    }))
}
