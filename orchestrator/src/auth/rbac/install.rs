//! Puts the system namespaces and the default roles in place, and keeps the rules of aggregated roles readable.

use std::sync::Arc;

use async_trait::async_trait;

use api::{Collection, GroupVersionKind, Object};
use client::{
    Cache, Client, Context, Controller, DeleteOptions, Error, ListOptions, Requeue, Target, Watch,
    WriteOptions,
};

use super::{Bootstrap, GROUP, aggregate, bootstrap_objects, collections, reconcile};

const MANAGER: &str = "kedge-bootstrap";

/// The namespaces every cluster has; the default roles live in some of them.
pub const SYSTEM_NAMESPACES: [&str; 5] = [
    "default",
    "kedge",
    "kube-node-lease",
    "kube-public",
    "kube-system",
];

/// Creates the system namespaces, and the default roles and bindings, or adds what they lack. Safe when several API servers
/// do it at once: who comes second finds it done. Answers how many objects it wrote.
pub async fn install(client: &dyn Client) -> Result<usize, Error> {
    let mut existing = Vec::new();
    for collection in collections() {
        let options = ListOptions {
            newest: true,
            ..ListOptions::default()
        };
        existing.extend(client.list(&collection, &options).await?.items);
    }
    let namespace = GroupVersionKind::new("", "v1", "Namespace");
    let namespaces = SYSTEM_NAMESPACES.map(|name| Object::new(&namespace, "", name));
    let options = ListOptions::default();
    let collection = Collection::new("", "namespaces");
    existing.extend(client.list(&collection, &options).await?.items);
    let mut changes = reconcile(&existing, &namespaces);
    changes.extend(reconcile(&existing, &bootstrap_objects()));
    let mut written = 0;
    for change in changes {
        match carry_out(client, change).await {
            Ok(()) => written += 1,
            Err(error) if error.is_already_exists() || error.is_conflict() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(written)
}

async fn carry_out(client: &dyn Client, change: Bootstrap) -> Result<(), Error> {
    let options = WriteOptions {
        field_manager: MANAGER.to_owned(),
        ..WriteOptions::default()
    };
    match change {
        Bootstrap::Create(object) => {
            client
                .create(&collection(&object), &object, &options)
                .await?;
        }
        Bootstrap::Update(object) => {
            let target = Target::object(object.key(&collection(&object)));
            client.replace(&target, &object, &options).await?;
        }
        Bootstrap::Recreate(object) => {
            let collection = collection(&object);
            let key = object.key(&collection);
            match client.delete(&key, &DeleteOptions::default()).await {
                Err(error) if !error.is_not_found() => return Err(error),
                _ => client.create(&collection, &object, &options).await?,
            };
        }
    }
    Ok(())
}

fn collection(object: &Object) -> Collection {
    Collection::new(
        object.gvk().group,
        format!("{}s", object.kind().to_ascii_lowercase()),
    )
}

/// Writes the rules of cluster roles that are made of others. The authorizer never reads them:
/// they are for people.
pub struct Aggregation {
    cluster_roles: Cache,
}

impl Aggregation {
    /// `cluster_roles` is a cache of all cluster roles.
    pub fn new(cluster_roles: Cache) -> Self {
        Self { cluster_roles }
    }

    /// What it must be given a cache of.
    pub fn collection() -> Collection {
        Collection::new(GROUP, "clusterroles")
    }
}

#[async_trait]
impl Controller for Aggregation {
    /// All roles at once: one change can concern many.
    type Key = ();

    fn name(&self) -> &'static str {
        "clusterrole-aggregation-controller"
    }

    fn watches(&self) -> Vec<Watch<()>> {
        vec![Watch {
            cache: self.cluster_roles.clone(),
            wake: Box::new(|_| vec![()]),
        }]
    }

    async fn reconcile(&self, (): &(), context: &Context<'_>) -> Result<Requeue, Error> {
        let roles: Vec<Object> = self
            .cluster_roles
            .all()
            .into_iter()
            .map(Arc::unwrap_or_clone)
            .collect();
        let options = WriteOptions {
            field_manager: self.name().to_owned(),
            ..WriteOptions::default()
        };
        for role in aggregate(&roles) {
            let target = Target::object(role.key(&Self::collection()));
            context.client.replace(&target, &role, &options).await?;
        }
        Ok(Requeue::Done)
    }
}
