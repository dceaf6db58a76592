//! A cluster in memory: the real registry and store, and the machine's clock.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use api::{Collection, Object, ObjectKey};
use client::{Cache, Client, Env, Informers, Patch, PatchOptions, Target, Tasks, WriteOptions};
use nodeagent::config::{
    Config, DnsConfig, NodeConfig, RuntimeConfig, ServerConfig, Simulation, Timing,
};
use nodeagent::{Agent, Dependencies};
use orchestrator::auth::Authorizer;
use orchestrator::registry::{LocalClient, Pools, Registry, field_getter};
use orchestrator::store::Router;
use orchestrator::watch::Hub;
use serde_json::{Value, json};

/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Cluster {
    pub(crate) client: Arc<dyn Client>,
    env: Env,
    tasks: Tasks,
    informers: Informers,
}

impl Cluster {
    /// With the namespaces nodes and pods need.
    pub(crate) async fn new() -> Self {
        let (env, tasks) = (Env::system(), Tasks::default());
        let stores = Router::memory(&env);
        let hub = Hub::start(&stores, field_getter(), &env, &tasks)
            .await
            .expect("a store in memory can be read");
        let authorizer = Arc::new(Authorizer::default());
        let registry = Registry::new(stores, hub, authorizer, env.clone(), Pools::default());
        let client: Arc<dyn Client> = Arc::new(LocalClient::new(Arc::new(registry), "test"));
        let cluster = Self {
            informers: Informers::new(client.clone(), &env, &tasks),
            client,
            env,
            tasks,
        };
        for name in ["default", "kube-node-lease"] {
            let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
            cluster.create(body).await;
        }
        let account = json!({
            "apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {"name": "default", "namespace": "default"},
        });
        cluster.create(account).await;
        let roots = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "kube-root-ca.crt", "namespace": "default"},
            "data": {"ca.crt": "-"},
        });
        cluster.create(roots).await;
        cluster
    }

    pub(crate) async fn create(&self, body: Value) -> Object {
        let object = Object::from(body);
        let resource = api::resource::by_kind(&object.gvk()).expect("a kind that is served");
        let collection = resource.collection();
        let options = WriteOptions::default();
        self.client
            .create(&collection, &object, &options)
            .await
            .expect("the object is valid and new")
    }

    pub(crate) async fn merge(&self, key: &ObjectKey, change: &Value) {
        self.patch(Target::object(key.clone()), change).await;
    }

    /// Says of a claim that it is bound, as its controller would.
    pub(crate) async fn bind(&self, claim: &Object, volume: &str) {
        let key = claim.key(&Collection::new("", "persistentvolumeclaims"));
        self.merge(&key, &json!({"spec": {"volumeName": volume}}))
            .await;
        let status = json!({"status": {"phase": "Bound"}});
        self.patch(Target::status(key), &status).await;
    }

    async fn patch(&self, target: Target, change: &Value) {
        let (patch, options) = (Patch::Merge(change.clone()), PatchOptions::default());
        let patched = self.client.patch(&target, &patch, &options).await;
        patched.expect("the change is valid");
    }

    pub(crate) fn cache(&self, group: &str, plural: &str) -> Cache {
        self.informers.cache(&Collection::new(group, plural))
    }

    /// Waits until the object is as wanted, and answers what it is then. `None`: it is gone.
    pub(crate) async fn until(
        &self,
        plural: &str,
        namespace: &str,
        name: &str,
        wanted: impl Fn(Option<&Object>) -> bool,
    ) -> Option<Arc<Object>> {
        let cache = self.cache("", plural);
        let mut ticks = cache.ticks();
        let wait = async {
            cache.synced().await;
            loop {
                let object = cache.find(namespace, name);
                if wanted(object.as_deref()) {
                    return object;
                }
                ticks.changed().await.expect("the cache lives");
            }
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .unwrap_or_else(|_| {
                let object = cache.find(namespace, name);
                let body = object.map_or(Value::Null, |object| object.body.clone());
                panic!("{plural} {namespace}/{name} is not as wanted: {body:#}")
            })
    }

    /// Ends everything in good order.
    pub(crate) async fn end(&self) {
        self.tasks.drain().await;
    }

    /// Starts a node whose pods the clock runs.
    pub(crate) async fn simulated_node(&self, name: &str, data_dir: &Path, tasks: &Tasks) {
        let simulation = Simulation {
            run: Duration::from_millis(50),
            start: Duration::from_millis(1),
            ready: Duration::from_millis(1),
            ..Simulation::default()
        };
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let config = Config {
            node: NodeConfig::new(name, address, "10.1.1.0/24"),
            data_dir: data_dir.to_owned(),
            runtime: RuntimeConfig::Simulated(simulation),
            dns: DnsConfig::default(),
            server: ServerConfig {
                listen: SocketAddr::new(address, 0),
                transport: tls::Transport::Plain,
                allowed_clients: Vec::new(),
            },
            timing: Timing::default(),
        };
        let dependencies = Dependencies {
            client: self.client.clone(),
            env: self.env.clone(),
            tasks: tasks.clone(),
        };
        let agent = Agent::build(config, dependencies).await;
        agent.expect("the agent can be built").start();
    }
}
