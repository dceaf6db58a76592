//! `GET` and `POST /signin`, `GET /signin/provider`, `GET /auth/callback`, `POST /signout`

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::html;
use crate::web::app::App;
use crate::web::asked::{Form, Marked, Query};
use crate::web::assets::{ASSETS, Assets};
use crate::web::auth::{Admitted, Session, oidc, same_origin};
use crate::web::error::PageError;
use crate::web::view::component::{Icon, encoded};
use crate::web::view::frame::Theme;
use crate::web::visitor::{Visitor, next, theme};

#[derive(Template)]
#[template(path = "signin.html")]
struct Page {
    theme: Theme,
    assets: &'static Assets,
    next: String,
    error: String,
    /// What people know the provider as; empty where there is none.
    provider: String,
}

impl Page {
    fn new(app: &App, headers: &HeaderMap, asked: &str, error: impl Into<String>) -> Self {
        let provider = app.provider.as_ref();
        Self {
            theme: theme(headers),
            assets: &ASSETS,
            next: next(asked).to_owned(),
            error: error.into(),
            provider: provider.map(|it| it.name().to_owned()).unwrap_or_default(),
        }
    }

    /// The address that leads through the provider.
    fn through(&self) -> String {
        format!("/signin/provider?next={}", encoded(&self.next))
    }
}

/// What a link carries, and the sign-in form.
#[derive(Debug, Default, Deserialize)]
pub(in crate::web) struct Asked {
    #[serde(default)]
    token: String,
    /// Where to go then.
    #[serde(default)]
    next: String,
}

pub(in crate::web) async fn form(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    if asked.token.is_empty() {
        return html(&Page::new(&app, &headers, &asked.next, ""));
    }
    if let Some(session) = app.auth.redeem(&asked.token, app.env.now()) {
        begin(&app, &session, &asked.next)
    } else {
        let error = "This link was used already or is too old. Enter the admin token.";
        unauthorized(html(&Page::new(&app, &headers, &asked.next, error)))
    }
}

pub(in crate::web) async fn sign_in(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Form(asked): Form<Asked>,
) -> Response {
    if !same_origin(&headers) {
        let error = "The form came from another site.";
        return unauthorized(html(&Page::new(&app, &headers, &asked.next, error)));
    }
    match app.auth.sign_in(&asked.token, app.env.now()) {
        Some(session) => begin(&app, &session, &asked.next),
        None => unauthorized(html(&Page::new(
            &app,
            &headers,
            &asked.next,
            "This is not the admin token.",
        ))),
    }
}

/// Where to go from the provider.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct Onward {
    next: String,
}

/// Sends somebody to the provider.
pub(in crate::web) async fn provider(
    State(app): State<Arc<App>>,
    Query(asked): Query<Onward>,
    headers: HeaderMap,
) -> Response {
    let Some(provider) = &app.provider else {
        let error = "No provider is set up here: use the one-time link or the admin token.";
        return unauthorized(html(&Page::new(&app, &headers, &asked.next, error)));
    };
    match provider.begin(next(&asked.next), app.env.now()).await {
        Ok((url, attempt)) => {
            let cookie = [(header::SET_COOKIE, app.auth.attempt_cookie(&attempt))];
            (cookie, Redirect::to(&url)).into_response()
        }
        Err(error) => failed(&app, &headers, &asked.next, &error),
    }
}

/// What the provider sends along with whoever comes back (RFC 6749 §4.1.2).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct Returned {
    code: String,
    state: String,
    error: String,
    error_description: String,
}

pub(in crate::web) async fn returned(
    State(app): State<Arc<App>>,
    Query(back): Query<Returned>,
    headers: HeaderMap,
) -> Response {
    let Some(provider) = &app.provider else {
        return unauthorized(html(&Page::new(
            &app,
            &headers,
            "",
            "No provider is set up here.",
        )));
    };
    let cookies = headers.get_all(header::COOKIE);
    let kept = cookies.iter().filter_map(|it| it.to_str().ok());
    let (attempt, over) = app.auth.attempt(&kept.collect::<Vec<_>>().join("; "));
    let now = app.env.now();
    let to = attempt.as_ref().map_or("", |it| &it.next).to_owned();
    let answer = match attempt {
        None => Err(oidc::Error::Stale),
        Some(_) if !back.error.is_empty() => Err(oidc::Error::Refused(format!(
            "{}: {}",
            back.error, back.error_description
        ))),
        Some(attempt) => {
            provider
                .finish(&attempt, (&back.state, &back.code), now)
                .await
        }
    };
    let mut response = match answer {
        Ok(mut user) => {
            user.groups.retain(|group| app.access.knows_group(group));
            tracing::info!(user = user.name, "signed in by the provider");
            begin(&app, &app.auth.begin(user, now), &to)
        }
        Err(error) => failed(&app, &headers, &to, &error),
    };
    // Once back, or never: what was kept is of no use any more.
    if let Ok(over) = over.parse() {
        response.headers_mut().append(header::SET_COOKIE, over);
    }
    response
}

fn failed(app: &App, headers: &HeaderMap, to: &str, error: &oidc::Error) -> Response {
    tracing::warn!(%error, "nobody could be signed in by the provider");
    let text = format!("Not signed in: {error}.");
    unauthorized(html(&Page::new(app, headers, to, text)))
}

fn begin(app: &App, session: &Session, to: &str) -> Response {
    let cookie = [(header::SET_COOKIE, app.auth.cookie(session))];
    (cookie, Redirect::to(next(to))).into_response()
}

fn unauthorized(mut page: Response) -> Response {
    *page.status_mut() = StatusCode::UNAUTHORIZED;
    page
}

pub(in crate::web) async fn sign_out(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Form(form): Form<Marked>,
) -> Result<Response, PageError> {
    let Some(Admitted::Session(session)) = &visitor.admitted else {
        return Err(PageError::BadForm);
    };
    if !app.auth.is_csrf(session, &form.csrf) {
        return Err(PageError::BadForm);
    }
    let cookie = [(header::SET_COOKIE, app.auth.no_cookie())];
    let answer = match app.auth.end(session, app.env.now()).await {
        Ok(()) => Redirect::to("/signin").into_response(),
        Err(error) => PageError::Unavailable {
            what: "the record of sessions that were ended",
            source: Box::new(error),
        }
        .into_response(),
    };
    Ok((cookie, answer).into_response())
}
