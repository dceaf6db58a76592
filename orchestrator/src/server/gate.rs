//! Who gets in, and for what: authentication, impersonation, permission, in this order.

use std::sync::Arc;

use axum::extract::Request;
use jiff::Timestamp;

use api::selector::FieldSelector;
use api::{ObjectKey, Status};
use tls::Peer;

use crate::auth::authenticate::{Authenticator, impersonate};
use crate::auth::rbac::{Attributes, Authorize};
use crate::auth::{Authorizer, Identity};

use super::request::{Query, ResourceRequest};

pub(crate) struct Gate {
    pub(crate) authenticator: Authenticator,
    pub(crate) authorizer: Arc<Authorizer>,
}

impl Gate {
    /// Who makes the request, or whom they may act as.
    pub(crate) fn identify(&self, request: &Request, now: Timestamp) -> Result<Identity, Status> {
        let identity = self.authenticated(request, now)?;
        impersonate(identity, request.headers(), &*self.authorizer)
    }

    /// Who makes the request.
    pub(crate) fn authenticated(
        &self,
        request: &Request,
        now: Timestamp,
    ) -> Result<Identity, Status> {
        let peer = request.extensions().get::<Peer>();
        self.authenticator
            .authenticate(peer, request.headers(), now)
    }

    /// A path that is no resource: `/version`, `/openapi/v3`, …
    pub(crate) fn path(
        &self,
        identity: &Identity,
        method: &http::Method,
        path: &str,
    ) -> Result<(), Status> {
        let verb = method.as_str().to_ascii_lowercase();
        self.authorizer
            .require(identity, &Attributes::path(&verb, path))
    }

    pub(crate) fn resource(
        &self,
        identity: &Identity,
        request: &ResourceRequest,
        query: &Query,
    ) -> Result<(), Status> {
        let mut attributes = Attributes::resource(
            request.verb,
            &request.resource.group,
            &request.resource.plural,
        )
        .subresource(&request.subresource)
        .in_namespace(&request.namespace)
        .named(&request.name);
        if let Some(fields) = query
            .value("fieldSelector")
            .and_then(|text| FieldSelector::parse(text).ok())
        {
            attributes = attributes.narrowed(fields);
        }
        self.authorizer.require(identity, &attributes)
    }

    /// One object that a compound request is about.
    pub(crate) fn object(
        &self,
        identity: &Identity,
        verb: &str,
        key: &ObjectKey,
    ) -> Result<(), Status> {
        let attributes =
            Attributes::resource(verb, &key.collection.group, &key.collection.resource)
                .in_namespace(&key.namespace)
                .named(&key.name);
        self.authorizer.require(identity, &attributes)
    }
}
