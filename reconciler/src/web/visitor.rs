//! Who asks, and how they want the answer.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::sync::Arc;

use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri, header};
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use jiff::Timestamp;

use super::access::{Role, Scope, withhold};
use super::app::App;
use super::auth::{Admitted, Stay, named};
use super::error::PageError;
use super::request;
use super::view::frame::{Frame, Git, Theme};
use super::view::time::When;
use super::view::zone::Zone;
use crate::history::{Rollout, RolloutQuery};
use crate::source::Person;

/// What a request says about itself.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    pub(super) admitted: Option<Admitted>,
    pub(super) csrf: String,
    pub(super) theme: Theme,
    /// Whether single keys do something.
    pub(super) shortcuts: bool,
    /// Where their clock stands.
    pub(super) zone: Zone,
    /// What the request is called.
    request: String,
    /// Wants JSON instead of a page.
    pub(super) json: bool,
}

impl Visitor {
    pub(super) fn new(headers: &HeaderMap, admitted: Option<Admitted>, csrf: String) -> Self {
        Self {
            theme: theme(headers),
            shortcuts: shortcuts(headers),
            zone: zone(headers),
            request: request::name(headers),
            json: wants_json(headers),
            admitted,
            csrf,
        }
    }

    /// The frame of a page, before it is known which one.
    pub(super) fn bare_frame(&self, app: &App) -> Frame {
        let user = match &self.admitted {
            Some(Admitted::Session(session)) => session.user.name.clone(),
            _ => String::new(),
        };
        Frame {
            cluster: app.settings.cluster.clone(),
            notice: app.settings.notice.clone(),
            theme: self.theme,
            no_keys: !self.shortcuts,
            zone: self.zone.name().to_owned(),
            request: self.request.clone(),
            past: app.past.is_some(),
            silent: silent(app),
            csrf: self.csrf.clone(),
            user,
            ..Frame::default()
        }
    }

    /// The same with where Git stands, if the history answers.
    pub(super) async fn frame(&self, app: &App) -> Frame {
        Frame {
            git: git(app).await,
            counts: app.counts().await,
            ..self.bare_frame(app)
        }
    }

    /// Who wrote, if anybody who may.
    pub(super) fn person(&self) -> Result<Person, PageError> {
        let admitted = self.admitted.as_ref().ok_or(PageError::SignedOut)?;
        Ok(admitted.person())
    }

    /// Only a form that this session's own pages showed is taken; programs sign each request instead.
    pub(super) fn showed(&self, app: &App, csrf: &str) -> Result<(), PageError> {
        match &self.admitted {
            Some(Admitted::Session(session)) if !app.auth.is_csrf(session, csrf) => {
                Err(PageError::BadForm)
            }
            _ => Ok(()),
        }
    }

    /// Comes to its end when they may not see any more: what runs on ends with it.
    pub(super) fn leaves(&self, app: &App) -> BoxFuture<'static, ()> {
        match &self.admitted {
            Some(admitted) => Stay::new(&app.auth, admitted).over(app.env.clone()).boxed(),
            None => ready(()).boxed(),
        }
    }

    /// What they may do.
    pub(super) fn role(&self, app: &App, scope: Scope<'_>) -> Role {
        let admitted = self.admitted.as_ref();
        admitted.map_or(Role::Viewer, |it| app.access.role(&it.who(), scope))
    }

    /// Whether a page may offer them all that it offers.
    pub(super) fn may_everything(&self, app: &App) -> bool {
        self.role(app, Scope::Everything) >= Role::Operator
    }

    /// A page, or a part of one, without what they may not do, and with the time of their clock.
    pub(super) async fn fitted<'a>(&self, app: &App, html: &'a str) -> Cow<'a, str> {
        if self.may_everything(app) {
            return self.zone.page(html);
        }
        let newest = if html.contains("/rollback") {
            newest(app).await
        } else {
            Vec::new()
        };
        let may = |scope: Scope<'_>| self.role(app, scope) >= Role::Operator;
        let left = withhold(html, &newest, may);
        Cow::Owned(self.zone.page(&left).into_owned())
    }

    /// Whether pages fit them as they are.
    pub(super) fn fits(&self, app: &App) -> bool {
        self.zone.is_utc() && self.may_everything(app)
    }

    /// Who acts, if they may.
    pub(super) fn operator(&self, app: &App, scope: Scope<'_>) -> Result<Person, PageError> {
        let (has, needed) = (self.role(app, scope), Role::Operator);
        if has >= needed {
            return self.person();
        }
        let of = match scope {
            Scope::Application(name) => format!("of application {name}"),
            Scope::Everything => "of all applications".into(),
        };
        let who = app.access.who_can(needed, scope);
        Err(PageError::NotAllowed(format!(
            "you are {has} {of}, and this needs {needed}: ask {who}; nothing was changed"
        )))
    }
}

impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _app: &Arc<App>) -> Result<Self, PageError> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or(PageError::SignedOut)
    }
}

/// Rollouts that are looked through for what going back would touch.
const NEWEST: u16 = 1_000;

/// The newest rollouts of all Applications; without them the page of a rollback says no by itself.
async fn newest(app: &App) -> Vec<Rollout> {
    let query = RolloutQuery {
        limit: NEWEST,
        ..RolloutQuery::default()
    };
    app.backend.rollouts(&query).await.unwrap_or_default()
}

/// Where Git stands, if the history answers.
pub(super) async fn git(app: &App) -> Option<Git> {
    let sources = app.backend.sources().await.unwrap_or_default();
    let now = app.env.now();
    sources.into_iter().next().map(|source| Git {
        branch: source.branch,
        revision: source.revision.short().to_owned(),
        fetched: source.fetched_at.map(|at| When::ago(at, now)),
        error: source.error,
    })
}

/// Since when the API server does not answer. What was, was.
pub(super) fn silent_since(app: &App) -> Option<Timestamp> {
    let since = *app.pulse.borrow();
    since.filter(|_| app.past.is_none())
}

/// The same for people.
pub(super) fn silent(app: &App) -> Option<When> {
    Some(When::ago(silent_since(app)?, app.env.now()))
}

pub(super) fn theme(headers: &HeaderMap) -> Theme {
    chosen(headers, "theme").map_or(Theme::System, Theme::parse)
}

fn shortcuts(headers: &HeaderMap) -> bool {
    chosen(headers, "shortcuts").is_none_or(|chosen| chosen != "off")
}

fn zone(headers: &HeaderMap) -> Zone {
    let chosen = chosen(headers, "zone").and_then(Zone::parse);
    chosen.unwrap_or_default()
}

/// What a cookie of the preferences says.
fn chosen<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut all = headers.get_all(header::COOKIE).iter();
    all.find_map(|cookies| named(cookies.to_str().ok()?, name))
}

/// Whether JSON is asked for by name, rather than HTML or before it (RFC 9110, section 12.5.1).
pub(super) fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .unwrap_or_default();
    let wish = |wanted: &str| {
        let mut all = accept.split(',').enumerate();
        let (place, weight) = all.find_map(|(place, one)| {
            let mut parts = one.split(';').map(str::trim);
            let is_it = parts.next()?.eq_ignore_ascii_case(wanted);
            is_it.then(|| (place, weight(parts)))
        })?;
        (weight > 0.0).then_some((weight, Reverse(place)))
    };
    match (wish("application/json"), wish("text/html")) {
        (Some(json), Some(html)) => json > html,
        (json, _) => json.is_some(),
    }
}

/// How much one of several is wanted; what does not say so is wanted in full.
fn weight<'a>(mut parameters: impl Iterator<Item = &'a str>) -> f32 {
    let said = parameters.find_map(|it| it.strip_prefix("q=").or(it.strip_prefix("Q=")));
    said.and_then(|it| it.parse().ok()).unwrap_or(1.0)
}

/// Where to go after sign-in: a path of our own, or the start.
pub(super) fn next(path: &str) -> &str {
    let own =
        path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\n', '\r']);
    if own { path } else { "/apps" }
}

/// The path and query of a request.
pub(super) fn asked(uri: &OriginalUri) -> String {
    let uri: &Uri = &uri.0;
    uri.path_and_query()
        .map_or_else(|| "/apps".to_owned(), ToString::to_string)
}

#[test]
fn json_is_for_who_wants_it_most() {
    let check = |accept: &'static str, expected: bool| {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, axum::http::HeaderValue::from_static(accept));
        assert_eq!(wants_json(&headers), expected, "{accept}");
    };
    check("application/json", true);
    check("application/json, text/html", true);
    check("text/html, application/json", false);
    check("application/json;q=0.1, text/html", false);
    check("text/html;q=0.5, application/json; q=0.9", true);
    check("application/json;q=0", false);
    check("text/html, */*;q=0.8", false);
    assert!(!wants_json(&HeaderMap::new()));
}
