//! kubectl unchanged: the oldest and the newest the registry offers, and the machine's own.

use std::path::Path;

use anyhow::ensure;
use jiff::SignedDuration;
use sim::instance::{Instance, empty_seed, kubectls, wait};

const MANIFESTS: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: NAMESPACE}
data: {greeting: hello}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: NAMESPACE}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: web
          image: kedge.local/movies:1.0
          args: [serving]
          ports: [{containerPort: 8080}]
          readinessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 1}
";

#[test]
fn every_verb_people_use_works() -> anyhow::Result<()> {
    let instance = Instance::start("kubectl", &["--seed", &empty_seed()?])?;
    let mut failed = Vec::new();
    for (index, program) in kubectls()?.iter().enumerate() {
        if let Err(error) = verbs(&instance, program, &format!("try-{index}")) {
            failed.push(format!("{}: {error:#}", program.display()));
        }
    }
    ensure!(
        failed.is_empty(),
        "{}\n{}",
        failed.join("\n\n"),
        instance.logs()
    );
    Ok(())
}

fn verbs(instance: &Instance, program: &Path, namespace: &str) -> anyhow::Result<()> {
    let run = |line: &str| -> anyhow::Result<String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        instance.run(program, &words)
    };
    let n = namespace;
    run(&format!("create namespace {n}"))?;
    expect(&run("get namespaces")?, n)?;
    wait(
        "the default service account",
        SignedDuration::from_secs(10),
        || run(&format!("get serviceaccount default -n {n}")).is_ok(),
    )?;

    let file = instance.directory().join(format!("{n}.yaml"));
    std::fs::write(&file, MANIFESTS.replace("NAMESPACE", n))?;
    let file = file.display();
    run(&format!("apply -f {file}"))?;
    expect(&run(&format!("apply -f {file}"))?, "unchanged")?;
    run(&format!("apply --server-side --force-conflicts -f {file}"))?;
    ensure!(
        run(&format!("diff -f {file}"))?.is_empty(),
        "a diff where nothing differs"
    );
    run(&format!(
        "rollout status deployment/web -n {n} --timeout=60s"
    ))?;

    expect(&run(&format!("get deployments -n {n}"))?, "1/1")?;
    expect(&run(&format!("get pods -n {n} -o wide"))?, "Running")?;
    expect(
        &run(&format!("describe deployment web -n {n}"))?,
        "NewReplicaSetAvailable",
    )?;
    expect(
        &run(&format!("describe pods -n {n}"))?,
        "Started container web",
    )?;
    expect(
        &run(&format!("logs deployment/web -n {n}"))?,
        "listening on port 8080",
    )?;
    // The program ends with its usage and status 1: what exec carries back.
    let said = run(&format!(
        "exec deployment/web -n {n} -- /usr/bin/movies nothing"
    ))
    .expect_err("the program ends with status 1")
    .to_string();
    expect(&said, "usage: movies")?;
    expect(&said, "exit code 1")?;

    run(&format!("scale deployment web --replicas=2 -n {n}"))?;
    run(&format!(
        "rollout status deployment/web -n {n} --timeout=60s"
    ))?;
    run(&format!("set env deployment/web COLOUR=blue -n {n}"))?;
    run(&format!(
        "rollout status deployment/web -n {n} --timeout=60s"
    ))?;
    expect(
        &run(&format!("rollout history deployment/web -n {n}"))?,
        "2",
    )?;
    run(&format!(
        "expose deployment web --port=80 --target-port=8080 -n {n}"
    ))?;
    run(&format!("label deployment web tier=front -n {n}"))?;
    run(&format!("annotate deployment web note=kept -n {n}"))?;
    expect(
        &run(&format!("get deployments -n {n} -l tier=front -o name"))?,
        "deployment.apps/web",
    )?;
    run(&format!(
        "patch deployment web -n {n} -p {{\"spec\":{{\"minReadySeconds\":1}}}}"
    ))?;

    run(&format!(
        "create configmap literal --from-literal=a=b -n {n}"
    ))?;
    run(&format!(
        "create deployment other --image=kedge.local/movies:1.0 -n {n}"
    ))?;
    run(&format!(
        "run single --image=kedge.local/movies:1.0 --restart=Never -n {n} -- serving"
    ))?;
    expect(&run(&format!("create token default -n {n}"))?, ".")?;
    expect(&run("auth can-i create pods")?, "yes")?;
    expect(&run("auth can-i --list")?, "Resources")?;
    expect(&run("api-resources")?, "deployments")?;
    expect(&run("explain deployment.spec.strategy")?, "rollingUpdate")?;
    expect(&run(&format!("get events -n {n}"))?, "Scheduled")?;

    let bad = run(&format!("apply -f {}", bad_manifest(instance, n)?))
        .expect_err("the manifest has a typo")
        .to_string();
    expect(&bad, "spec.replicsa")?;

    run(&format!("delete deployment web other -n {n}"))?;
    run(&format!("delete namespace {n} --timeout=60s"))?;
    Ok(())
}

fn bad_manifest(instance: &Instance, namespace: &str) -> anyhow::Result<String> {
    let file = instance.directory().join("bad.yaml");
    std::fs::write(
        &file,
        MANIFESTS
            .replace("NAMESPACE", namespace)
            .replace("replicas:", "replicsa:"),
    )?;
    Ok(file.display().to_string())
}

fn expect(text: &str, part: &str) -> anyhow::Result<()> {
    ensure!(text.contains(part), "expected {part:?} in:\n{text}");
    Ok(())
}
