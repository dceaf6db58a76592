//! gRPC health checks (`grpc.health.v1`), for probes.

use std::time::Duration;

use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Endpoint;
use tonic_prost::ProstCodec;

/// `HealthCheckRequest`.
#[derive(Clone, PartialEq, prost::Message)]
struct HealthRequest {
    #[prost(string, tag = "1")]
    service: String,
}

/// `HealthCheckResponse`; 1 is `SERVING`.
#[derive(Clone, PartialEq, prost::Message)]
struct HealthAnswer {
    #[prost(int32, tag = "1")]
    status: i32,
}

const SERVING: i32 = 1;
const CONNECT: Duration = Duration::from_secs(10);

/// Asks `address` whether `service` is served. The caller limits the time.
pub async fn check(address: &str, service: &str) -> Result<(), String> {
    let endpoint = Endpoint::from_shared(format!("http://{address}"))
        .map_err(|error| error.to_string())?
        .connect_timeout(CONNECT);
    let channel = endpoint
        .connect()
        .await
        .map_err(|error| format!("{error:?}"))?;
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.map_err(|error| error.to_string())?;
    let request = tonic::Request::new(HealthRequest {
        service: service.to_owned(),
    });
    let path = PathAndQuery::from_static("/grpc.health.v1.Health/Check");
    let codec: ProstCodec<HealthRequest, HealthAnswer> = ProstCodec::default();
    let answer = grpc.unary(request, path, codec).await;
    let status = answer
        .map_err(|status| status.to_string())?
        .into_inner()
        .status;
    if status == SERVING {
        return Ok(());
    }
    Err(format!("service unhealthy (status {status})"))
}
