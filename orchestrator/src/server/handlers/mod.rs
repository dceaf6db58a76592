//! From a request on a resource to the function that serves it.

mod certificates;
mod measured;
mod past;
mod placement;
mod read;
mod review;
mod stream;
mod subresource;
mod transaction;
mod watch;
mod write;

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, header};
use tls::Peer;

use crate::auth::Identity;
use crate::registry::kinds::Kind;
use crate::registry::{Context, Part, Selection};

use super::negotiate::{self, Include, Representation};
use super::request::{Query, ResourceRequest};
use super::{ApiError, App, options};

pub(crate) use certificates::certificates;
pub(crate) use past::{blame, history, state, undelete};
pub(crate) use placement::placement;
pub(crate) use stream::Upgrade;
pub(crate) use transaction::transaction;

/// An authenticated, permitted request on a resource.
pub(crate) struct Call {
    pub(crate) identity: Identity,
    /// Who is at the other end, for what goes on for as long as they may listen.
    pub(crate) peer: Option<Peer>,
    pub(crate) request: ResourceRequest,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    /// The raw query string, for what is passed on to a node.
    pub(crate) raw_query: String,
    pub(crate) upgrade: Upgrade,
}

impl Call {
    /// The stored kind behind the request; reviews, bindings and what is measured have none.
    pub(crate) fn kind(&self) -> Result<&Arc<Kind>, ApiError> {
        let kind = self.request.kind.as_ref();
        kind.ok_or_else(ApiError::unknown_path)
    }

    pub(crate) fn representation(&self) -> Result<Representation, ApiError> {
        let accept = self
            .headers
            .get(header::ACCEPT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let include = Include::parse(self.query.value("includeObject"))?;
        let representation = negotiate::representation(accept, negotiate::OWN_OBJECTS)?;
        Ok(Representation {
            include,
            ..representation
        })
    }

    pub(crate) fn context(&self) -> Result<Context, ApiError> {
        options::context(self.identity.clone(), &self.query, &self.headers)
    }

    /// What the selectors of the query pick.
    pub(crate) fn selection(&self, kind: &Kind) -> Result<Selection, ApiError> {
        let (labels, fields) = options::selectors(&self.query)?;
        Ok(Selection::new(kind, labels, fields)?)
    }
}

/// Serves one call.
pub(crate) async fn serve(app: &App, call: Call, body: Body) -> Result<Response, ApiError> {
    let subresource = call.request.subresource.clone();
    match (call.request.verb, subresource.as_str()) {
        ("create", _) if call.request.kind.is_none() => review::create(app, &call, body).await,
        ("get" | "list", "") if call.request.kind.is_none() => measured::measured(app, &call).await,
        ("get", "" | "status") => read::get(app, &call).await,
        ("list", "") => read::list(app, &call).await,
        ("watch", "") => watch::watch(app, &call).await,
        ("create", "") => write::create(app, &call, body).await,
        ("update", "") => write::update(app, &call, Part::Main, body).await,
        ("update", "status") => write::update(app, &call, Part::Status, body).await,
        ("update", "finalize") => write::update(app, &call, Part::Finalize, body).await,
        ("patch", "") => write::patch(app, &call, Part::Main, body).await,
        ("patch", "status") => write::patch(app, &call, Part::Status, body).await,
        ("delete", "") => write::delete(app, &call, body).await,
        ("deletecollection", "") => write::delete_collection(app, &call, body).await,
        (_, "scale") => subresource::scale(app, &call, body).await,
        ("create", "binding") => subresource::bind(app, &call, body).await,
        ("create", "eviction") => subresource::evict(app, &call, body).await,
        ("create", "token") => review::token(app, &call, body).await,
        ("get", "log") => stream::log(app, call).await,
        (_, "exec") => stream::exec(app, call).await,
        _ => Err(ApiError::method_not_allowed()),
    }
}
