//! From a request to the function that answers it.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, header};
use hyper::upgrade::OnUpgrade;
use tls::Peer;

use client::{placement, renewal, transaction};

use crate::auth::Identity;
use crate::registry::kinds::Served;
use crate::store::Asked;

use super::handlers::{self, Call};
use super::negotiate::Encoding;
use super::request::{self, Query, Refusal, ResourceRequest};
use super::{ApiError, App, audit, metrics, respond, version};

/// The whole API server as one service.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new().fallback(handle).with_state(app)
}

async fn handle(State(app): State<Arc<App>>, request: Request) -> Response {
    let answer = Box::pin(answer(&app, request));
    answer.await.unwrap_or_else(IntoResponse::into_response)
}

/// The paths of Kedge's own, which are about objects of many kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Own {
    Transactions,
    State,
    History,
    Blame,
    Undelete,
    Placement,
    Certificates,
}

impl Own {
    fn of(path: &str) -> Option<Self> {
        Some(match path {
            transaction::PATH => Self::Transactions,
            "/apis/kedge.dev/v1alpha1/state" => Self::State,
            "/apis/kedge.dev/v1alpha1/history" => Self::History,
            "/apis/kedge.dev/v1alpha1/blame" => Self::Blame,
            "/apis/kedge.dev/v1alpha1/undelete" => Self::Undelete,
            placement::PATH => Self::Placement,
            renewal::PATH => Self::Certificates,
            _ => return None,
        })
    }

    /// Verb and resource, as if it were one.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Transactions => ("create", "transactions"),
            Self::State => ("list", "state"),
            Self::History => ("get", "history"),
            Self::Blame => ("get", "blame"),
            Self::Undelete => ("create", "undelete"),
            Self::Placement => ("get", "placement"),
            Self::Certificates => ("create", "certificates"),
        }
    }

    fn kind(self) -> metrics::Kind {
        let (verb, name) = self.names();
        metrics::Kind::own(verb, name)
    }

    fn asked(self) -> Asked {
        let (verb, name) = self.names();
        Asked {
            verb,
            resource: format!("{name}.kedge.dev"),
            ..Asked::default()
        }
    }

    fn takes(self, method: &Method) -> bool {
        match self {
            Self::Transactions | Self::Undelete | Self::Certificates => method == Method::POST,
            Self::State | Self::History | Self::Blame | Self::Placement => method == Method::GET,
        }
    }
}

/// What a request is about, told by its path and method.
enum About {
    Own(Own),
    Resource(ResourceRequest),
    /// No resource, and what is wrong with it as one.
    Path(Refusal),
}

impl About {
    fn of(served: &Served, request: &Request, query: &Query) -> Self {
        let path = request.uri().path();
        if let Some(own) = Own::of(path) {
            return Self::Own(own);
        }
        match request::parse(served, request.method(), path, query) {
            Ok(resource) => Self::Resource(resource),
            Err(refusal) => Self::Path(refusal),
        }
    }

    /// What the audit is to have of it; `None` where it writes nothing.
    fn asked(&self, method: &Method) -> Option<Asked> {
        match self {
            Self::Own(own) if method == Method::POST => Some(own.asked()),
            Self::Resource(resource) => audit::of_resource(resource),
            Self::Own(_) | Self::Path(_) => None,
        }
    }

    fn kind(&self, method: &Method) -> metrics::Kind {
        match self {
            Self::Own(own) => own.kind(),
            Self::Resource(resource) => metrics::Kind::from(resource),
            Self::Path(_) => metrics::Kind::of_path(method),
        }
    }
}

/// Every request but those of probes is counted, whoever refuses it.
async fn answer(app: &App, request: Request) -> Result<Response, ApiError> {
    if let Some(response) = health(app, request.uri().path()) {
        return Ok(response);
    }
    let query = Query::parse(request.uri().query());
    let about = About::of(&app.registry.kinds(), &request, &query);
    let (kind, clock) = (about.kind(request.method()), &app.registry.env().clock);
    let began = clock.now();
    let identity = app.gate.identify(&request, began);
    let asked = about.asked(request.method()).map(|asked| {
        let asked = audit::arrived(asked, &request, &query, began);
        let authenticated = app.gate.authenticated(&request, began).unwrap_or_default();
        let user = identity.as_ref().unwrap_or(&authenticated);
        audit::asked_by(asked, &user.name, &authenticated.name)
    });
    let answer = match identity {
        Ok(identity) => identified(app, identity, request, query, about).await,
        Err(status) => Err(status.into()),
    };
    let took = clock.now().duration_since(began).as_secs_f64();
    app.metrics.answered(kind, &answer, took);
    if let Some(asked) = asked {
        app.audit.answered(asked, &answer);
    }
    answer
}

async fn identified(
    app: &App,
    identity: Identity,
    mut request: Request,
    query: Query,
    about: About,
) -> Result<Response, ApiError> {
    match about {
        About::Own(own) if own.takes(request.method()) => {
            self::own(app, own, identity, &query, request).await
        }
        About::Own(_) | About::Path(Refusal::MethodNotAllowed) => {
            Err(ApiError::method_not_allowed())
        }
        About::Path(Refusal::NotFound) => document(app, &identity, &request, &query),
        About::Resource(resource) => {
            let upgrade = request.extensions_mut().remove::<OnUpgrade>();
            let peer = request.extensions_mut().remove::<Peer>();
            let (parts, body) = request.into_parts();
            let raw_query = parts.uri.query().unwrap_or_default().to_owned();
            let call = Call {
                identity,
                peer,
                request: resource,
                query,
                headers: parts.headers,
                raw_query,
                upgrade,
            };
            permitted(app, call, body).await
        }
    }
}

async fn own(
    app: &App,
    own: Own,
    identity: Identity,
    query: &Query,
    request: Request,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    match own {
        Own::Transactions => {
            handlers::transaction(app, identity, query, &parts.headers, body).await
        }
        Own::Undelete => handlers::undelete(app, identity, query, &parts.headers, body).await,
        Own::State => handlers::state(app, &identity, query).await,
        Own::History => handlers::history(app, &identity, query).await,
        Own::Blame => handlers::blame(app, &identity, query).await,
        Own::Placement => handlers::placement(app, &identity, query),
        Own::Certificates => handlers::certificates(app, &identity, body).await,
    }
}

async fn permitted(app: &App, call: Call, body: Body) -> Result<Response, ApiError> {
    app.gate
        .resource(&call.identity, &call.request, &call.query)?;
    handlers::serve(app, call, body).await
}

/// Probes are for everybody: a load balancer has no credentials.
fn health(app: &App, path: &str) -> Option<Response> {
    match path {
        "/livez" | "/healthz" => Some(text(StatusCode::OK, "ok")),
        "/readyz" if app.ready.is_set() => Some(text(StatusCode::OK, "ok")),
        "/readyz" => Some(text(
            StatusCode::SERVICE_UNAVAILABLE,
            "the controllers have not caught up yet",
        )),
        _ => None,
    }
}

/// What the server says about itself.
fn document(
    app: &App,
    identity: &Identity,
    request: &Request,
    query: &Query,
) -> Result<Response, ApiError> {
    let path = request.uri().path();
    app.gate.path(identity, request.method(), path)?;
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(ApiError::unknown_path());
    }
    let json = |value| Ok(respond::value(StatusCode::OK, Encoding::Json, &value));
    match path {
        "/metrics" => Ok(app.metrics.respond()),
        "/version" | "/version/" => json(version::version()),
        "/.well-known/openid-configuration" => {
            json(app.gate.authenticator.tokens().openid_configuration())
        }
        "/openid/v1/jwks" => json(app.gate.authenticator.tokens().jwks()),
        _ if path.starts_with("/openapi/") => {
            let kinds = app.registry.kinds();
            app.openapi
                .respond(&kinds, path, query.value("hash"), request.headers())
        }
        _ => {
            let told = app.discovery.of(&app.registry.kinds());
            told.respond(path, request.headers())
        }
    }
}

fn text(code: StatusCode, message: &'static str) -> Response {
    let mut response = (code, message).into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
