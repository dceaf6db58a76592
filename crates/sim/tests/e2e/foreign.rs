//! `kedge reconciler --kubeconfig FILE` on a cluster that is not Kedge's: the API server of an
//! instance without anything that other Kubernetes do not have. History, Git and pages are the
//! reconciler's own.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, ensure};
use serde_json::Value;
use sim::instance::{Instance, finish, wait};
use sim::public_server::PublicServer;

use super::scenarios::SOON;

const APPLICATION: &str = "apiVersion: kedge.dev/v1alpha1\nkind: Application\n\
    metadata: {name: shop}\nspec: {source: {path: shop}, targetNamespace: shop, deadlineSeconds: 8}\n";
const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";
const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  \
    replicas: 2\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    \
    spec: {containers: [{name: web, image: 'IMAGE'}]}\n";
const HOOK: &str = "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: migrate\n  \
    annotations: {kedge.dev/hook: before}\nspec:\n  template:\n    metadata: {annotations: {simulated.kedge.dev/exit-after: 300ms}}\n    spec:\n      restartPolicy: Never\n      \
    containers: [{name: main, image: 'job:1', command: ['true']}]\n";

/// The reconciler alone, on somebody's cluster.
struct Foreign {
    instance: Instance,
    _door: PublicServer,
    kubeconfig: PathBuf,
    child: Child,
    web: String,
    log: PathBuf,
}

impl Foreign {
    fn start() -> anyhow::Result<Self> {
        // Without a first commit its own reconciler has nothing to do.
        let instance = Instance::start("foreign", &["--runtime", "simulated"])?;
        let door = PublicServer::start(&instance)?;
        let kubeconfig = door.kubeconfig(&instance.directory().join("public.kubeconfig"))?;
        let work = instance.directory().join("work");
        fs::create_dir_all(&work)?;
        finish(
            Command::new("git")
                .args(["init", "-q", "-b", "main"])
                .arg(&work),
        )?;
        let web = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let log = instance.directory().join("reconciler.log");
        let file = File::create(&log)?;
        let mut foreign = Self {
            web: format!("http://{web}"),
            child: Command::new("true").spawn()?,
            _door: door,
            kubeconfig,
            log,
            instance,
        };
        foreign.child.wait()?;
        foreign.write(&[
            ("web.yaml", &DEPLOYMENT.replace("IMAGE", "web:1")),
            ("hook.yaml", HOOK),
        ])?;
        foreign.child = Command::new(foreign.instance.program())
            .args(["reconciler", "--kubeconfig"])
            .arg(&foreign.kubeconfig)
            .arg("--data-dir")
            .arg(foreign.data())
            .args(["--web-listen", &web, "--repo"])
            .arg(foreign.work())
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()?;
        Ok(foreign)
    }

    fn data(&self) -> PathBuf {
        self.instance.directory().join("reconciler")
    }

    fn work(&self) -> PathBuf {
        self.instance.directory().join("work")
    }

    /// Commits these files of the shop.
    fn write(&self, files: &[(&str, &str)]) -> anyhow::Result<()> {
        for directory in ["apps", "shop"] {
            fs::create_dir_all(self.work().join(directory))?;
        }
        fs::write(self.work().join("apps/shop.yaml"), APPLICATION)?;
        fs::write(self.work().join("shop/namespace.yaml"), NAMESPACE)?;
        for (file, text) in files {
            fs::write(self.work().join("shop").join(file), text)?;
        }
        let git = |arguments: &[&str]| {
            let mut command = Command::new("git");
            command
                .current_dir(self.work())
                .args(["-c", "user.name=Ann", "-c", "user.email=ann@example.org"])
                .args(arguments)
                .env("GIT_CONFIG_GLOBAL", "/dev/null");
            finish(&mut command).map(drop)
        };
        git(&["add", "-A"])?;
        git(&["commit", "-q", "--allow-empty", "-m", "Shop"])
    }

    fn kedge(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new(self.instance.program());
        command
            .args(arguments)
            .env("KEDGE_DATA_DIR", self.data())
            .env("KEDGE_SERVER", &self.web)
            .env("KEDGE_KUBECONFIG", &self.kubeconfig);
        Ok(String::from_utf8_lossy(&finish(&mut command)?.stdout).into_owned())
    }

    /// The newest rollout, as the reconciler tells it.
    fn newest(&self) -> Option<Value> {
        let said = self.kedge(&["rollouts", "-o", "json"]).ok()?;
        let all: Value = serde_json::from_str(&said).ok()?;
        all["items"].as_array()?.first().cloned()
    }

    fn rollout(&self, number: i64, phase: &str) -> anyhow::Result<Value> {
        let id = format!("shop-{number}");
        let found = || {
            self.newest()
                .filter(|it| it["id"] == id.as_str() && it["phase"] == phase)
        };
        wait(&format!("{id} {phase}"), SOON, || found().is_some())?;
        found().context("it was there")
    }

    fn image(&self) -> String {
        let path = "{.spec.template.spec.containers[0].image}";
        let object = ["deployment", "web", "-n", "shop"];
        self.instance.field(&object, path).unwrap_or_default()
    }

    fn play(&self) -> anyhow::Result<()> {
        self.rollout(1, "Succeeded")?;
        ensure!(self.image() == "web:1", "{}", self.image());
        let ran = self
            .instance
            .field(&["job", "migrate", "-n", "shop"], "{.status.succeeded}")?;
        ensure!(ran == "1", "the hook: {ran}");
        let diff = self.kedge(&["diff", "shop"])?;
        ensure!(!diff.contains("web"), "{diff}");

        // By hand, and back.
        let scale = ["scale", "deployment/web", "-n", "shop", "--replicas=5"];
        self.instance.kubectl(&scale)?;
        let replicas = || {
            self.instance
                .field(&["deployment", "web", "-n", "shop"], "{.spec.replicas}")
        };
        wait("put back", SOON, || replicas().is_ok_and(|it| it == "2"))?;

        // A commit that fails leaves nothing behind.
        let bad = DEPLOYMENT.replace("IMAGE", "registry.invalid/web:2");
        let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\ndata: {a: b}\n";
        self.write(&[("web.yaml", &bad), ("extra.yaml", map)])?;
        self.rollout(2, "Failed")?;
        wait("web:1 again", SOON, || self.image() == "web:1")?;
        let extra = || {
            self.instance
                .kubectl(&["get", "configmap", "extra", "-n", "shop"])
        };
        wait("nothing left", SOON, || extra().is_err())?;

        // What only Kedge's own server has is refused in words.
        let told = match self.kedge(&["state", "--at", "1m"]) {
            Ok(said) => said,
            Err(error) => error.to_string(),
        };
        ensure!(told.contains("this cluster is not Kedge's"), "{told}");
        Ok(())
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        let _signalled = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        let _ended = self.child.wait();
    }
}

#[test]
fn a_cluster_that_is_not_kedge_s_is_driven_by_its_public_api() {
    let foreign = Foreign::start().expect("the reconciler starts");
    if let Err(error) = foreign.play() {
        let log = fs::read_to_string(&foreign.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let last = lines[lines.len().saturating_sub(60)..].join("\n");
        panic!("{error:#}\n\nThe reconciler's log:\n{last}");
    }
}
