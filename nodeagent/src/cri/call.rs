//! Calls with a time limit, and what their failures mean.

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use client::Tasks;
use futures::future::BoxFuture;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tokio::sync::oneshot;
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

/// As [`call`], and goes on to its end where nobody waits for it any more: a runtime whose caller
/// leaves while it starts something may be left with a process that it cannot remove.
pub(super) async fn complete<T: Send + 'static>(
    tasks: &Tasks,
    operation: &'static str,
    limit: Duration,
    answer: BoxFuture<'static, Result<Response<T>, Status>>,
) -> Result<T, Error> {
    let (end, ended) = oneshot::channel();
    tasks.spawn(async move {
        // Nobody may be there any more to hear of it.
        let _ = end.send(call(operation, limit, answer).await);
    });
    let without_end = |_| Err(failed(operation, &Status::internal("it came to no end")));
    ended.await.unwrap_or_else(without_end)
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

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn what_was_begun_is_brought_to_its_end_without_its_caller() {
        let (answer, answered) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let start = async move {
            let text: &str = answered.await.expect("an answer is sent");
            end.send(text).expect("somebody looks at the end");
            Ok(Response::new(()))
        };
        let tasks = Tasks::default();
        let begun = complete(&tasks, "start a container", LONG, start.boxed());
        let gone = tokio::time::timeout(Duration::from_millis(1), begun).await;
        assert!(gone.is_err(), "the caller leaves before the answer");
        answer.send("it runs").unwrap();
        assert_eq!(ended.await, Ok("it runs"));
    }
}
