//! `log` and `exec`: the node agent answers, the API server passes the bytes on.
//!
//! An upgraded connection is spliced without being understood, so that every protocol version
//! the agent speaks works through the API server.

use axum::body::Body;
use axum::response::Response;
use http::header::{CONNECTION, UPGRADE};
use http::{Request, StatusCode};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use serde_json::Value;

use api::{Collection, Object, Status};

use crate::server::{ApiError, App, node_client};

use super::Call;

/// The client's side of a protocol switch, where it asked for one.
pub(crate) type Upgrade = Option<OnUpgrade>;

/// `GET /api/v1/namespaces/{ns}/pods/{name}/log`
pub(crate) async fn log(app: &App, call: Call) -> Result<Response, ApiError> {
    let pod = pod(app, &call)?;
    let container = container(&pod, call.query.value("container"))?;
    let path = agent_path("containerLogs", &pod, &container, &call.raw_query);
    let request = Request::get(path)
        .body(Body::empty())
        .map_err(|error| unsendable(&error))?;
    node_client::send(app, node_of(&pod)?, request).await
}

/// `GET|POST /api/v1/namespaces/{ns}/pods/{name}/exec`
pub(crate) async fn exec(app: &App, call: Call) -> Result<Response, ApiError> {
    let pod = pod(app, &call)?;
    let container = container(&pod, call.query.value("container"))?;
    let Some(client_side) = call.upgrade else {
        return Err(ApiError::bad_request(
            "exec needs a WebSocket: the request carries no Upgrade header",
        ));
    };
    let path = agent_path("exec", &pod, &container, &call.raw_query);
    let mut request = Request::get(path);
    for (name, value) in &call.headers {
        let own = [
            http::header::HOST,
            http::header::AUTHORIZATION,
            http::header::COOKIE,
        ];
        if !own.contains(name) {
            request = request.header(name, value);
        }
    }
    let request = request
        .body(Body::empty())
        .map_err(|error| unsendable(&error))?;
    let mut answer = node_client::send(app, node_of(&pod)?, request).await?;
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Ok(answer);
    }
    let agent_side = hyper::upgrade::on(&mut answer);
    app.tasks.spawn_until_cancelled(async move {
        match tokio::try_join!(client_side, agent_side) {
            Ok((client, agent)) => {
                let (mut client, mut agent) = (TokioIo::new(client), TokioIo::new(agent));
                // Either side ends a session by closing; there is nobody left to tell.
                let _ended = tokio::io::copy_bidirectional(&mut client, &mut agent).await;
            }
            Err(error) => tracing::warn!(%error, "an exec session ended before it began"),
        }
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    for (name, value) in answer.headers() {
        if *name == CONNECTION || *name == UPGRADE || name.as_str().starts_with("sec-websocket") {
            response.headers_mut().insert(name, value.clone());
        }
    }
    Ok(response)
}

fn pod(app: &App, call: &Call) -> Result<Object, ApiError> {
    let key = call.request.key();
    let item = app
        .registry
        .hub()
        .get(&key)
        .ok_or_else(|| Status::not_found(&key))?;
    Ok(item.object())
}

fn node_of(pod: &Object) -> Result<api::ObjectKey, ApiError> {
    let node = pod.text("/spec/nodeName");
    if node.is_empty() {
        return Err(ApiError::bad_request(format!(
            "pod {} does not have a host assigned",
            pod.name()
        )));
    }
    Ok(Collection::new("", "nodes").key("", node))
}

/// The named container, or the only one.
fn container(pod: &Object, named: Option<&str>) -> Result<String, ApiError> {
    let names = |list: &str| -> Vec<String> {
        let containers = pod
            .pointer(&format!("/spec/{list}"))
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        containers
            .filter_map(|container| container["name"].as_str().map(ToOwned::to_owned))
            .collect()
    };
    let (main, init) = (names("containers"), names("initContainers"));
    match named {
        Some(name) if main.iter().chain(&init).any(|known| known == name) => Ok(name.to_owned()),
        Some(name) => Err(ApiError::bad_request(format!(
            "container {name} is not valid for pod {}",
            pod.name()
        ))),
        None => match (
            main.as_slice(),
            pod.annotation("kubectl.kubernetes.io/default-container"),
        ) {
            (_, Some(default)) if main.iter().any(|known| known == default) => {
                Ok(default.to_owned())
            }
            ([only], _) => Ok(only.clone()),
            _ => Err(ApiError::bad_request(format!(
                "a container name must be specified for pod {}, choose one of: [{}]",
                pod.name(),
                main.iter()
                    .chain(&init)
                    .cloned()
                    .collect::<Vec<_>>()
                    .join(" ")
            ))),
        },
    }
}

fn agent_path(verb: &str, pod: &Object, container: &str, query: &str) -> String {
    format!(
        "/{verb}/{}/{}/{container}?{query}",
        pod.namespace(),
        pod.name()
    )
}

fn unsendable(error: &http::Error) -> ApiError {
    ApiError::bad_request(format!(
        "the request cannot be passed on to the node: {error}"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_container_is_named_or_obvious() {
        let one = Object::from(
            json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "a"}]}}),
        );
        let two = Object::from(json!({
            "metadata": {"name": "p"},
            "spec": {"containers": [{"name": "a"}, {"name": "b"}], "initContainers": [{"name": "i"}]},
        }));
        assert_eq!(container(&one, None).unwrap(), "a");
        assert_eq!(container(&two, Some("i")).unwrap(), "i");
        let message = container(&two, None).unwrap_err().to_string();
        assert_eq!(
            message,
            "a container name must be specified for pod p, choose one of: [a b i]"
        );
        assert!(container(&one, Some("z")).is_err());
    }
}
