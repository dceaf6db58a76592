//! `GET /metrics`: how much runs here. Counts only: pods can reach this port.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::text;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::pods::Shared;
use crate::runtime::{ContainerState, Listing, SandboxState};

pub(super) async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    let Ok(listing) = shared.runtime.list().await else {
        let why = "the container runtime does not answer\n";
        return (StatusCode::SERVICE_UNAVAILABLE, why).into_response();
    };
    let mut body = String::new();
    let figures = figures(&listing, shared.pods.len());
    if text::encode(&mut body, &figures).is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], body).into_response()
}

/// Under the kubelet's names. `desired`: pods that the API server has for this node.
fn figures(listing: &Listing, desired: usize) -> Registry {
    let mut registry = Registry::default();
    let kubelet = registry.sub_registry_with_prefix("kubelet");
    let sandboxes = listing.sandboxes.iter();
    let running = sandboxes.filter(|sandbox| sandbox.state == SandboxState::Ready);
    let pods = "Pods that have a running sandbox";
    kubelet.register("running_pods", pods, gauge(running.count()));
    let desired_pods = "Pods that are to be on this node";
    kubelet.register("desired_pods", desired_pods, gauge(desired));
    let containers = Family::<[(&'static str, &'static str); 1], Gauge>::default();
    for state in ["created", "running", "exited", "unknown"] {
        containers
            .get_or_create(&[("container_state", state)])
            .inc_by(0);
    }
    for container in &listing.containers {
        let state = match container.state {
            ContainerState::Created => "created",
            ContainerState::Running { .. } => "running",
            ContainerState::Exited { .. } => "exited",
            ContainerState::Unknown => "unknown",
        };
        containers
            .get_or_create(&[("container_state", state)])
            .inc();
    }
    let by_state = "Containers by their state";
    kubelet.register("running_containers", by_state, containers);
    registry
}

fn gauge(value: usize) -> Gauge {
    let gauge: Gauge = Gauge::default();
    gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
    gauge
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pods::testing::{container, exited, running, sandbox};

    #[test]
    fn what_runs_is_counted() {
        let listing = Listing {
            sandboxes: vec![
                sandbox(0, SandboxState::Ready),
                sandbox(1, SandboxState::NotReady),
            ],
            containers: vec![
                container("a", 0, running(), None),
                container("b", 0, running(), None),
                container("c", 0, exited(3, 1), None),
            ],
        };
        let mut body = String::new();
        text::encode(&mut body, &figures(&listing, 2)).unwrap();
        for line in [
            "kubelet_running_pods 1",
            "kubelet_desired_pods 2",
            "kubelet_running_containers{container_state=\"running\"} 2",
            "kubelet_running_containers{container_state=\"exited\"} 1",
        ] {
            assert!(
                body.lines().any(|it| it == line),
                "{line} is not in\n{body}"
            );
        }
    }
}
