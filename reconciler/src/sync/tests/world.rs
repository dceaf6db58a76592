//! A whole reconciler: real repository, real database, the orchestrator's API in memory. Only
//! the controllers are made up: a Deployment is healthy at once unless its image is `bad`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use api::{Collection, Object, ObjectKey};
use client::{Client, Env, Informers, Patch, PatchOptions, Target, Tasks};
use engine::rollout::{CommitId, RolloutPhase};
use orchestrator::auth::Authorizer;
use orchestrator::registry::{LocalClient, Pools, Registry, field_getter};
use orchestrator::store::Router;
use orchestrator::watch::Hub;

use super::public::Public;
use crate::history::{
    Drift, DriftQuery, History, Reader, Rollout, RolloutQuery, Step, StepQuery, Trigger,
};
use crate::service::{Service, SyncRequest};
use crate::source::Person;
use crate::testing::{Directory, commit};
use crate::{Config, Reconciler};

/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct World {
    pub(super) client: Arc<dyn Client>,
    pub(super) reconciler: Reconciler,
    pub(super) directory: Directory,
    pub(super) files: BTreeMap<String, String>,
    config: Config,
    /// Of the reconciler only: cancelling them is what a crash looks like.
    tasks: Tasks,
    cluster: Tasks,
}

impl World {
    /// An empty cluster and an empty repository.
    pub(super) async fn new() -> Self {
        Self::on(|server| server).await
    }

    /// The same, where the cluster has nothing that other Kubernetes do not have.
    pub(super) async fn public() -> Self {
        Self::on(|server| Arc::new(Public(server))).await
    }

    async fn on(seen: impl FnOnce(Arc<dyn Client>) -> Arc<dyn Client>) -> Self {
        let (cluster, env) = (Tasks::default(), Env::system());
        let client = seen(Arc::new(api_server(&env, &cluster).await));
        let informers = Informers::new(client.clone(), &env, &cluster);
        let deployments = informers.cache(&deployments());
        let controller = controller(client.clone(), deployments);
        cluster.spawn_until_cancelled(controller);
        let directory = Directory::new();
        let config = Config {
            data: directory.path().to_owned(),
            ..Config::hosted(
                PathBuf::new(),
                database().await,
                crate::githost::testing::hook(directory.path()),
            )
        };
        let tasks = Tasks::default();
        let reconciler = start(&config, &client, &tasks).await;
        Self {
            client,
            reconciler,
            directory,
            files: BTreeMap::new(),
            config,
            tasks,
            cluster,
        }
    }

    /// Ends the reconciler in the middle of whatever it does, and starts it again.
    pub(super) async fn crash(&mut self) {
        self.stop().await;
        self.start().await;
    }

    pub(super) async fn stop(&self) {
        self.tasks.drain().await;
    }

    pub(super) async fn start(&mut self) {
        self.tasks = Tasks::default();
        self.reconciler = start(&self.config, &self.client, &self.tasks).await;
    }

    /// Starts again with other settings.
    pub(super) async fn configure(&mut self, change: impl FnOnce(&mut Config)) {
        self.stop().await;
        change(&mut self.config);
        self.start().await;
    }

    /// Beside everything, as long as the cluster is there.
    pub(super) fn background(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.cluster.spawn_until_cancelled(work);
    }

    pub(super) async fn end(self) {
        self.tasks.drain().await;
        self.cluster.drain().await;
    }

    pub(super) fn repository(&self) -> PathBuf {
        self.directory.path().join("git/cluster.git")
    }

    pub(super) fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    pub(super) fn history(&self) -> &Reader {
        self.reconciler.history()
    }

    /// Defines an Application and what its path has in it.
    pub(super) fn application(&mut self, name: &str, spec: &str, manifests: &[String]) {
        let text = format!(
            "apiVersion: kedge.dev/v1alpha1\nkind: Application\nmetadata: {{name: {name}}}\n\
             spec: {{source: {{path: {name}}}, targetNamespace: shop, {spec}}}\n"
        );
        self.files.insert(format!("apps/{name}.yaml"), text);
        self.files
            .retain(|file, _| !file.starts_with(&format!("{name}/")));
        for (number, manifest) in manifests.iter().enumerate() {
            let file = format!("{name}/{number}.yaml");
            self.files.insert(file, manifest.clone());
        }
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.files.remove(&format!("apps/{name}.yaml"));
        self.files
            .retain(|file, _| !file.starts_with(&format!("{name}/")));
    }

    /// Commits the files as they are, behind the back of the hooks.
    pub(super) fn commit(&self, message: &str) -> CommitId {
        let id = commit(&self.repository(), "main", message, &self.files);
        self.reconciler.wake(Trigger::Notify);
        id
    }

    /// Commits, and waits until everything is rolled out.
    pub(super) async fn converge(&self, message: &str) -> CommitId {
        let id = self.commit(message);
        self.converged(&id).await;
        id
    }

    /// Waits until every Application is synced and healthy at this commit.
    pub(super) async fn converged(&self, id: &CommitId) {
        let names: Vec<String> = self.names();
        self.until(&format!("{} converged", id.short()), || async {
            for name in &names {
                let live = self.live_application(name).await?;
                let text = |pointer: &str| live.text(pointer).to_owned();
                let good = text("/status/sync/status") == "Synced"
                    && text("/status/health/status") == "Healthy";
                let stand = self.reconciler.core.standings.get(name)?;
                if !good || stand.standing.applied != *id {
                    return None;
                }
            }
            Some(())
        })
        .await;
    }

    fn names(&self) -> Vec<String> {
        let files = self.files.keys();
        let names = files.filter_map(|file| file.strip_prefix("apps/")?.strip_suffix(".yaml"));
        names.map(Into::into).collect()
    }

    pub(super) async fn live_application(&self, name: &str) -> Option<Object> {
        let key = Collection::new("kedge.dev", "applications").key("kedge", name);
        self.client.get(&key).await.ok()
    }

    /// Waits until `look` sees something.
    pub(super) async fn until<T, F: Future<Output = Option<T>>>(
        &self,
        what: &str,
        look: impl Fn() -> F,
    ) -> T {
        let newest = self.history().newest_step().await.unwrap();
        let mut feed = self.reconciler.follow(newest);
        let core = &self.reconciler.core;
        let (mut stands, mut objects) = (core.standings.ticks(), core.applications().ticks());
        let mut rollouts = core.rollouts().ticks();
        let waiting = async {
            loop {
                if let Some(seen) = look().await {
                    return seen;
                }
                tokio::select! {
                    step = feed.next() => drop(step.unwrap()),
                    tick = stands.changed() => tick.unwrap(),
                    tick = objects.changed() => tick.unwrap(),
                    tick = rollouts.changed() => tick.unwrap(),
                }
            }
        };
        if let Ok(seen) = tokio::time::timeout(PATIENCE, waiting).await {
            return seen;
        }
        panic!("not {what} after {PATIENCE:?}: {}", self.story().await)
    }

    /// Waits until the newest rollout of the Application is in this phase.
    pub(super) async fn phase(
        &self,
        name: &str,
        commit: &CommitId,
        phase: RolloutPhase,
    ) -> Arc<Rollout> {
        self.until(&format!("{name} {phase} at {}", commit.short()), || async {
            let last = self.history().last_rollout(name).await.unwrap()?;
            (last.phase == phase && last.revision == *commit).then_some(last)
        })
        .await
    }

    pub(super) async fn rollouts(&self, name: &str) -> Vec<Rollout> {
        let query = RolloutQuery {
            application: Some(name.into()),
            ..RolloutQuery::default()
        };
        self.history().rollouts(&query).await.unwrap()
    }

    pub(super) async fn drifts(&self, name: &str) -> Vec<Drift> {
        let query = DriftQuery {
            application: Some(name.into()),
            ..DriftQuery::default()
        };
        self.history().drifts(&query).await.unwrap()
    }

    pub(super) async fn steps(&self, rollout: &str) -> Vec<Step> {
        let query = StepQuery {
            rollout: Some(rollout.to_owned()),
            ..StepQuery::default()
        };
        self.history().steps(&query).await.unwrap()
    }

    /// Every step so far, a line each: what a failed test needs.
    pub(super) async fn story(&self) -> String {
        let steps = self.history().steps(&StepQuery::default()).await.unwrap();
        let line = |step: &Step| format!("\n{:?} {}: {}", step.kind, step.application, step.text);
        let steps: String = steps.iter().map(line).collect();
        let sources = self.history().sources().await.unwrap();
        let stands = &self.reconciler.core.standings;
        let stands: Vec<_> = self.names().iter().map(|name| stands.get(name)).collect();
        format!("{steps}\n{sources:?}\n{stands:?}")
    }

    pub(super) async fn get(&self, key: &ObjectKey) -> Option<Object> {
        self.client.get(key).await.ok()
    }

    /// As somebody with kubectl would.
    pub(super) async fn patch(&self, key: &ObjectKey, patch: Value) -> Object {
        let options = PatchOptions {
            field_manager: "kubectl-edit".into(),
            ..PatchOptions::default()
        };
        let target = Target::object(key.clone());
        let patch = Patch::Merge(patch);
        let patched = self.client.patch(&target, &patch, &options);
        patched.await.unwrap()
    }
}

async fn start(config: &Config, client: &Arc<dyn Client>, tasks: &Tasks) -> Reconciler {
    let (config, client) = (config.clone(), client.clone());
    let started = Reconciler::start(config, client, Env::system(), tasks.clone());
    started.await.unwrap()
}

async fn database() -> String {
    let prepare = |url: String| async move {
        History::connect(&url).await?.close().await;
        Ok::<_, crate::history::Error>(())
    };
    embedded_postgres::testing::database("reconciler", prepare).await
}

async fn api_server(env: &Env, tasks: &Tasks) -> LocalClient {
    let stores = Router::memory(env);
    let hub = Hub::start(&stores, field_getter(), env, tasks)
        .await
        .unwrap();
    let (authorizer, pools) = (Arc::new(Authorizer::default()), Pools::default());
    let registry = Registry::new(stores, hub, authorizer, env.clone(), pools);
    LocalClient::new(Arc::new(registry), "test")
}

fn deployments() -> Collection {
    Collection::new("apps", "deployments")
}

async fn controller(client: Arc<dyn Client>, cache: client::Cache) {
    let changes = cache.subscribe();
    loop {
        for key in changes.changed().await {
            let Some(object) = cache.get(&key) else {
                continue;
            };
            let status = status(&object);
            if object.body["status"] == status {
                continue;
            }
            let patch = Patch::Merge(json!({"status": status}));
            let target = Target::status(key);
            let _ = client
                .patch(&target, &patch, &PatchOptions::default())
                .await;
        }
    }
}

fn status(object: &Object) -> Value {
    let replicas = object.body["spec"]["replicas"].clone();
    let image = object.text("/spec/template/spec/containers/0/image");
    let updated = if image.contains("bad") {
        json!(0)
    } else {
        replicas.clone()
    };
    json!({
        "observedGeneration": object.generation(), "replicas": updated,
        "updatedReplicas": updated, "readyReplicas": updated, "availableReplicas": updated,
    })
}

pub(super) fn key(group: &str, resource: &str, name: &str) -> ObjectKey {
    Collection::new(group, resource).key("shop", name)
}

pub(super) fn by_hand(application: &str, actor: &Person, objects: &[&str]) -> SyncRequest {
    SyncRequest {
        application: application.into(),
        actor: actor.clone(),
        objects: objects.iter().map(ToString::to_string).collect(),
        prune: false,
        plan: String::new(),
    }
}

pub(super) fn namespace() -> String {
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n".into()
}

pub(super) fn config_map(name: &str, value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{value: {value}}}\n"
    )
}

pub(super) fn deployment(name: &str, image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  \
         replicas: 2\n  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    \
         metadata: {{labels: {{app: {name}}}}}\n    spec:\n      containers:\n        \
         - {{name: main, image: '{image}'}}\n"
    )
}
