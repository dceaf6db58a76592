//! Two nodes, one of which goes dark: its pods are replaced, its services answer from the other,
//! and when it comes back nothing runs twice.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use jiff::SignedDuration;
use nodeagent::network;
use serde_json::Value;
use sim::instance::{Instance, empty_seed, finish, wait};
use sim::visitor::page;

const NODE_PORT: &str = "30090";
/// Four pods that spread, and do not wait the usual five minutes for a lost node.
const MANIFESTS: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      tolerations:
        - {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 2}
        - {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 2}
      containers:
        - name: web
          image: kedge.local/movies:1.0
          args: [serving]
          ports: [{containerPort: 8080}]
          readinessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080, nodePort: 30090}]
";

const SOON: SignedDuration = SignedDuration::from_secs(60);
/// A node is given up 40 s after its last sign of life, as Kubernetes does it.
const GIVEN_UP: SignedDuration = SignedDuration::from_secs(90);

#[test]
fn the_pods_of_a_dead_node_are_replaced() -> anyhow::Result<()> {
    let seed = empty_seed()?;
    let instance = Instance::start("two", &["--seed", &seed, "--nodes", "2"])?;
    if let Err(error) = tell(&instance) {
        panic!("{error:#}\n\nThe logs:\n{}", instance.logs());
    }
    Ok(())
}

fn tell(instance: &Instance) -> anyhow::Result<()> {
    let file = instance.directory().join("web.yaml");
    std::fs::write(&file, MANIFESTS)?;
    instance.kubectl(&["apply", "-f", &file.display().to_string()])?;
    let kubectl = |line: &str| instance.kubectl(&line.split(' ').collect::<Vec<_>>());
    kubectl("wait --for=condition=Ready nodes --all --timeout=60s")?;
    kubectl("rollout status deployment/web --timeout=60s")?;
    let spread = ready_on(instance)?;
    ensure!(
        spread == ["node-1", "node-1", "node-2", "node-2"],
        "{spread:?}"
    );
    answers_everywhere(instance, &[1, 2])?;

    cable(instance, 2, "down")?;
    wait("the node to be given up", GIVEN_UP, || {
        ready_condition(instance, "node-2").is_ok_and(|status| status == "Unknown")
    })?;
    wait("four pods on the node that lives", SOON, || {
        ready_on(instance).is_ok_and(|nodes| nodes == ["node-1"; 4])
    })?;
    answers_everywhere(instance, &[1])?;
    is_explained(instance)?;

    cable(instance, 2, "up")?;
    wait("the node to come back", SOON, || {
        ready_condition(instance, "node-2").is_ok_and(|status| status == "True")
    })?;
    wait("the old pods to be gone", SOON, || {
        pods(instance).is_ok_and(|pods| pods.len() == 4)
    })?;
    wait("the old containers to be gone", SOON, || {
        containers(instance, 2).is_ok_and(|count| count == 0)
    })?;
    ensure!(
        ready_on(instance)? == ["node-1"; 4],
        "pods moved for no reason"
    );
    answers_everywhere(instance, &[1, 2])
}

/// A pod of the node that is dark says which one that is, and since when.
fn is_explained(instance: &Instance) -> anyhow::Result<()> {
    let all = pods(instance)?;
    let lost = all.iter().find(|pod| pod["spec"]["nodeName"] == "node-2");
    let name = lost.and_then(|pod| pod["metadata"]["name"].as_str());
    let name = name.context("no pod is left on the node")?;
    let told = instance.kedge(&["why", &format!("pod/{name}")])?;
    for says in [
        "Node node-2 does not report, and was given up at",
        "It is being deleted there",
    ] {
        ensure!(told.contains(says), "{told}");
    }
    Ok(())
}

/// Every node's port answers, ten times in a row.
fn answers_everywhere(instance: &Instance, nodes: &[u8]) -> anyhow::Result<()> {
    let topology = network::Topology {
        instance: network::Instance::of(&instance.data()),
        ranges: network::Ranges::read(&instance.data())?,
        nodes: 2,
    };
    for node in nodes {
        let address = topology.node(*node).address;
        for _ in 0..10 {
            page(&format!("http://{address}:{NODE_PORT}/healthz"))
                .with_context(|| format!("through node {node}"))?;
        }
    }
    Ok(())
}

/// Unplugs a node, or plugs it in again.
fn cable(instance: &Instance, node: u8, state: &str) -> anyhow::Result<()> {
    let cable = network::Instance::of(&instance.data()).cable(node);
    finish(Command::new("ip").args(["link", "set", &cable, state])).map(drop)
}

fn ready_condition(instance: &Instance, node: &str) -> anyhow::Result<String> {
    let path = "{.status.conditions[?(@.type==\"Ready\")].status}";
    instance.field(&["node", node], path)
}

fn pods(instance: &Instance) -> anyhow::Result<Vec<Value>> {
    let text = instance.kubectl(&["get", "pods", "-o", "json"])?;
    let list: Value = serde_json::from_str(&text)?;
    Ok(list["items"].as_array().context("no items")?.clone())
}

/// The nodes of all pods that are ready and stay, in order.
fn ready_on(instance: &Instance) -> anyhow::Result<Vec<String>> {
    let ready = |pod: &&Value| {
        let conditions = pod["status"]["conditions"].as_array();
        let ready = conditions.into_iter().flatten();
        let mut ready = ready.filter(|it| it["type"] == "Ready" && it["status"] == "True");
        ready.next().is_some() && pod["metadata"]["deletionTimestamp"].is_null()
    };
    let pods = pods(instance)?;
    let node = |pod: &Value| {
        pod["spec"]["nodeName"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let mut nodes: Vec<String> = pods.iter().filter(ready).map(node).collect();
    nodes.sort();
    Ok(nodes)
}

/// How many processes of the demo's image run below a node's control group.
fn containers(instance: &Instance, node: u8) -> anyhow::Result<usize> {
    let group = network::Instance::of(&instance.data()).cgroup(node);
    let mut count = 0;
    for entry in std::fs::read_dir(Path::new("/proc"))?.flatten() {
        let text = std::fs::read_to_string(entry.path().join("cgroup")).unwrap_or_default();
        let program = std::fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
        count += usize::from(text.contains(&format!("{group}/")) && program.trim() == "movies");
    }
    Ok(count)
}
