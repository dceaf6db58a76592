//! A cluster in memory for tests: the real registry and store, a clock moved by hand.

use std::sync::Arc;
use std::time::Duration;

use api::{Collection, Object};
use async_trait::async_trait;
use client::{
    Client, Clock, DeleteOptions, Drive, Env, EventRecorder, Informers, ListOptions, Patch,
    PatchOptions, SystemIds, Target, Tasks, WriteOptions,
};
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::watch;

use crate::auth::Authorizer;
use crate::registry::{LocalClient, Pools, Registry, field_getter};
use crate::store::Router;
use crate::watch::Hub;

/// Shows the time it was last set to; whoever sleeps wakes when it is moved far enough.
pub(crate) struct HandClock {
    now: watch::Sender<Timestamp>,
}

impl HandClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.now.send_modify(|now| *now += by);
    }
}

#[async_trait]
impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    async fn sleep(&self, duration: Duration) {
        let until = self.now() + duration;
        let mut now = self.now.subscribe();
        // The clock outlives every sleeper that matters.
        let _ = now.wait_for(|now| *now >= until).await;
    }
}

/// One cluster. Its tasks end with the test's runtime.
pub(crate) struct Cluster {
    pub(crate) client: Arc<dyn Client>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) stores: Router,
    pub(crate) informers: Informers,
    pub(crate) env: Env,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) tasks: Tasks,
}

impl Cluster {
    /// Empty but for the namespace `default`, at the start of 2026.
    pub(crate) async fn new() -> Self {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let clock = Arc::new(HandClock {
            now: watch::Sender::new(start),
        });
        let env = Env {
            clock: clock.clone(),
            ids: Arc::new(SystemIds),
        };
        let tasks = Tasks::default();
        let stores = Router::memory(&env);
        let hub = Hub::start(&stores, field_getter(), &env, &tasks)
            .await
            .unwrap();
        let authorizer = Arc::new(Authorizer::default());
        let pools = Pools::default();
        let registry = Registry::new(stores.clone(), hub, authorizer, env.clone(), pools);
        let registry = Arc::new(registry);
        let client: Arc<dyn Client> = Arc::new(LocalClient::new(Arc::clone(&registry), "test"));
        let cluster = Self {
            informers: Informers::new(client.clone(), &env, &tasks),
            client,
            registry,
            stores,
            env,
            clock,
            tasks,
        };
        let namespace = serde_json::json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"},
        });
        cluster.create(namespace).await;
        cluster
    }

    pub(crate) fn recorder(&self, component: &str) -> EventRecorder {
        EventRecorder::start(self.client.clone(), &self.env, component, "", &self.tasks)
    }

    fn collection(&self, object: &Object) -> Collection {
        let served = self.registry.kinds();
        let kind = served.by_kind(&object.gvk()).expect("a served kind");
        kind.resource.collection()
    }

    pub(crate) async fn create(&self, body: Value) -> Object {
        let object = Object::from(body);
        let collection = self.collection(&object);
        self.client
            .create(&collection, &object, &WriteOptions::default())
            .await
            .unwrap()
    }

    pub(crate) async fn set_status(&self, target: &Object, status: &Value) -> Object {
        let key = target.key(&self.collection(target));
        let patch = Patch::Merge(serde_json::json!({"status": status}));
        self.client
            .patch(&Target::status(key), &patch, &PatchOptions::default())
            .await
            .unwrap()
    }

    pub(crate) async fn merge(&self, target: &Object, patch: &Value) -> Object {
        let key = target.key(&self.collection(target));
        let patch = Patch::Merge(patch.clone());
        self.client
            .patch(&Target::object(key), &patch, &PatchOptions::default())
            .await
            .unwrap()
    }

    pub(crate) async fn delete(&self, target: &Object, options: &DeleteOptions) {
        let key = target.key(&self.collection(target));
        self.client.delete(&key, options).await.unwrap();
    }

    /// `namespace` is empty for cluster-scoped objects.
    pub(crate) async fn find(
        &self,
        group: &str,
        resource: &str,
        namespace: &str,
        name: &str,
    ) -> Option<Object> {
        let key = Collection::new(group, resource).key(namespace, name);
        match self.client.get(&key).await {
            Ok(object) => Some(object),
            Err(error) if error.is_not_found() => None,
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn all(&self, group: &str, resource: &str) -> Vec<Object> {
        let options = ListOptions {
            newest: true,
            ..ListOptions::default()
        };
        let collection = Collection::new(group, resource);
        self.client.list(&collection, &options).await.unwrap().items
    }

    /// Waits until every cache in use shows what the server has.
    pub(crate) async fn caught_up(&self) {
        for resource in api::resource::served() {
            let Some(cache) = self.informers.running_cache(&resource.collection()) else {
                continue;
            };
            let mut ticks = cache.ticks();
            loop {
                let items = self.all(&resource.group, &resource.plural).await;
                let held: Vec<Object> = cache.all().iter().map(|o| (**o).clone()).collect();
                if cache.is_synced() && held == items {
                    break;
                }
                ticks.changed().await.unwrap();
            }
        }
    }

    /// Steps all of them until none has anything to do now.
    pub(crate) async fn run(&self, drives: &[&dyn Drive]) {
        loop {
            self.caught_up().await;
            let mut worked = false;
            for drive in drives {
                while drive.step().await {
                    worked = true;
                }
            }
            if !worked {
                return;
            }
        }
    }
}
