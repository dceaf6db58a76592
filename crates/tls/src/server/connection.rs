//! One connection, from its handshake to its end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::{self, HeaderValue};
use http::{Request, Response, StatusCode};
use hyper::body::{Body, Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::{Service, ServiceExt};
use tracing::{Instrument, Span};

use super::accept::Accepted;
use super::{Limits, Peer, PeerCertificate, Transport};
use crate::certificate::subject;

/// How often an idle HTTP/2 client is asked whether it is still there, and how long it may take.
const PING: Duration = Duration::from_secs(30);
const PONG: Duration = Duration::from_secs(15);

pub(super) async fn run<S, B>(
    accepted: Accepted,
    transport: Transport,
    service: S,
    limits: Limits,
    stop: CancellationToken,
) where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let Accepted {
        stream,
        address,
        slot: _slot,
    } = accepted;
    // Watch events and log lines are small and wanted now. A socket that refuses is no matter.
    let _ = stream.set_nodelay(true);
    let config = match transport {
        Transport::Plain => {
            let peer = Peer {
                address,
                certificate: None,
            };
            return talk(stream, peer, service, &limits, stop).await;
        }
        Transport::Tls(config) => config,
    };
    let handshake = TlsAcceptor::from(config).accept(stream);
    let outcome = tokio::select! {
        () = stop.cancelled() => return,
        outcome = tokio::time::timeout(limits.handshake, handshake) => outcome,
    };
    match outcome {
        Err(_elapsed) => tracing::debug!(peer.address = %address, "TLS handshake took too long"),
        Ok(Err(error)) => tracing::debug!(peer.address = %address, %error, "TLS handshake failed"),
        Ok(Ok(stream)) => {
            let presented = stream.get_ref().1.peer_certificates();
            let certificate = presented.and_then(|chain| verified(address, chain.first()?));
            let peer = Peer {
                address,
                certificate,
            };
            talk(stream, peer, service, &limits, stop).await;
        }
    }
}

/// The subject of a certificate that the handshake has verified.
fn verified(address: SocketAddr, der: &[u8]) -> Option<Arc<PeerCertificate>> {
    match subject(der) {
        Ok(subject) => Some(Arc::new(PeerCertificate {
            common_name: subject.common_name,
            organizations: subject.organizations,
            issued_at: subject.issued_at,
        })),
        Err(error) => {
            tracing::warn!(peer.address = %address, %error, "unreadable client certificate");
            None
        }
    }
}

async fn talk<I, S, B>(stream: I, peer: Peer, service: S, limits: &Limits, stop: CancellationToken)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let address = peer.address;
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer.clone());
        name_host(&mut request);
        let span = span(&request);
        let answer = service.clone().oneshot(request);
        async {
            let answer = answer.await;
            if let Ok(response) = &answer {
                answered(response.status());
            }
            answer
        }
        .instrument(span)
    });
    let builder = builder(limits);
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(limits.drain, connection).await {
                Ok(outcome) => outcome,
                Err(_elapsed) => return,
            }
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(peer.address = %address, %error, "connection ended");
    }
}

/// HTTP/2 says in `:authority` what HTTP/1.1 says in `Host`; services read one of them (RFC 9113,
/// section 8.3.1).
fn name_host<B>(request: &mut Request<B>) {
    let authority = request.uri().authority();
    let host = authority.and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    if let Some(host) = host {
        request.headers_mut().entry(header::HOST).or_insert(host);
    }
}

/// One for each request, by the names of OpenTelemetry; a part of the caller's trace where there is
/// one.
fn span<B>(request: &Request<B>) -> Span {
    let span = tracing::info_span!(
        "request",
        otel.kind = "server",
        otel.name = %request.method(),
        otel.status_code = tracing::field::Empty,
        http.request.method = %request.method(),
        http.response.status_code = tracing::field::Empty,
        url.path = request.uri().path(),
    );
    let context = request.headers().get("traceparent");
    if let Some(context) = context.and_then(|value| value.to_str().ok()) {
        telemetry::continue_from(&span, context);
    }
    span
}

fn answered(code: StatusCode) {
    let span = Span::current();
    span.record("http.response.status_code", code.as_u16());
    if code.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
}

fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.headers);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PONG);
    builder
}
