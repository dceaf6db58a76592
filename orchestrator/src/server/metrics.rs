//! Figures of the API server, under the names that dashboards for Kubernetes expect. Labels are
//! kinds and codes, never names of objects or people.

use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, header};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::ApiError;
use super::request::ResourceRequest;

/// Kubernetes' own, without the finest.
const SECONDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0,
];

/// What a request was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Kind {
    verb: &'static str,
    group: &'static str,
    resource: &'static str,
}

impl From<&ResourceRequest> for Kind {
    fn from(request: &ResourceRequest) -> Self {
        let built_in = api::resource::by_collection(&request.resource.collection());
        let of = |it: &'static api::Resource| (it.group.as_str(), it.plural.as_str());
        // Custom kinds are as many as people define.
        let (group, resource) = built_in.map_or(("", "customresources"), of);
        Self {
            verb: request.verb,
            group,
            resource,
        }
    }
}

impl Kind {
    /// A path of Kedge's own, which is no resource of the table.
    pub(crate) const fn own(verb: &'static str, resource: &'static str) -> Self {
        Self {
            verb,
            group: "kedge.dev",
            resource,
        }
    }

    /// A path that is no resource, or none that is served: the path itself would be a label of
    /// endless values.
    pub(crate) fn of_path(method: &Method) -> Self {
        let verb = match *method {
            Method::GET | Method::HEAD => "get",
            Method::POST => "post",
            Method::PUT => "put",
            Method::PATCH => "patch",
            Method::DELETE => "delete",
            _ => "other",
        };
        Self {
            verb,
            group: "",
            resource: "",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    verb: &'static str,
    group: &'static str,
    resource: &'static str,
    code: u32,
}

type Seconds = Family<Kind, Histogram, fn() -> Histogram>;

pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Answer, Counter>,
    seconds: Seconds,
    unaudited: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let requests = Family::<Answer, Counter>::default();
        let seconds = Seconds::new_with_constructor(|| Histogram::new(SECONDS));
        let mut registry = Registry::default();
        let about = registry.sub_registry_with_prefix("apiserver");
        about.register(
            "request",
            "Requests, by what they were about and the answer's code; without a resource, those on other paths",
            requests.clone(),
        );
        about.register(
            "request_duration_seconds",
            "Time until the answer began; of a watch and an exec, until it was opened",
            seconds.clone(),
        );
        let unaudited = Counter::default();
        let own = registry.sub_registry_with_prefix("kedge_apiserver");
        own.register(
            "audit_lost",
            "Writes that the audit does not have, because the database was too slow or away",
            unaudited.clone(),
        );
        Self {
            registry,
            requests,
            seconds,
            unaudited,
        }
    }
}

impl Metrics {
    pub(crate) fn answered(&self, kind: Kind, answer: &Result<Response, ApiError>, seconds: f64) {
        let code = match answer {
            Ok(response) => response.status().as_u16(),
            Err(ApiError(status)) => status.code(),
        };
        let label = Answer {
            verb: kind.verb,
            group: kind.group,
            resource: kind.resource,
            code: code.into(),
        };
        self.requests.get_or_create(&label).inc();
        self.seconds.get_or_create(&kind).observe(seconds.max(0.0));
    }

    /// Counts writes that could not be recorded.
    pub(crate) fn unaudited(&self) -> Counter {
        self.unaudited.clone()
    }

    /// `GET /metrics`
    pub(crate) fn respond(&self) -> Response {
        let mut body = String::new();
        if text::encode(&mut body, &self.registry).is_err() {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        ([(header::CONTENT_TYPE, kind)], body).into_response()
    }
}

#[cfg(test)]
mod tests {
    use crate::registry::kinds::Served;
    use api::{Reason, Status};

    use super::super::request::{Query, parse};
    use super::*;

    #[tokio::test]
    async fn requests_are_counted_by_kind_and_code() {
        let metrics = Metrics::default();
        let path = "/apis/apps/v1/namespaces/shop/deployments/web";
        let request = parse(
            Served::built_in(),
            &http::Method::GET,
            path,
            &Query::parse(None),
        )
        .unwrap();
        let refused = || Err(ApiError(Status::new(Reason::Forbidden, "no")));
        metrics.answered(Kind::from(&request), &refused(), 0.02);
        metrics.answered(Kind::from(&request), &refused(), 0.3);
        metrics.answered(Kind::from(&request), &Ok("{}".into_response()), 0.3);
        let body = axum::body::to_bytes(metrics.respond().into_body(), 1 << 20);
        let body = String::from_utf8(body.await.unwrap().to_vec()).unwrap();
        let labels = "verb=\"get\",group=\"apps\",resource=\"deployments\"";
        for line in [
            format!("apiserver_request_total{{{labels},code=\"403\"}} 2"),
            format!("apiserver_request_total{{{labels},code=\"200\"}} 1"),
            format!("apiserver_request_duration_seconds_count{{{labels}}} 3"),
        ] {
            assert!(
                body.lines().any(|it| it == line),
                "{line} is not in\n{body}"
            );
        }
        assert!(!body.contains("shop"), "{body}");

        let metrics = Metrics::default();
        metrics.answered(Kind::of_path(&Method::GET), &refused(), 0.1);
        metrics.answered(Kind::own("create", "transactions"), &refused(), 0.1);
        let body = axum::body::to_bytes(metrics.respond().into_body(), 1 << 20);
        let body = String::from_utf8(body.await.unwrap().to_vec()).unwrap();
        for labels in [
            "verb=\"get\",group=\"\",resource=\"\"",
            "verb=\"create\",group=\"kedge.dev\",resource=\"transactions\"",
        ] {
            let line = format!("apiserver_request_total{{{labels},code=\"403\"}} 1");
            assert!(body.contains(&line), "{line} is not in\n{body}");
        }
    }
}
