//! `/settings/preferences` and `/settings/tokens`

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::html;
use crate::githost::token::{self, Wanted};
use crate::githost::{Role, Token};
use crate::web::access::{self, Scope};
use crate::web::app::App;
use crate::web::asked::{Form, Marked};
use crate::web::error::PageError;
use crate::web::hosting::Items;
use crate::web::json;
use crate::web::view::component::{Icon, encoded};
use crate::web::view::frame::{Frame, Section, Theme};
use crate::web::view::time::When;
use crate::web::view::zone::{OFFERED, Zone};
use crate::web::visitor::Visitor;

/// A year, in seconds.
const YEAR: u32 = 31_536_000;

#[derive(Template)]
#[template(path = "settings/preferences.html")]
struct Preferences {
    frame: Frame,
    theme: Theme,
    shortcuts: bool,
    zone: String,
    offered: &'static [&'static str],
    /// What was asked for and cannot be; empty for nothing.
    error: String,
}

#[derive(Template)]
#[template(path = "settings/tokens.html")]
struct Tokens {
    frame: Frame,
    rows: Vec<Row>,
    /// A token that was just made, this once.
    secret: String,
    error: String,
}

struct Row {
    name: String,
    user: String,
    role: &'static str,
    created_by: String,
    created: When,
    used: Option<When>,
    expires: Option<When>,
    revoke: String,
}

#[derive(Debug, Deserialize)]
pub(in crate::web) struct Chosen {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    theme: String,
    /// Anything: single keys do something.
    #[serde(default)]
    shortcuts: String,
    /// A name of the IANA database; empty: UTC.
    #[serde(default)]
    zone: String,
}

/// A token that is asked for.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct Asked {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    user: String,
    /// `reader` or `writer`.
    #[serde(default)]
    role: String,
    /// `30d`; empty: until it is revoked.
    #[serde(default)]
    expires: String,
}

pub(in crate::web) async fn preferences(
    State(app): State<Arc<App>>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    if visitor.json {
        return Ok(Json(json::Preferences {
            theme: visitor.theme.as_str(),
            shortcuts: visitor.shortcuts,
            zone: visitor.zone.name().into(),
        })
        .into_response());
    }
    Ok(preferences_with(&app, &visitor, "").await)
}

async fn preferences_with(app: &App, visitor: &Visitor, error: &str) -> Response {
    let frame = visitor.frame(app).await;
    html(&Preferences {
        frame: frame
            .page(Section::Settings, "Preferences")
            .crumb("Settings", "/settings/preferences")
            .crumb("Preferences", ""),
        theme: visitor.theme,
        shortcuts: visitor.shortcuts,
        zone: visitor.zone.name().into(),
        offered: &OFFERED,
        error: error.to_owned(),
    })
}

pub(in crate::web) async fn choose(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Form(chosen): Form<Chosen>,
) -> Result<Response, PageError> {
    visitor.showed(&app, &chosen.csrf)?;
    let wanted = match chosen.zone.trim() {
        "" => "UTC",
        wanted => wanted,
    };
    let Some(zone) = Zone::parse(wanted) else {
        let error = format!("There is no time zone {wanted:?}. Nothing was changed.");
        let mut page = preferences_with(&app, &visitor, &error).await;
        *page.status_mut() = StatusCode::BAD_REQUEST;
        return Ok(page);
    };
    let theme = Theme::parse(&chosen.theme);
    let keys = if chosen.shortcuts.is_empty() {
        "off"
    } else {
        "on"
    };
    let cookie = |name: &str, value: &str| {
        let value = format!("{name}={value}; Path=/; Max-Age={YEAR}; SameSite=Lax");
        (header::SET_COOKIE, value)
    };
    let mut response = Redirect::to("/settings/preferences").into_response();
    let cookies = [
        cookie("theme", theme.as_str()),
        cookie("shortcuts", keys),
        cookie("zone", zone.name()),
    ];
    for (name, value) in cookies {
        let value = value.parse().expect("words of our own make a header");
        response.headers_mut().append(name, value);
    }
    Ok(response)
}

pub(in crate::web) async fn tokens(
    State(app): State<Arc<App>>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    administers(&app, &visitor)?;
    let items = app.backend.tokens().await;
    if visitor.json {
        return Ok(Json(Items { items }).into_response());
    }
    Ok(page(&app, &visitor, items, "", "").await)
}

async fn page(
    app: &App,
    visitor: &Visitor,
    items: Vec<Token>,
    secret: &str,
    error: &str,
) -> Response {
    let now = app.env.now();
    let frame = visitor.frame(app).await;
    let row = |token: Token| Row {
        revoke: format!("/settings/tokens/{}/revoke", encoded(&token.name)),
        role: token.role.as_str(),
        created: When::ago(token.created_at, now),
        used: token.used_at.map(|at| When::ago(at, now)),
        expires: token.expires_at.map(|at| When {
            at,
            text: at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        }),
        name: token.name,
        user: token.user,
        created_by: token.created_by,
    };
    html(&Tokens {
        frame: frame
            .page(Section::Settings, "Tokens")
            .crumb("Settings", "/settings/preferences")
            .crumb("Tokens", ""),
        rows: items.into_iter().map(row).collect(),
        secret: secret.to_owned(),
        error: error.to_owned(),
    })
}

pub(in crate::web) async fn create(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Form(asked): Form<Asked>,
) -> Result<Response, PageError> {
    visitor.showed(&app, &asked.csrf)?;
    administers(&app, &visitor)?;
    let wanted = Wanted {
        name: asked.name.trim().to_owned(),
        user: asked.user.trim().to_owned(),
        role: if asked.role == Role::Writer.as_str() {
            Role::Writer
        } else {
            Role::Reader
        },
        expires: asked.expires.trim().to_owned(),
        created_by: visitor.person()?.name,
    };
    let made = app.backend.create_token(wanted).await;
    let (secret, error) = match made {
        Ok(made) if visitor.json => {
            return Ok(Json(json::NewToken {
                token: made.token,
                secret: made.secret,
            })
            .into_response());
        }
        Ok(made) => (made.secret, String::new()),
        Err(error) => match refused(error)? {
            error if visitor.json => return Err(PageError::Refused(error)),
            error => (String::new(), error),
        },
    };
    let items = app.backend.tokens().await;
    Ok(page(&app, &visitor, items, &secret, &error).await)
}

pub(in crate::web) async fn revoke(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    visitor: Visitor,
    Form(asked): Form<Marked>,
) -> Result<Response, PageError> {
    visitor.showed(&app, &asked.csrf)?;
    administers(&app, &visitor)?;
    match app.backend.revoke_token(&name).await {
        Ok(token) if visitor.json => Ok(Json(token).into_response()),
        Ok(_) => Ok(Redirect::to("/settings/tokens").into_response()),
        Err(token::Error::Missing(_)) => Err(PageError::NotFound(format!("token {name}"))),
        Err(error) => Err(PageError::Refused(refused(error)?)),
    }
}

/// What the person can do something about; the rest is no answer.
fn refused(error: token::Error) -> Result<String, PageError> {
    match error {
        token::Error::History(error) => Err(PageError::from(crate::service::Error::from(error))),
        other => Ok(other.to_string()),
    }
}

/// Only the admin knows of tokens.
fn administers(app: &App, visitor: &Visitor) -> Result<(), PageError> {
    if visitor.role(app, Scope::Everything) >= access::Role::Admin {
        return Ok(());
    }
    let who = visitor
        .person()
        .map(|person| person.name)
        .unwrap_or_default();
    Err(PageError::NotAllowed(format!(
        "tokens are made and revoked by the admin alone, and {who} is none"
    )))
}
