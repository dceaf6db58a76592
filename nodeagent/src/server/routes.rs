//! Which requests there are, and who may make them.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{any, get};
use tls::Peer;

use super::error::Error;
use super::{exec, logs, metrics, summary};
use crate::pods::{Shared, spec};
use crate::runtime::{Container, PodRecord};

/// Everything under one roof. Only clients whose certificate carries one of `allowed` as its
/// common name get in; health and counts are for everybody.
pub(crate) fn router(shared: Arc<Shared>, allowed: &[String]) -> Router {
    let allowed: Arc<[String]> = allowed.into();
    Router::new()
        .route(
            "/containerLogs/{namespace}/{pod}/{container}",
            get(logs::logs),
        )
        .route("/exec/{namespace}/{pod}/{container}", any(exec::exec))
        .route("/stats/summary", get(summary::summary))
        .layer(from_fn_with_state(allowed, authorize))
        .route("/healthz", get(async || "ok"))
        .route("/metrics", get(metrics::metrics))
        .with_state(shared)
}

async fn authorize(
    State(allowed): State<Arc<[String]>>,
    request: Request,
    next: Next,
) -> Result<Response, Error> {
    let peer = request.extensions().get::<Peer>();
    let certificate = peer.and_then(|peer| peer.certificate.as_deref());
    let is_known = certificate.is_some_and(|c| allowed.contains(&c.common_name));
    if !is_known {
        return Err(Error::forbidden(
            "only the API server may ask for logs, exec and use",
        ));
    }
    Ok(next.run(request).await)
}

/// Path of both calls.
#[derive(Debug, serde::Deserialize)]
pub(super) struct ContainerPath {
    pub namespace: String,
    pub pod: String,
    pub container: String,
}

impl ContainerPath {
    /// What the runtime has of the pod this node has under that name.
    pub(super) async fn record(&self, shared: &Shared) -> Result<PodRecord, Error> {
        let object = shared
            .pods
            .find(&self.namespace, &self.pod)
            .ok_or_else(|| {
                Error::not_found(format!(
                    "pod {}/{} is not on this node",
                    self.namespace, self.pod
                ))
            })?;
        let pod = object.decode::<api::k8s::core::v1::Pod>();
        let is_known = pod.is_ok_and(|pod| spec::container(&pod, &self.container).is_some());
        if !is_known {
            return Err(Error::bad_request(format!(
                "container {} is not valid for pod {}",
                self.container, self.pod
            )));
        }
        Ok(shared.runtime.inspect(&object.uid()).await?)
    }

    pub(super) fn waiting(&self) -> Error {
        Error::bad_request(format!(
            "container \"{}\" in pod \"{}\" is waiting to start: ContainerCreating",
            self.container, self.pod
        ))
    }

    pub(super) fn running<'a>(&self, record: &'a PodRecord) -> Result<&'a Container, Error> {
        let newest = record
            .newest(&self.container)
            .ok_or_else(|| self.waiting())?;
        if newest.is_running() {
            return Ok(newest);
        }
        Err(Error::bad_request(format!(
            "cannot exec into container {} of pod {}: it is not running",
            self.container, self.pod
        )))
    }
}
