//! What a pod may ask for, against real containers. The demo's image has one program in it, so
//! these pods borrow the machine's own shell through hostPath volumes.

use anyhow::{Context, ensure};
use jiff::SignedDuration;
use serde_json::Value;
use sim::instance::{Instance, empty_seed, wait};
use sim::visitor::Visitor;

const SOON: SignedDuration = SignedDuration::from_secs(60);

const MANIFESTS: &str = r#"
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {greeting: hello, colour: blue}
---
apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {password: "correct horse"}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Mi}}
---
apiVersion: v1
kind: Service
metadata: {name: front}
spec:
  selector: {app: everything}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: Pod
metadata:
  name: everything
  labels: {app: everything, tier: test}
spec:
  terminationGracePeriodSeconds: 5
  securityContext: {runAsUser: 1000, runAsGroup: 1000, fsGroup: 2000}
  initContainers:
    - name: first
      image: kedge.local/movies:1.0
      command: [/bin/bash, -c, "echo prepared > /shared/prepared"]
      volumeMounts:
        - {name: usr, mountPath: /usr/local/bin, subPath: bin, readOnly: true}
        - {name: bin, mountPath: /bin, readOnly: true}
        - {name: lib, mountPath: /lib, readOnly: true}
        - {name: lib64, mountPath: /lib64, readOnly: true}
        - {name: shared, mountPath: /shared}
  containers:
    - name: server
      image: kedge.local/movies:1.0
      args: [serving]
      ports: [{name: http, containerPort: 8080}]
      startupProbe: {httpGet: {path: /healthz, port: http}, periodSeconds: 1}
      livenessProbe: {tcpSocket: {port: http}, periodSeconds: 1}
    - name: shell
      image: kedge.local/movies:1.0
      command: [/bin/bash, -c]
      args:
        - |
          trap 'echo "asked to stop" > /dev/termination-log; exit 3' TERM
          rm -f /shared/broken
          while true; do sleep 0.1; done
      env:
        - {name: COLOUR, valueFrom: {configMapKeyRef: {name: settings, key: colour}}}
        - {name: PASSWORD, valueFrom: {secretKeyRef: {name: keys, key: password}}}
        - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
        - {name: ADDRESS, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
        - {name: LIMIT, valueFrom: {resourceFieldRef: {resource: limits.memory}}}
        - {name: BOTH, value: "$(COLOUR) $(POD)"}
      envFrom: [{configMapRef: {name: settings}, prefix: set_}]
      livenessProbe:
        exec: {command: [/bin/bash, -c, "test ! -e /shared/broken"]}
        periodSeconds: 1
        failureThreshold: 1
      readinessProbe:
        exec: {command: [/bin/bash, -c, "test -e /shared/prepared"]}
        periodSeconds: 1
      resources:
        requests: {cpu: 10m, memory: 16Mi}
        limits: {cpu: 500m, memory: 64Mi}
      volumeMounts:
        - {name: usr, mountPath: /usr/local/bin, subPath: bin, readOnly: true}
        - {name: bin, mountPath: /bin, readOnly: true}
        - {name: lib, mountPath: /lib, readOnly: true}
        - {name: lib64, mountPath: /lib64, readOnly: true}
        - {name: shared, mountPath: /shared}
        - {name: settings, mountPath: /etc/settings}
        - {name: keys, mountPath: /etc/keys}
        - {name: about, mountPath: /etc/about}
        - {name: identity, mountPath: /etc/identity}
        - {name: data, mountPath: /data}
  volumes:
    - {name: usr, hostPath: {path: /usr}}
    - {name: bin, hostPath: {path: /bin}}
    - {name: lib, hostPath: {path: /lib}}
    - {name: lib64, hostPath: {path: /lib64}}
    - {name: shared, emptyDir: {medium: Memory, sizeLimit: 1Mi}}
    - {name: settings, configMap: {name: settings}}
    - {name: keys, secret: {secretName: keys, defaultMode: 0400}}
    - name: about
      downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}]}
    - name: identity
      projected:
        sources:
          - serviceAccountToken: {path: token, audience: somebody, expirationSeconds: 600}
          - configMap: {name: settings, items: [{key: colour, path: colour}]}
    - {name: data, persistentVolumeClaim: {claimName: data}}
"#;

#[test]
fn a_pod_gets_what_it_asks_for() -> anyhow::Result<()> {
    let seed = empty_seed()?;
    let instance = Instance::start("pods", &["--seed", &seed])?;
    if let Err(error) = tell(&instance) {
        let about = instance.kubectl(&["describe", "pods"]).unwrap_or_default();
        panic!("{error:#}\n\n{about}\n\nThe logs:\n{}", instance.logs());
    }
    Ok(())
}

fn tell(instance: &Instance) -> anyhow::Result<()> {
    let file = instance.directory().join("everything.yaml");
    std::fs::write(&file, MANIFESTS)?;
    let file = file.display().to_string();
    instance.kubectl(&["apply", "-f", &file])?;
    ready(instance)?;
    settings(instance)?;
    volumes(instance)?;
    network(instance)?;
    limits(instance)?;
    measured(instance)?;
    a_failed_liveness_probe_restarts(instance)?;

    // Changed settings reach the running pod.
    let patch = r#"{"data": {"greeting": "good day"}}"#;
    instance.kubectl(&["patch", "configmap", "settings", "-p", patch])?;
    wait("the changed file", SignedDuration::from_secs(90), || {
        shell(instance, "cat /etc/settings/greeting").is_ok_and(|text| text == "good day")
    })?;

    told_on_its_page(instance)?;

    // A claim's data outlives the pod.
    shell(instance, "echo kept > /data/kept")?;
    instance.kubectl(&["delete", "pod", "everything", "--timeout=30s"])?;
    instance.kubectl(&["apply", "-f", &file])?;
    ready(instance)?;
    says(instance, "cat /data/kept", "kept")
}

fn settings(instance: &Instance) -> anyhow::Result<()> {
    says(
        instance,
        "echo $COLOUR, $PASSWORD, $POD",
        "blue, correct horse, everything",
    )?;
    says(
        instance,
        "echo $BOTH, $set_greeting, $LIMIT",
        "blue everything, hello, 67108864",
    )?;
    let address = instance.field(&["pod", "everything"], "{.status.podIP}")?;
    says(instance, "echo $ADDRESS", &address)
}

fn volumes(instance: &Instance) -> anyhow::Result<()> {
    says(instance, "cat /shared/prepared", "prepared")?;
    says(instance, "cat /etc/settings/greeting", "hello")?;
    // The group of the pod's volumes may read what only their owner could.
    let secret = "cat /etc/keys/password; stat -Lc ' %a %g' /etc/keys/password; id -G";
    says(instance, secret, "correct horse 440 2000\n1000 2000")?;
    says(instance, "grep -c tier=.test. /etc/about/labels", "1")?;
    says(instance, "cat /etc/identity/colour", "blue")?;
    let token = shell(instance, "cat /etc/identity/token")?;
    ensure!(token.split('.').count() == 3, "no token: {token}");
    let usual = "/var/run/secrets/kubernetes.io/serviceaccount";
    says(instance, &format!("cat {usual}/namespace"), "default")?;
    let refused = shell(instance, "echo x > /bin/kedge-test")
        .expect_err("a read-only volume was written")
        .to_string();
    ensure!(refused.contains("Read-only"), "{refused}");
    Ok(())
}

fn network(instance: &Instance) -> anyhow::Result<()> {
    // The other container of the pod is on its loopback.
    let ask = |host: &str, port: u16| {
        format!(
            "exec 3<>/dev/tcp/{host}/{port}; \
             printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3; head -c 12 <&3"
        )
    };
    let ok = |text: anyhow::Result<String>| text.is_ok_and(|text| text.ends_with("200"));
    ensure!(
        ok(shell(instance, &ask("127.0.0.1", 8080))),
        "no answer on loopback"
    );
    wait("the Service to answer by name", SOON, || {
        ok(shell(instance, &ask("front.default.svc.cluster.local", 80)))
    })?;
    // The short name, by the pod's search domains.
    ensure!(
        ok(shell(instance, &ask("front", 80))),
        "no answer by the short name"
    );
    says(instance, "hostname", "everything")
}

/// What the kernel was told; one of the two hierarchies is there.
fn limits(instance: &Instance) -> anyhow::Result<()> {
    let memory = "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || true";
    says(instance, memory, "67108864")?;
    let cpu = "cat /sys/fs/cgroup/cpu.max /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null || true";
    let quota = shell(instance, cpu)?;
    ensure!(quota.starts_with("50000"), "the quota is {quota:?}");
    Ok(())
}

/// A container that works is told of as such, by its pod and by its node.
fn measured(instance: &Instance) -> anyhow::Result<()> {
    let work = "(while [ $SECONDS -lt 30 ]; do :; done) > /dev/null 2>&1 &";
    shell(instance, work)?;
    let top = ["top", "pod", "everything", "--containers", "--no-headers"];
    let cpu = |text: &str| -> Option<i64> {
        let line = text.lines().find(|line| line.contains(" shell "))?;
        let told = line.split_whitespace().nth(2)?;
        told.strip_suffix('m')?.parse().ok()
    };
    // It may have half a core.
    wait("the work is measured", SOON, || {
        let told = instance.kubectl(&top);
        told.is_ok_and(|text| cpu(&text).is_some_and(|millis| millis > 50))
    })?;
    let told = instance.kubectl(&top)?;
    ensure!(told.contains("server ") && told.contains("Mi"), "{told}");
    let nodes = instance.kubectl(&["top", "nodes", "--no-headers"])?;
    ensure!(nodes.contains('%') && nodes.contains("Mi"), "{nodes}");
    // A node that does not answer leaves out itself alone.
    let ghost = instance.directory().join("ghost.yaml");
    std::fs::write(
        &ghost,
        "apiVersion: v1\nkind: Node\nmetadata: {name: ghost}\n",
    )?;
    instance.kubectl(&["apply", "-f", &ghost.display().to_string()])?;
    let nodes = instance.kubectl(&["top", "nodes", "--no-headers"])?;
    instance.kubectl(&["delete", "node", "ghost"])?;
    let mut known = nodes.lines().filter(|line| line.contains('%'));
    ensure!(known.any(|line| !line.contains("ghost")), "{nodes}");
    let none = ["top", "pods", "-l", "app=nobody"];
    ensure!(
        !instance.kubectl(&none)?.contains("everything"),
        "a label is not looked at"
    );
    let raw = "/apis/metrics.k8s.io/v1beta1/pods";
    ensure!(
        instance
            .kubectl(&["get", "--raw", raw])?
            .contains("PodMetricsList"),
        "no list of all namespaces"
    );
    Ok(())
}

/// The reconciler asks once a minute.
fn told_on_its_page(instance: &Instance) -> anyhow::Result<()> {
    let visitor = Visitor::sign_in(instance)?;
    let limit = SignedDuration::from_secs(90);
    wait("the page has what the pod uses", limit, || {
        let page = visitor.page("/pods/default/everything");
        page.is_ok_and(|page| page.contains("of 64 MiB, 16 MiB requested"))
    })?;
    let pod: Value = serde_json::from_str(&visitor.json("/pods/default/everything")?)?;
    let bytes = &pod["used"]["memoryBytes"];
    ensure!(bytes.as_i64().is_some_and(|bytes| bytes > 1 << 20), "{pod}");
    let nodes = visitor.page("/nodes")?;
    ensure!(nodes.contains(" used</span>"), "{nodes}");
    Ok(())
}

fn a_failed_liveness_probe_restarts(instance: &Instance) -> anyhow::Result<()> {
    let status = |path: &str| {
        let path = format!("{{.status.containerStatuses[?(@.name==\"shell\")].{path}}}");
        instance.field(&["pod", "everything"], &path)
    };
    ensure!(status("restartCount")? == "0", "it restarted before");
    shell(instance, "touch /shared/broken")?;
    wait("the restart", SOON, || {
        status("restartCount").is_ok_and(|count| count == "1")
    })?;
    ready(instance)?;
    let ended = status("lastState.terminated.exitCode")?;
    ensure!(
        ended == "3",
        "it was stopped with {ended}, not by its own hand"
    );
    let message = status("lastState.terminated.message")?;
    ensure!(message.trim() == "asked to stop", "{message:?}");
    let events = instance.kubectl(&["get", "events"])?;
    ensure!(events.contains("Liveness probe failed"), "{events}");
    // The other container was left alone.
    let other = "{.status.containerStatuses[?(@.name==\"server\")].restartCount}";
    ensure!(
        instance.field(&["pod", "everything"], other)? == "0",
        "the neighbour restarted"
    );
    Ok(())
}

fn ready(instance: &Instance) -> anyhow::Result<()> {
    let line = "wait --for=condition=Ready pod/everything --timeout=60s";
    instance
        .kubectl(&line.split(' ').collect::<Vec<_>>())
        .map(drop)
        .context("the pod is not ready")
}

fn shell(instance: &Instance, command: &str) -> anyhow::Result<String> {
    let said = instance.kubectl(&[
        "exec",
        "everything",
        "-c",
        "shell",
        "--",
        "/bin/bash",
        "-c",
        command,
    ])?;
    Ok(said.trim().to_owned())
}

fn says(instance: &Instance, command: &str, expected: &str) -> anyhow::Result<()> {
    let said = shell(instance, command)?;
    ensure!(
        said == expected,
        "{command} says {said:?}, not {expected:?}"
    );
    Ok(())
}
