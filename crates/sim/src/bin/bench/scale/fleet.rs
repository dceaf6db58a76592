//! An instance with nothing in it, and a repository of many Applications to push to it.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use api::Collection;
use client::{Client, HttpClient, WriteOptions};
use sim::instance::{Instance, empty_seed};
use sim::work_tree::WorkTree;

/// Between two looks at a figure.
const PAUSE: Duration = Duration::from_millis(100);

/// What every Application has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Deployment without pods, `ServiceAccount`, Service, and a `ConfigMap` where Flux' benchmark
    /// has an Ingress, which is no kind here.
    Four,
    /// A `ConfigMap` of 2 kB: what Argo CD's has.
    ConfigMap,
}

impl Shape {
    /// How many Applications the published figures are about, at least.
    fn whole(self) -> usize {
        match self {
            Self::Four => 1_000,
            Self::ConfigMap => 10_000,
        }
    }
}

pub(crate) struct Fleet {
    pub(crate) instance: Instance,
    pub(crate) client: Arc<HttpClient>,
    pub(crate) work: WorkTree,
    pub(crate) count: usize,
    /// Not only a part of what the test is about.
    pub(crate) is_whole: bool,
    http: reqwest::Client,
}

impl Fleet {
    pub(crate) async fn start(name: &str, count: usize, shape: Shape) -> anyhow::Result<Self> {
        let seed = empty_seed()?;
        let instance = Instance::start(name, &["--runtime", "simulated", "--seed", &seed])?;
        let client = HttpClient::from_kubeconfig_file(&instance.kubeconfig()).await?;
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "fleet"}});
        client
            .create(
                &Collection::new("", "namespaces"),
                &namespace.into(),
                &WriteOptions::default(),
            )
            .await?;
        let work = WorkTree::clone(&instance, "work")?;
        let fleet = Self {
            instance,
            client: Arc::new(client),
            work,
            count,
            is_whole: count >= shape.whole(),
            http: reqwest::Client::new(),
        };
        for number in 0..count {
            fleet.write(&name_of(number), &manifests(number, shape))?;
        }
        fleet.work.add(&format!("{count} Applications"))?;
        Ok(fleet)
    }

    /// Writes an Application and what it has.
    pub(crate) fn write(&self, name: &str, manifests: &str) -> anyhow::Result<()> {
        let application = format!(
            "apiVersion: kedge.dev/v1alpha1\nkind: Application\nmetadata: {{name: {name}}}\n\
             spec:\n  source: {{path: fleet/{name}}}\n  targetNamespace: fleet\n  \
             deadlineSeconds: 86400\n"
        );
        self.work
            .write(&format!("apps/{name}.yaml"), &application)?;
        self.work
            .write(&format!("fleet/{name}/all.yaml"), manifests)
    }

    /// Pushes without waiting for anything but the check.
    pub(crate) fn push(&self) -> anyhow::Result<String> {
        self.work.git(&["push", "-o", "nowait", "origin", "main"])
    }

    /// The body of a page of the web server.
    pub(crate) async fn get(&self, path: &str, accept: &str) -> anyhow::Result<String> {
        let url = format!("{}{path}", self.instance.web()?);
        let request = self.http.get(url).header("accept", accept);
        let request = request.bearer_auth(self.instance.token()?);
        let response = request.send().await?.error_for_status()?;
        Ok(response.text().await?)
    }

    /// The reconciler's figure of this name, labels included.
    pub(crate) async fn figure(&self, name: &str) -> anyhow::Result<u64> {
        let text = self.get("/metrics", "*/*").await?;
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let number = line.with_context(|| format!("there is no figure {name}"))?;
        Ok(number.trim().parse()?)
    }

    /// Waits until a figure is at least this.
    pub(crate) async fn reaches(
        &self,
        name: &str,
        least: u64,
        limit: SignedDuration,
    ) -> anyhow::Result<()> {
        let end = Timestamp::now() + limit;
        loop {
            let now = self.figure(name).await?;
            if now >= least {
                return Ok(());
            }
            anyhow::ensure!(
                Timestamp::now() < end,
                "{name} is {now} after {limit:#}, not {least}"
            );
            tokio::time::sleep(PAUSE).await;
        }
    }
}

pub(crate) fn name_of(number: usize) -> String {
    format!("app-{number:05}")
}

/// A `ConfigMap` of about 2 kB.
pub(crate) fn config_map(name: &str, value: &str) -> String {
    let text = "x".repeat(2000);
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n\
         data:\n  value: '{value}'\n  text: {text}\n"
    )
}

pub(crate) fn manifests(number: usize, shape: Shape) -> String {
    let name = name_of(number);
    if shape == Shape::ConfigMap {
        return config_map(&name, "0");
    }
    let mut text = deployment(&name, 0, "");
    let _ = write!(
        text,
        "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}}}\n\
         ---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\n\
         spec: {{selector: {{app: {name}}}, ports: [{{port: 80}}]}}\n\
         ---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n\
         data: {{host: {name}.example.org}}\n"
    );
    text
}

/// `more` goes into the pod's spec, indented by six.
pub(crate) fn deployment(name: &str, replicas: usize, more: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  \
         replicas: {replicas}\n  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    \
         metadata: {{labels: {{app: {name}}}}}\n    spec:\n{more}      containers:\n      \
         - {{name: main, image: 'example.org/web:1'}}\n"
    )
}
