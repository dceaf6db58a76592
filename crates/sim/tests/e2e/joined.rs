//! A machine joins an instance on another one: a network namespace, with a cable between, stands for
//! it. Pods of both reach each other, its agent dies and comes back, it leaves.

mod machine;

use std::cell::RefCell;

use anyhow::{Context, ensure};
use jiff::SignedDuration;
use nodeagent::network::{self, Ranges};
use serde_json::Value;
use sim::instance::{Instance, empty_seed, wait};
use sim::visitor::page;

use machine::{HERE, Machine, THERE};

const SOON: SignedDuration = SignedDuration::from_secs(30);
const NODE_PORT: u16 = 30_097;

/// A pod on a node, with a Service of its own and the machine's shell in it.
fn manifest(name: &str, node: &str, port: u16) -> String {
    format!(
        "
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: default, labels: {{app: {name}}}}}
spec:
  nodeSelector: {{kubernetes.io/hostname: {node}}}
  terminationGracePeriodSeconds: 1
  containers:
    - name: server
      image: kedge.local/movies:1.0
      args: [serving]
      readinessProbe: {{httpGet: {{path: /healthz, port: 8080}}, periodSeconds: 1}}
      volumeMounts:
        - {{name: bin, mountPath: /bin, readOnly: true}}
        - {{name: lib, mountPath: /lib, readOnly: true}}
        - {{name: lib64, mountPath: /lib64, readOnly: true}}
  volumes:
    - {{name: bin, hostPath: {{path: /bin}}}}
    - {{name: lib, hostPath: {{path: /lib}}}}
    - {{name: lib64, hostPath: {{path: /lib64}}}}
---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: default}}
spec:
  type: NodePort
  selector: {{app: {name}}}
  ports: [{{port: 80, targetPort: 8080, nodePort: {port}}}]
---
"
    )
}

#[test]
fn a_machine_joins_runs_pods_and_leaves() -> anyhow::Result<()> {
    let seed = empty_seed()?;
    let mut instance = Instance::start("joined", &["--seed", &seed])?;
    let mut machine = Machine::plug_in(&instance)?;
    if let Err(error) = tell(&mut instance, &mut machine) {
        let about = instance.kubectl(&["describe", "nodes,pods"]);
        panic!(
            "{error:#}\n\n{}\n\nThe logs:\n{}\n\nThere:\n{}",
            about.unwrap_or_default(),
            instance.logs(),
            machine.logs()
        );
    }
    Ok(())
}

fn tell(instance: &mut Instance, machine: &mut Machine) -> anyhow::Result<()> {
    joins(instance, machine)?;
    keeps_its_port(instance)?;
    renews_its_keys(instance, machine)?;
    leave(instance, machine)
}

fn joins(instance: &Instance, machine: &mut Machine) -> anyhow::Result<()> {
    wrong_use(machine)?;
    machine.add(&["worker-1", "--address", THERE])?;
    wrong_joins(machine)?;
    machine.join(&["join.json"])?;
    node_is("True", instance)?;

    let file = instance.directory().join("pods.yaml");
    let pods = manifest("near", "node-1", NODE_PORT - 1) + &manifest("far", "worker-1", NODE_PORT);
    std::fs::write(&file, pods)?;
    instance.kubectl(&["apply", "-f", &file.display().to_string()])?;
    instance.kubectl(&[
        "wait",
        "--for=condition=Ready",
        "pods",
        "--all",
        "--timeout=60s",
    ])?;
    everybody_reaches_everybody(instance, machine)?;
    let log = instance.kubectl(&["logs", "far"])?;
    ensure!(!log.is_empty(), "the log of a pod on the machine is empty");
    doctor(machine)?;

    let container = instance.field(
        &["pod", "far"],
        "{.status.containerStatuses[0].containerID}",
    )?;
    machine.kill_agent()?;
    wait("the agent to be back", SOON, || {
        shell(instance, "far", "echo hello").is_ok()
    })?;
    everybody_reaches_everybody(instance, machine)?;

    // As when a cable was out.
    machine.lose_routes(instance)?;
    everybody_reaches_everybody(instance, machine)?;

    machine.stop()?;
    page(&url(&address_of(instance, "far")?, 8080)).context("a pod of a node that was stopped")?;
    machine.join(&[])?;
    wait("the agent to be back", SOON, || {
        shell(instance, "far", "echo hello").is_ok()
    })?;
    let same = instance.field(
        &["pod", "far"],
        "{.status.containerStatuses[0].containerID}",
    )?;
    ensure!(same == container, "the pod was started again");
    Ok(())
}

/// An instance that picks its port picks the same again: nodes look for it there.
fn keeps_its_port(instance: &mut Instance) -> anyhow::Result<()> {
    let api = |instance: &Instance| std::fs::read_to_string(instance.kubeconfig());
    let before = api(instance)?;
    instance.stop()?;
    instance.up()?;
    ensure!(api(instance)? == before, "the API is elsewhere");
    wait("the node to be back", SOON, || {
        shell(instance, "far", "echo hello").is_ok() && node_is("True", instance).is_ok()
    })
}

/// Keys that are near their end get others in their place, while the agent runs.
fn renews_its_keys(instance: &Instance, machine: &mut Machine) -> anyhow::Result<()> {
    machine.stop()?;
    let old = machine.age_keys("worker-1")?;
    machine.join(&[])?;
    wait("the keys to be renewed", SOON, || {
        machine.keys_begin().is_ok_and(|begin| begin > old)
    })?;
    // Both ways: the agent asks, and is asked.
    machine.as_node("worker-1", &["get", "node", "worker-1"])?;
    shell(instance, "far", "echo hello")?;
    ensure!(!instance.kubectl(&["logs", "far"])?.is_empty());
    ensure!(!machine.logs().contains("PRIVATE KEY"), "a key is in a log");
    doctor(machine)
}

/// What nobody can mean, on the machine of the instance.
fn wrong_use(machine: &Machine) -> anyhow::Result<()> {
    let refused = |line: &[&str], code: i32, says: &str| machine.add_refused(line, code, says);
    refused(
        &["node-1", "--address", THERE],
        1,
        "node-1 is the node of this machine",
    )?;
    refused(&["Worker", "--address", THERE], 2, "lower-case")?;
    refused(&["worker-1", "--address", "127.0.0.1"], 2, "192.0.2.7")?;
    refused(
        &["worker-1", "--address", HERE],
        1,
        "this machine's own address",
    )?;
    refused(&["worker-1", "--address", "10.0.0.0.1"], 2, "192.0.2.7")?;
    let inner = Ranges::read(&machine.instance)?
        .node_pods(9)
        .host(9)
        .to_string();
    refused(
        &["worker-1", "--address", &inner],
        1,
        "in a range of the instance's own",
    )?;
    refused(
        &["worker-1", "--address", THERE, "--via", THERE],
        1,
        "is no address of this machine",
    )
}

/// The same where the file is to be used.
fn wrong_joins(machine: &Machine) -> anyhow::Result<()> {
    machine.refused_here(&["join.json"], "is no address of this machine")?;
    machine.refused(&[], "has joined nothing yet")?;
    machine.refused(&["pods.yaml"], "pods.yaml")?;
    std::fs::write(machine.directory.join("no.json"), "{\"join\": 1}")?;
    machine.refused(&["no.json"], "is no file that `kedge node add` wrote")
}

fn everybody_reaches_everybody(instance: &Instance, machine: &Machine) -> anyhow::Result<()> {
    for (from, to) in [("near", "far"), ("far", "near")] {
        let cluster = instance.field(&["service", to], "{.spec.clusterIP}")?;
        for (host, port) in [
            (address_of(instance, to)?, 8080),
            (cluster, 80),
            (format!("{to}.default.svc.cluster.local"), 80),
            (to.to_owned(), 80),
        ] {
            let ask = format!(
                "exec 3<>/dev/tcp/{host}/{port}; \
                 printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3; head -c 12 <&3"
            );
            wait(&format!("{from} to reach {host}"), SOON, || {
                shell(instance, from, &ask).is_ok_and(|text| text.ends_with("200"))
            })?;
        }
    }
    // Each port on each machine, whichever has the pod; and what a pod sends has its own address.
    for port in [NODE_PORT, NODE_PORT - 1] {
        page(&url(THERE, port)).context("a node port of the other machine")?;
        machine
            .page(&url(HERE, port))
            .context("a node port of this machine")?;
        machine
            .page(&url(THERE, port))
            .context("a node port from where it is")?;
    }
    Ok(())
}

fn url(host: &str, port: u16) -> String {
    format!("http://{host}:{port}/healthz")
}

fn doctor(machine: &Machine) -> anyhow::Result<()> {
    let told = machine.doctor()?;
    let items = told["items"].as_array().context("no items")?;
    // What the machine itself is like is no matter here.
    for check in ["instance", "networks", "containerd", "certificates"] {
        let mut found = items.iter().filter(|it| it["check"] == check).peekable();
        let is_well = found.peek().is_some() && found.all(|it| it["level"] == "ok");
        ensure!(is_well, "the doctor says of {check}: {told}");
    }
    let of_the_instance = ["secrets", "postgresql"];
    let is_told = |it: &Value| of_the_instance.iter().any(|check| it["check"] == *check);
    ensure!(!items.iter().any(is_told), "{told}");
    Ok(())
}

fn leave(instance: &Instance, machine: &mut Machine) -> anyhow::Result<()> {
    instance.kubectl(&["drain", "worker-1", "--force", "--timeout=60s"])?;
    let wrong = instance.kedge(&["node", "remove", "worker-2"]).err();
    let wrong = format!("{:#}", wrong.context("who is worker-2?")?);
    ensure!(wrong.contains("did you mean worker-1?"), "{wrong}");
    let path = "/api/v1/nodes?watch=true&fieldSelector=metadata.name%3Dworker-1&timeoutSeconds=120";
    let mut watch = machine.watch_as_node("worker-1", path)?;
    instance.kedge(&["node", "remove", "worker-1"])?;
    // What it listened to is over, too.
    let over = RefCell::new(&mut watch);
    wait("the node's watch to end", SOON, || {
        over.borrow_mut().try_wait().is_ok_and(|it| it.is_some())
    })?;
    // Its agent runs still, and is nobody: neither the keys of the file nor later ones open anything.
    let refused = machine
        .as_node("worker-1", &["get", "node", "worker-1"])
        .err();
    let refused = format!("{:#}", refused.context("its keys open something")?);
    ensure!(refused.contains("Unauthorized"), "{refused}");
    let nodes = instance.kubectl(&["get", "nodes", "-o", "name"])?;
    ensure!(!nodes.contains("worker-1"), "{nodes}");
    machine.stop()?;
    machine.purge()?;
    let bridge = network::Instance::of(&machine.data()).pod_bridge();
    ensure!(
        !machine.ip(&["link"])?.contains(&bridge),
        "the bridge is left"
    );
    ensure!(machine.routes()?.is_empty(), "a route is left");
    ensure!(!machine.data().exists(), "the data directory is left");
    wait("the route to be gone", SOON, || {
        Machine::routes_here(instance).is_ok_and(|it| it.is_empty())
    })
}

fn node_is(status: &str, instance: &Instance) -> anyhow::Result<()> {
    let path = "{.status.conditions[?(@.type==\"Ready\")].status}";
    let told = instance.field(&["node", "worker-1"], path)?;
    ensure!(told == status, "the node's Ready is {told}");
    Ok(())
}

fn address_of(instance: &Instance, pod: &str) -> anyhow::Result<String> {
    instance.field(&["pod", pod], "{.status.podIP}")
}

fn shell(instance: &Instance, pod: &str, command: &str) -> anyhow::Result<String> {
    instance.kubectl(&["exec", pod, "--", "/bin/bash", "-c", command])
}
