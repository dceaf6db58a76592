//! Against a collector: it decodes what it is sent.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use jiff::Timestamp;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::net::TcpListener;
use tracing::{Instrument, info_span};
use tracing_subscriber::layer::SubscriberExt;

use super::*;

type Received = Arc<Mutex<Vec<ExportTraceServiceRequest>>>;

/// Answers every export with a yes.
async fn export(
    received: Received,
    request: Request<Incoming>,
) -> Result<Response<impl hyper::body::Body<Data = Bytes, Error = Infallible>>, Infallible> {
    let path = request.uri().path().to_owned();
    assert_eq!(
        path,
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
    );
    let body = request.into_body().collect().await.unwrap().to_bytes();
    // One message: a byte for its compression and four for its length come first.
    let message = ExportTraceServiceRequest::decode(&body[5..]).unwrap();
    received.lock().unwrap().push(message);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", "0".parse().unwrap());
    let frames = [
        Ok(Frame::data(Bytes::from_static(&[0; 5]))),
        Ok(Frame::trailers(trailers)),
    ];
    let mut response = Response::new(StreamBody::new(futures::stream::iter(frames)));
    let kind = "application/grpc".parse().unwrap();
    response.headers_mut().insert("content-type", kind);
    Ok(response)
}

#[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
async fn collector() -> (String, Received) {
    let received = Received::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let all = received.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let all = all.clone();
            let service = service_fn(move |request| export(all.clone(), request));
            let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
            tokio::spawn(async move {
                let stream = TokioIo::new(stream);
                let _ = server.serve_connection(stream, service).await;
            });
        }
    });
    (format!("http://{address}"), received)
}

fn spans(received: &Received) -> Vec<(String, Span)> {
    let mut spans = Vec::new();
    for request in received.lock().unwrap().iter() {
        for resource in &request.resource_spans {
            let attributes = resource.resource.iter().flat_map(|it| &it.attributes);
            let service = attributes.filter(|it| it.key == "service.name");
            let service = format!("{:?}", service.map(|it| &it.value).collect::<Vec<_>>());
            let all = resource.scope_spans.iter().flat_map(|it| &it.spans);
            spans.extend(all.map(|span| (service.clone(), span.clone())));
        }
    }
    spans
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + second).unwrap()
}

fn past(name: &str, from: i64, to: i64, error: &str) -> Past {
    Past {
        name: name.into(),
        from: at(from),
        to: at(to),
        attributes: vec![("rollout.id", "shop-3".into())],
        error: error.into(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_gets_one_trace_of_what_was_done_and_what_is_recorded() {
    let (endpoint, received) = collector().await;
    let settings = Settings {
        endpoint,
        ratio: 1.0,
        service: "kedge-reconciler".into(),
    };
    let export = start(&settings).unwrap();
    let subscriber = tracing_subscriber::registry().with(layer());
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let trace = Trace::of("rollout shop-3");
    assert_eq!(trace, Trace::of("rollout shop-3"));
    assert_ne!(trace.id(), Trace::of("rollout shop-4").id());

    let pass = info_span!("pass", otel.kind = "internal", key = "shop");
    join(&pass, &trace);
    let sent = async {
        let call = tracing::debug_span!("call", otel.kind = "client");
        async { traceparent().unwrap() }.instrument(call).await
    };
    let sent = sent.instrument(pass).await;
    let served = info_span!("request", otel.kind = "server");
    continue_from(&served, &sent);
    served.in_scope(|| {});
    drop(served);
    let parts = vec![past("wave 0", 1, 2, ""), past("health", 2, 9, "too late")];
    record(&trace, past("rollout", 0, 9, "too late"), parts);
    // An endless span is nobody's parent.
    info_span!("tracker").in_scope(|| info_span!("fetch").in_scope(|| {}));
    tokio::task::spawn_blocking(move || drop(export))
        .await
        .unwrap();

    let spans = spans(&received);
    let find = |name: &str| {
        let found = spans.iter().find(|(_, span)| span.name == name);
        found.unwrap_or_else(|| panic!("no {name} in {spans:?}"))
    };
    let (service, root) = find("rollout");
    assert!(service.contains("kedge-reconciler"), "{service}");
    assert!(root.parent_span_id.is_empty(), "{root:?}");
    assert_eq!(
        root.end_time_unix_nano - root.start_time_unix_nano,
        9_000_000_000
    );
    let (_, request) = find("request");
    let (_, call) = find("call");
    assert_eq!(request.parent_span_id, call.span_id);
    for name in ["pass", "call", "request", "wave 0", "health"] {
        let (_, span) = find(name);
        assert_eq!(span.trace_id, root.trace_id, "{name}");
    }
    for name in ["pass", "wave 0", "health"] {
        assert_eq!(find(name).1.parent_span_id, root.span_id, "{name}");
    }
    assert_eq!(root.status.as_ref().unwrap().message, "too late");
    let (_, fetch) = find("fetch");
    assert!(fetch.parent_span_id.is_empty() && fetch.trace_id != root.trace_id);
    assert!(spans.iter().all(|(_, span)| span.name != "tracker"));
}

#[test]
fn headers_that_are_none_are_passed_over() {
    let check = |text: &str, expected: bool| {
        assert_eq!(context::parsed(text).is_some(), expected, "{text}");
    };
    let id = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";
    check(&format!("00-{id}-01"), true);
    check(&format!(" 00-{id}-00 "), true);
    check(&format!("01-{id}-01-more"), true);
    check(&format!("00-{id}-01-more"), false);
    check(&format!("ff-{id}-01"), false);
    check("00-0-0-01", false);
    check(&format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)), false);
    check("", false);
}

#[tokio::test]
async fn nothing_is_said_and_nothing_is_asked_where_nothing_is_exported() {
    assert!(!is_on());
    assert_eq!(traceparent(), None);
    join(&info_span!("a"), &Trace::of("a"));
    record(&Trace::of("a"), past("a", 0, 1, ""), Vec::new());
}
