//! `GET` and `POST /signin`, `POST /signout`

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::html;
use crate::web::app::App;
use crate::web::assets::{ASSETS, Assets};
use crate::web::auth::{Admitted, Session, same_origin};
use crate::web::error::PageError;
use crate::web::view::component::Icon;
use crate::web::view::frame::Theme;
use crate::web::visitor::{Visitor, next, theme};

#[derive(Template)]
#[template(path = "signin.html")]
struct Page {
    theme: Theme,
    assets: &'static Assets,
    next: String,
    error: &'static str,
}

impl Page {
    fn new(headers: &HeaderMap, asked: &str, error: &'static str) -> Self {
        Self {
            theme: theme(headers),
            assets: &ASSETS,
            next: next(asked).to_owned(),
            error,
        }
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
        return html(&Page::new(&headers, &asked.next, ""));
    }
    if let Some(session) = app.auth.redeem(&asked.token, app.env.now()) {
        begin(&app, &session, &asked.next)
    } else {
        let error = "This link was used already or is too old. Enter the admin token.";
        unauthorized(html(&Page::new(&headers, &asked.next, error)))
    }
}

pub(in crate::web) async fn sign_in(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Form(asked): Form<Asked>,
) -> Response {
    if !same_origin(&headers) {
        let error = "The form came from another site.";
        return unauthorized(html(&Page::new(&headers, &asked.next, error)));
    }
    match app.auth.sign_in(&asked.token, app.env.now()) {
        Some(session) => begin(&app, &session, &asked.next),
        None => unauthorized(html(&Page::new(
            &headers,
            &asked.next,
            "This is not the admin token.",
        ))),
    }
}

fn begin(app: &App, session: &Session, to: &str) -> Response {
    let cookie = [(header::SET_COOKIE, app.auth.cookie(session))];
    (cookie, Redirect::to(next(to))).into_response()
}

fn unauthorized(mut page: Response) -> Response {
    *page.status_mut() = StatusCode::UNAUTHORIZED;
    page
}

/// What the sign-out form sends.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct Leaving {
    #[serde(default)]
    csrf: String,
}

pub(in crate::web) async fn sign_out(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Form(form): Form<Leaving>,
) -> Result<Response, PageError> {
    let Some(Admitted::Session(session)) = &visitor.admitted else {
        return Err(PageError::BadForm);
    };
    if !app.auth.is_csrf(session, &form.csrf) {
        return Err(PageError::BadForm);
    }
    let cookie = [(header::SET_COOKIE, app.auth.end(session, app.env.now()))];
    Ok((cookie, Redirect::to("/signin")).into_response())
}
