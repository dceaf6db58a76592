//! Sends a request and reads the answer, each within a time and a size.

use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use http_body_util::{BodyExt, Limited};
use kube::client::Body;
use serde_json::Value;
use tracing::{Instrument, Span};

use api::{Object, Reason, Status};

use super::HttpClient;
use super::request::Request;
use crate::Error;

/// Time for a whole request and its answer; of a stream, for its beginning.
const CALL: Duration = Duration::from_mins(1);
/// The largest answer that is read: one page of the largest objects.
const ANSWER: usize = 256 << 20;

impl HttpClient {
    /// The answer as an object; a bare success status counts as one.
    pub(super) async fn object(&self, request: Request) -> Result<Object, Error> {
        self.json(request).await.map(Object::from)
    }

    pub(super) async fn json(&self, request: Request) -> Result<Value, Error> {
        let operation = request.operation();
        let (code, body) = within(CALL, &operation, self.exchange(request, &operation)).await?;
        let value = serde_json::from_slice(&body);
        if code >= 400 {
            return Err(refusal(code, value.ok().as_ref(), &body));
        }
        value.map_err(|error| Error::Decode {
            operation,
            detail: error.to_string(),
        })
    }

    /// The answer's bytes as they arrive; each must follow within `silence`.
    pub(super) async fn stream(
        &self,
        request: Request,
        silence: Duration,
    ) -> Result<impl Stream<Item = Result<Bytes, Error>> + Send + use<>, Error> {
        let operation = request.operation();
        let opened = self.begin(request, &operation);
        let response = within(CALL, &operation, opened).await?;
        let code = response.status().as_u16();
        if code >= 400 {
            let read = read(response.into_body(), &operation);
            let body = within(CALL, &operation, read).await?;
            return Err(refusal(
                code,
                serde_json::from_slice(&body).ok().as_ref(),
                &body,
            ));
        }
        let data = response.into_body().into_data_stream();
        let stream = futures::stream::unfold(Some((data, operation)), move |state| async move {
            let (mut data, operation) = state?;
            match tokio::time::timeout(silence, data.next()).await {
                Ok(None) => None,
                Ok(Some(Ok(bytes))) => Some((Ok(bytes), Some((data, operation)))),
                Ok(Some(Err(error))) => Some((Err(lost(&operation, error)), None)),
                Err(elapsed) => Some((Err(lost(&operation, elapsed)), None)),
            }
        });
        // Bodies may be asked again after their end, by what compresses them for one.
        Ok(stream.fuse())
    }

    async fn exchange(&self, request: Request, operation: &str) -> Result<(u16, Bytes), Error> {
        let span = request.span();
        async {
            let response = self.begin(request, operation).await?;
            let code = response.status().as_u16();
            Span::current().record("http.response.status_code", code);
            Ok((code, read(response.into_body(), operation).await?))
        }
        .instrument(span)
        .await
    }

    async fn begin(
        &self,
        request: Request,
        operation: &str,
    ) -> Result<http::Response<Body>, Error> {
        let mut builder = http::Request::builder()
            .method(request.method.clone())
            .uri(request.uri())
            .header(http::header::ACCEPT, request.accept)
            .header(http::header::USER_AGENT, "kedge");
        if let Some(context) = telemetry::traceparent() {
            builder = builder.header("traceparent", context);
        }
        if !request.body.is_empty() {
            builder = builder.header(http::header::CONTENT_TYPE, request.content_type);
        }
        let request = builder
            .body(Body::from(request.body))
            .map_err(|error| Error::Decode {
                operation: operation.to_owned(),
                detail: error.to_string(),
            })?;
        self.transport()
            .send(request)
            .await
            .map_err(|error| lost(operation, error))
    }
}

async fn read(body: Body, operation: &str) -> Result<Bytes, Error> {
    let limited = Limited::new(body, ANSWER);
    let collected = limited.collect().await.map_err(|source| Error::Transport {
        operation: operation.to_owned(),
        source,
    })?;
    Ok(collected.to_bytes())
}

async fn within<T>(
    limit: Duration,
    operation: &str,
    call: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    tokio::time::timeout(limit, call)
        .await
        .unwrap_or_else(|elapsed| Err(lost(operation, elapsed)))
}

fn lost(operation: &str, source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Transport {
        operation: operation.to_owned(),
        source: Box::new(source),
    }
}

/// The server's own words where it has some, else what its code means.
pub(super) fn refusal(code: u16, value: Option<&Value>, body: &[u8]) -> Error {
    if let Some(status) = value.and_then(Status::from_json) {
        return Error::Api(status);
    }
    let reason = match code {
        400 => Reason::BadRequest,
        401 => Reason::Unauthorized,
        403 => Reason::Forbidden,
        404 => Reason::NotFound,
        405 => Reason::MethodNotAllowed,
        409 => Reason::Conflict,
        410 => Reason::Expired,
        413 => Reason::RequestEntityTooLarge,
        415 => Reason::UnsupportedMediaType,
        422 => Reason::Invalid,
        429 => Reason::TooManyRequests,
        503 => Reason::ServiceUnavailable,
        504 => Reason::Timeout,
        _ => Reason::InternalError,
    };
    let text = String::from_utf8_lossy(&body[..body.len().min(200)]);
    Error::Api(Status::new(
        reason,
        format!("the server answered {code}: {}", text.trim()),
    ))
}
