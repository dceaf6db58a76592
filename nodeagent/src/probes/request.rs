//! What a probe or a hook asks, as a value. Pure.

use std::collections::BTreeMap;
use std::net::IpAddr;

use api::IntOrString;
use api::k8s::core::v1 as core;

use crate::pods::spec::items;

/// An HTTP request that is answered with 200 to 399, or fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpCheck {
    pub url: String,
    pub headers: BTreeMap<String, String>,
}

/// One question to a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Check {
    Http(HttpCheck),
    /// `address:port` takes a connection.
    Tcp(String),
    /// Ends with code 0.
    Exec(Vec<String>),
    Grpc {
        address: String,
        service: String,
    },
}

/// The spec does not say where to ask.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unresolvable {
    #[error("container \"{container}\" has no port named \"{port}\"")]
    Port { container: String, port: String },
    #[error("the pod has no address yet")]
    Address,
    #[error("the probe names no check")]
    Empty,
}

/// What `probe` asks of `container` at the pod's `address`.
pub(crate) fn check(
    probe: &core::Probe,
    container: &core::Container,
    address: Option<IpAddr>,
) -> Result<Check, Unresolvable> {
    if let Some(exec) = &probe.exec {
        return Ok(Check::Exec(items(&exec.command).to_vec()));
    }
    if let Some(http) = &probe.http_get {
        return Ok(Check::Http(http_check(http, container, address)?));
    }
    if let Some(tcp) = &probe.tcp_socket {
        let host = host(tcp.host.as_deref(), address)?;
        return Ok(Check::Tcp(format!(
            "{host}:{}",
            port(&tcp.port, container)?
        )));
    }
    if let Some(grpc) = &probe.grpc {
        return Ok(Check::Grpc {
            address: format!("{}:{}", host(None, address)?, grpc.port),
            service: grpc.service.clone().unwrap_or_default(),
        });
    }
    Err(Unresolvable::Empty)
}

/// The request of an `httpGet`, of a probe or of a hook.
pub(crate) fn http_check(
    http: &core::HTTPGetAction,
    container: &core::Container,
    address: Option<IpAddr>,
) -> Result<HttpCheck, Unresolvable> {
    let scheme = http
        .scheme
        .as_deref()
        .unwrap_or("HTTP")
        .to_ascii_lowercase();
    let host = host(http.host.as_deref(), address)?;
    let port = port(&http.port, container)?;
    let path = http.path.as_deref().unwrap_or("/");
    let slash = if path.starts_with('/') { "" } else { "/" };
    let headers = items(&http.http_headers).iter();
    Ok(HttpCheck {
        url: format!("{scheme}://{host}:{port}{slash}{path}"),
        headers: headers.map(|h| (h.name.clone(), h.value.clone())).collect(),
    })
}

fn host(named: Option<&str>, address: Option<IpAddr>) -> Result<String, Unresolvable> {
    match (named, address) {
        (Some(host), _) if !host.is_empty() => Ok(host.to_owned()),
        (_, Some(IpAddr::V6(ip))) => Ok(format!("[{ip}]")),
        (_, Some(ip)) => Ok(ip.to_string()),
        (_, None) => Err(Unresolvable::Address),
    }
}

fn port(port: &IntOrString, container: &core::Container) -> Result<i32, Unresolvable> {
    match port {
        IntOrString::Int(number) => Ok(*number),
        IntOrString::String(name) => items(&container.ports)
            .iter()
            .find(|port| port.name.as_deref() == Some(name))
            .map(|port| port.container_port)
            .or_else(|| name.parse().ok())
            .ok_or_else(|| Unresolvable::Port {
                container: container.name.clone(),
                port: name.clone(),
            }),
    }
}
