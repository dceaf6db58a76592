//! The accept loop: bounded, patient with a full machine, and quick to stop.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::{Body, Bytes, Incoming};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::Service;

use client::Tasks;

use super::{Transport, connection};
use crate::Error;

/// What one listener allows.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at a time; more wait in the kernel's queue.
    pub connections: usize,
    /// From the accept to the end of the TLS handshake.
    pub handshake: Duration,
    /// From the first byte of a request to the end of its headers.
    pub headers: Duration,
    /// Requests in flight on one HTTP/2 connection.
    pub streams: u32,
    /// How long open requests may go on after the end was asked for.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            handshake: Duration::from_secs(10),
            headers: Duration::from_secs(30),
            streams: 250,
            drain: Duration::from_secs(5),
        }
    }
}

/// Opens a listener. Port 0 picks a free one: ask the listener which.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address)
        .await
        .map_err(|source| Error::Listen { address, source })
}

/// Serves `service` on a listener until the tasks are cancelled; then takes no more connections,
/// lets open requests finish within `limits.drain`, and closes the rest.
///
/// Each request carries a [`super::Peer`] as an extension.
pub fn serve<S, B>(
    listener: TcpListener,
    transport: Transport,
    service: S,
    limits: &Limits,
    tasks: &Tasks,
) where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (limits, connections) = (limits.clone(), tasks.clone());
    let slots = Arc::new(Semaphore::new(limits.connections));
    tasks.spawn_until_cancelled(async move {
        loop {
            let Ok(slot) = slots.clone().acquire_owned().await else {
                return;
            };
            let (stream, address) = accept(&listener).await;
            let task = connection::run(
                Accepted {
                    stream,
                    address,
                    slot,
                },
                transport.clone(),
                service.clone(),
                limits.clone(),
                connections.token().clone(),
            );
            connections.spawn(task);
        }
    });
}

pub(super) struct Accepted {
    pub(super) stream: TcpStream,
    pub(super) address: SocketAddr,
    /// Held as long as the connection lasts.
    pub(super) slot: OwnedSemaphorePermit,
}

/// The next connection. Out of file descriptors is a state that passes: wait, then go on.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    const PAUSE: Duration = Duration::from_millis(100);
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// The client was gone before it was accepted: nothing is wrong here.
fn is_of_the_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}
