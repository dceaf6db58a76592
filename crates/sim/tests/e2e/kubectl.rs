//! kubectl unchanged: the oldest and the newest the registry offers, and the machine's own.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use jiff::SignedDuration;
use sim::instance::{Instance, empty_seed, finish, kubectls, wait};

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

/// A node that is busy may answer too late to be in an answer.
fn measured(top: &dyn Fn() -> anyhow::Result<String>) -> anyhow::Result<()> {
    wait("the use of the pods", SignedDuration::from_secs(30), || {
        top().is_ok_and(|told| told.contains("Mi"))
    })
}

fn verbs(instance: &Instance, program: &Path, namespace: &str) -> anyhow::Result<()> {
    let run = |line: &str| -> anyhow::Result<String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        instance.run(program, &words)
    };
    let fails = |line: &str| run(line).expect_err("it ends with status 1").to_string();
    let n = namespace;
    run(&format!("create namespace {n}"))?;
    expect(&run("get namespaces")?, n)?;
    wait(
        "the default service account",
        SignedDuration::from_secs(10),
        || run(&format!("get serviceaccount default -n {n}")).is_ok(),
    )?;

    let written = instance.directory().join(format!("{n}.yaml"));
    std::fs::write(&written, MANIFESTS.replace("NAMESPACE", n))?;
    let file = written.display();
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
    let sorted = run(&format!("get pods -n {n} --sort-by=.status.startTime"))?;
    expect(&sorted, "Running")?;
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
    measured(&|| run(&format!("top pods -n {n}")))?;
    // The program ends with its usage and status 1: what exec carries back.
    let said = fails(&format!(
        "exec deployment/web -n {n} -- /usr/bin/movies nothing"
    ));
    expect(&said, "usage: movies")?;
    expect(&said, "exit code 1")?;

    interactive(instance, program, n)?;
    piped(instance, program, n)?;
    follow(instance, program, n)?;
    edit(instance, program, n)?;

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
    let changed = std::fs::read_to_string(&written)?.replace("hello", "good day");
    std::fs::write(&written, changed)?;
    let differs = fails(&format!("diff -f {file}"));
    expect(&differs, "+  greeting: good day")?;
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
    answers(instance, program, n)?;
    expect(&run(&format!("get events -n {n}"))?, "Scheduled")?;

    let bad = fails(&format!("apply -f {}", bad_manifest(instance, n)?));
    expect(&bad, "spec.replicsa")?;

    run(&format!("delete deployment web other -n {n}"))?;
    run(&format!("delete namespace {n} --timeout=60s"))?;
    Ok(())
}

const UNSERVED: &str = "
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec: {}
";

const INDEXED: &str = "
apiVersion: batch/v1
kind: Job
metadata: {name: parts}
spec:
  completionMode: Indexed
  completions: 3
  parallelism: 2
  template:
    spec:
      restartPolicy: Never
      containers: [{name: part, image: kedge.local/movies:1.0, args: [serving]}]
";

/// What kubectl says is what it says of Kubernetes.
fn answers(instance: &Instance, program: &Path, namespace: &str) -> anyhow::Result<()> {
    let run = |line: &str| -> anyhow::Result<String> {
        let line = format!("{line} -n {namespace}");
        instance.run(program, &line.split_whitespace().collect::<Vec<_>>())
    };
    let file = instance.directory().join("answers.yaml");
    let path = file.display();
    expect(&run("explain deployment.spec.strategy")?, "rollingUpdate")?;
    expect(
        &run("explain pod.spec.containers.image")?,
        "Container image name.",
    )?;
    std::fs::write(&file, UNSERVED)?;
    for verb in ["apply", "apply --server-side", "create"] {
        let said = run(&format!("{verb} -f {path}")).expect_err("it is not served");
        expect(
            &said.to_string(),
            "no matches for kind \"StatefulSet\" in version \"apps/v1\"",
        )?;
    }
    expect(
        &run("get deployment web --subresource=scale")?,
        "DESIRED   AVAILABLE   AGE",
    )?;
    std::fs::write(&file, INDEXED)?;
    run(&format!("apply -f {path}"))?;
    wait(
        "both pods of the job",
        SignedDuration::from_secs(20),
        || {
            run("get pods -l batch.kubernetes.io/job-completion-index=1 -o name")
                .is_ok_and(|names| names.starts_with("pod/parts-1-"))
        },
    )?;
    run("delete job parts")?;
    Ok(())
}

/// `exec -it`: what is typed at a terminal reaches the program, and its answer comes back.
fn interactive(instance: &Instance, program: &Path, namespace: &str) -> anyhow::Result<()> {
    let line = format!(
        "{} --kubeconfig {} exec -it deployment/web -n {namespace} -- /usr/bin/movies ask",
        program.display(),
        instance.kubeconfig().display()
    );
    let mut terminal = Command::new("script")
        .args(["-q", "-e", "-c", &line, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start a terminal")?;
    let mut typed = terminal.stdin.take().context("no input")?;
    let mut said = BufReader::new(terminal.stdout.take().context("no output")?);
    let mut until = |end: &[u8]| -> anyhow::Result<()> {
        let mut seen = Vec::new();
        while !seen.ends_with(end) {
            let mut byte = [0];
            let read = said.read(&mut byte)?;
            ensure!(
                read > 0,
                "it ended after {:?}",
                String::from_utf8_lossy(&seen)
            );
            seen.push(byte[0]);
        }
        Ok(())
    };
    until(b"viewer? ")?;
    typed.write_all(b"nobody\n")?;
    until(b"a viewer is a number; Ctrl-D ends")?;
    until(b"viewer? ")?;
    // Ctrl-D
    typed.write_all(b"\x04")?;
    let ended = terminal.wait()?;
    ensure!(ended.success(), "exec -it ended with {ended}");
    Ok(())
}

/// `exec -i`: the command's input ends where the piped one does, and what it says while it still
/// reads does not hold it up.
fn piped(instance: &Instance, program: &Path, namespace: &str) -> anyhow::Result<()> {
    const LINES: usize = 20_000;
    let mut exec = Command::new(program)
        .arg("--kubeconfig")
        .arg(instance.kubeconfig())
        .args(["exec", "-i", "deployment/web", "-n", namespace])
        .args(["--", "/usr/bin/movies", "ask"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = exec.stdin.take().context("no input")?;
    let writer = std::thread::spawn(move || input.write_all("nobody\n".repeat(LINES).as_bytes()));
    let ended = exec.wait_with_output()?;
    writer
        .join()
        .map_err(|_| anyhow::anyhow!("the writer panicked"))??;
    let answers = String::from_utf8_lossy(&ended.stdout)
        .matches("a viewer is a number")
        .count();
    ensure!(
        ended.status.success(),
        "exec -i ended with {}",
        ended.status
    );
    ensure!(answers == LINES, "{answers} answers to {LINES} lines");
    Ok(())
}

/// `logs -f` brings lines as they are written.
fn follow(instance: &Instance, program: &Path, namespace: &str) -> anyhow::Result<()> {
    let mut logs = Command::new(program)
        .arg("--kubeconfig")
        .arg(instance.kubeconfig())
        .args(["logs", "-f", "deployment/web", "-n", namespace])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut lines = BufReader::new(logs.stdout.take().context("no output")?).lines();
    let heard = |line: &Result<String, _>| {
        line.as_ref()
            .is_ok_and(|line| line.contains("listening on port 8080"))
    };
    ensure!(lines.any(|line| heard(&line)), "logs -f ended too early");
    // Deleting the pod makes the program say goodbye and ends the log.
    instance.run(
        program,
        &["delete", "pods", "-l", "app=web", "-n", namespace],
    )?;
    ensure!(logs.wait()?.success(), "logs -f ended badly");
    Ok(())
}

/// `edit` with an editor that changes one word.
fn edit(instance: &Instance, program: &Path, namespace: &str) -> anyhow::Result<()> {
    let mut command = Command::new(program);
    command
        .arg("--kubeconfig")
        .arg(instance.kubeconfig())
        .args(["edit", "configmap", "settings", "-n", namespace])
        .env("KUBE_EDITOR", "sed -i s/hello/hi/");
    finish(&mut command)?;
    let object = ["configmap", "settings", "-n", namespace];
    ensure!(
        instance.field(&object, "{.data.greeting}")? == "hi",
        "edit changed nothing"
    );
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
