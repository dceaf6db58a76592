//! Calls with a time limit, and what their failures mean.

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Code, Response, Status};

use crate::runtime::{Error, Failure};

/// Calls that only look.
pub(super) const SHORT: Duration = Duration::from_secs(10);
/// Calls that start or end something.
pub(super) const LONG: Duration = Duration::from_mins(2);
/// Pulls; a registry that stalls is given up.
pub(super) const PULL: Duration = Duration::from_mins(15);

/// A channel that connects when it is first used, and again whenever it has to.
pub(super) fn channel(socket: &Path) -> Channel {
    let path = socket.to_owned();
    // The name is never resolved; some servers refuse an authority that is a path.
    Endpoint::from_static("http://localhost").connect_with_connector_lazy(tower::service_fn(
        move |_: Uri| {
            let path = path.clone();
            async move { UnixStream::connect(path).await.map(TokioIo::new) }
        },
    ))
}

/// Waits for an answer, at most `limit`.
pub(super) async fn call<T>(
    operation: &'static str,
    limit: Duration,
    answer: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<T, Error> {
    // Boxed: the futures of generated clients are tens of kilobytes.
    match tokio::time::timeout(limit, Box::pin(answer)).await {
        Ok(Ok(response)) => Ok(response.into_inner()),
        Ok(Err(status)) => Err(failed(operation, &status)),
        Err(_) => Err(Error::Timeout { operation, limit }),
    }
}

pub(super) fn failed(operation: &'static str, status: &Status) -> Error {
    let message = status.message();
    let failure = match status.code() {
        Code::NotFound => Failure::NotFound,
        Code::AlreadyExists => Failure::Exists,
        Code::Unimplemented => Failure::Unsupported,
        Code::Unavailable => Failure::Unavailable,
        Code::DeadlineExceeded => Failure::Timeout,
        // containerd's CRI plugin answers so while it starts.
        Code::Unknown if message.contains("server is not initialized yet") => Failure::Unavailable,
        _ => Failure::Refused,
    };
    Error::Call {
        operation,
        failure,
        message: message.to_owned(),
    }
}

/// Nothing to do for what is gone already.
pub(super) fn unless_gone<T>(outcome: Result<T, Error>) -> Result<(), Error> {
    match outcome {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}
