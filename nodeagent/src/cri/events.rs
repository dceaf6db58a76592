//! Hints that something happened: CRI's own events where the runtime has them, else containerd's.

use std::path::Path;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use k8s_cri::v1::GetEventsRequest;
use k8s_cri::v1::runtime_service_client::RuntimeServiceClient;
use tonic::Request;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic_prost::ProstCodec;

use super::call::{channel, failed};
use crate::runtime::{Error, Failure};

/// `containerd.services.events.v1.SubscribeRequest`.
#[derive(Clone, PartialEq, prost::Message)]
struct SubscribeRequest {
    #[prost(string, repeated, tag = "1")]
    filters: Vec<String>,
}

/// `containerd.services.events.v1.Envelope`, as far as it matters.
#[derive(Clone, PartialEq, prost::Message)]
struct Envelope {
    #[prost(string, tag = "3")]
    topic: String,
}

const SUBSCRIBE: &str = "/containerd.services.events.v1.Events/Subscribe";
/// Pods' containers live in this namespace of containerd.
const FILTERS: [&str; 2] = [
    "namespace==k8s.io,topic==\"/tasks/exit\"",
    "namespace==k8s.io,topic==\"/tasks/oom\"",
];
/// A server that knows the call sends nothing at all before its first event; one that does not
/// says so at once.
const REFUSAL: Duration = Duration::from_millis(500);

/// Ends when the runtime goes away.
pub(super) async fn events(socket: &Path) -> Result<BoxStream<'static, ()>, Error> {
    let mut asking = Box::pin(cri_events(channel(socket)));
    match tokio::time::timeout(REFUSAL, &mut asking).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) if error.failure() == Failure::Unsupported => {
            containerd_events(socket).await
        }
        Ok(Err(error)) => Err(error),
        // The call hangs until there is something to tell: that is a yes.
        Err(_) => Ok(futures::stream::once(asking)
            .filter_map(|stream| async { stream.ok() })
            .flatten()
            .boxed()),
    }
}

async fn cri_events(channel: Channel) -> Result<BoxStream<'static, ()>, Error> {
    let mut client = RuntimeServiceClient::new(channel);
    let answer = client.get_container_events(GetEventsRequest {}).await;
    let stream = answer
        .map_err(|status| failed("watch events", &status))?
        .into_inner();
    Ok(stream
        .take_while(|event| futures::future::ready(event.is_ok()))
        .map(|_| ())
        .boxed())
}

async fn containerd_events(socket: &Path) -> Result<BoxStream<'static, ()>, Error> {
    let mut grpc = Grpc::new(channel(socket));
    grpc.ready().await.map_err(|error| Error::Connect {
        address: socket.display().to_string(),
        detail: error.to_string(),
    })?;
    let request = Request::new(SubscribeRequest {
        filters: FILTERS.map(ToOwned::to_owned).into(),
    });
    let codec: ProstCodec<SubscribeRequest, Envelope> = ProstCodec::default();
    let path = PathAndQuery::from_static(SUBSCRIBE);
    // Hangs, too, until the first event: the subscription is made when the stream is polled.
    let asking = async move { grpc.server_streaming(request, path, codec).await };
    Ok(futures::stream::once(asking)
        .filter_map(|answer| async { answer.ok().map(tonic::Response::into_inner) })
        .flatten()
        .take_while(|event| futures::future::ready(event.is_ok()))
        .map(|_| ())
        .boxed())
}
