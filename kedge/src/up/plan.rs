//! Which roles an instance runs, with which arguments. Pure.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use nodeagent::network::Topology;

use super::arguments::{Arguments, Runtime};
use super::child::Role;
use super::layout::{Layout, node_name};

/// What the plan is made from, once ports are picked.
pub(crate) struct Inputs<'a> {
    pub(crate) arguments: &'a Arguments,
    pub(crate) layout: &'a Layout,
    pub(crate) topology: &'a Topology,
    pub(crate) database_url: &'a str,
    pub(crate) api: SocketAddr,
    pub(crate) web: SocketAddr,
    pub(crate) seed: Option<PathBuf>,
}

/// Where nodes and pods find the API server.
pub(crate) fn inner_api(inputs: &Inputs<'_>) -> SocketAddr {
    let address = match inputs.arguments.runtime {
        Runtime::Containerd => IpAddr::V4(inputs.topology.api_address()),
        Runtime::Simulated => inputs.api.ip(),
    };
    SocketAddr::new(address, inputs.api.port())
}

pub(crate) fn orchestrator(inputs: &Inputs<'_>) -> Role {
    let mut arguments = line(&["orchestrator"]);
    flag(&mut arguments, "--data-dir", &inputs.layout.root);
    flag(&mut arguments, "--api-listen", inputs.api.to_string());
    let inner = inner_api(inputs);
    if inner != inputs.api {
        flag(&mut arguments, "--api-listen", inner.to_string());
    }
    flag(&mut arguments, "--advertise", inner.to_string());
    let services = inputs.topology.ranges.services;
    flag(
        &mut arguments,
        "--service-network",
        services.address.to_string(),
    );
    let environment = vec![("KEDGE_DATABASE_URL", inputs.database_url.into())];
    Role {
        name: "orchestrator".into(),
        server: Some(format!("https://{}", inputs.api)),
        arguments,
        environment,
        namespace: None,
    }
}

pub(crate) fn agent(inputs: &Inputs<'_>, node: u8) -> Role {
    let place = inputs.topology.node(node);
    let simulated = inputs.arguments.runtime == Runtime::Simulated;
    let address: IpAddr = if simulated {
        Ipv4Addr::LOCALHOST.into()
    } else {
        place.address.into()
    };
    let mut arguments = line(&["agent"]);
    flag(&mut arguments, "--name", node_name(node));
    flag(&mut arguments, "--data-dir", inputs.layout.node(node));
    flag(
        &mut arguments,
        "--kubeconfig",
        inputs.layout.node_kubeconfig(node),
    );
    flag(
        &mut arguments,
        "--certificate",
        inputs
            .layout
            .pki()
            .join(format!("node-{}-serving.pem", node_name(node))),
    );
    flag(
        &mut arguments,
        "--authority",
        inputs.layout.pki().join("ca.crt"),
    );
    flag(&mut arguments, "--runtime", inputs.arguments.runtime.name());
    flag(&mut arguments, "--address", address.to_string());
    flag(&mut arguments, "--instance", &inputs.layout.root);
    flag(&mut arguments, "--node", node.to_string());
    flag(
        &mut arguments,
        "--nodes",
        inputs.arguments.nodes.to_string(),
    );
    flag(&mut arguments, "--images", inputs.layout.images());
    let namespace = if simulated { None } else { place.namespace };
    Role {
        name: format!("agent-{node}"),
        server: None,
        arguments,
        environment: Vec::new(),
        namespace,
    }
}

pub(crate) fn reconciler(inputs: &Inputs<'_>) -> Role {
    let mut arguments = line(&["reconciler"]);
    flag(&mut arguments, "--data-dir", &inputs.layout.root);
    flag(
        &mut arguments,
        "--kubeconfig",
        inputs.layout.reconciler_kubeconfig(),
    );
    flag(&mut arguments, "--web-listen", inputs.web.to_string());
    if inputs.arguments.runtime == Runtime::Simulated {
        flag(
            &mut arguments,
            "--notice",
            "Simulated runtime: no containers run here.",
        );
    }
    arguments.extend_from_slice(inputs.arguments.following.line());
    arguments.extend_from_slice(inputs.arguments.front.line());
    arguments.extend_from_slice(inputs.arguments.sign_in.line());
    if let Some(seed) = &inputs.seed {
        flag(&mut arguments, "--seed", seed);
    }
    let mut environment = vec![("KEDGE_DATABASE_URL", inputs.database_url.into())];
    let repo = inputs.arguments.following.repo.as_ref();
    environment.extend(repo.map(|repo| ("KEDGE_REPO", repo.into())));
    Role {
        name: "reconciler".into(),
        server: Some(format!("http://{}", inputs.web)),
        arguments,
        environment,
        namespace: None,
    }
}

fn line(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

fn flag(arguments: &mut Vec<OsString>, name: &str, value: impl Into<OsString>) {
    arguments.push(name.into());
    arguments.push(value.into());
}
