//! What a plan is to be seen in: what runs beside it, what others have, and what the nodes have
//! left.

use std::collections::BTreeSet;

use api::{Collection, ObjectKey};
use client::ListOptions;
use engine::Plan;
use engine::radius::{Demand, Managed, Workload, belongs_to, demand, needs_room, radius};

use super::core::Core;

/// What has pods, and may use what changes.
const WORKLOADS: [(&str, &str, &str); 4] = [
    ("apps", "deployments", "Deployment"),
    ("apps", "statefulsets", "StatefulSet"),
    ("apps", "daemonsets", "DaemonSet"),
    ("batch", "cronjobs", "CronJob"),
];

/// How far the plans of these Applications reach beyond the objects that they change, for people.
pub(crate) async fn reach(core: &Core, plans: &[(&str, &Plan)]) -> Vec<String> {
    let all = || plans.iter().map(|(_, plan)| *plan);
    let workloads = workloads(core, all()).await;
    let reached = plans.iter().flat_map(|(name, plan)| {
        let others = others(core, name, plan);
        radius(plan, &workloads, &others).lines()
    });
    let reached: Vec<String> = reached.collect();
    let demand = demanded(core, all(), &workloads).await.lines();
    reached.into_iter().chain(demand).collect()
}

/// What others have in the namespaces and of the kinds that the plan takes away or changes.
pub(super) fn others(core: &Core, name: &str, plan: &Plan) -> Vec<Managed> {
    let kinds = ["Namespace", "CustomResourceDefinition"];
    let steps = plan.steps().filter(|step| step.is_change());
    let touched = steps.map(|it| (it.kind.as_str(), &it.key));
    let deleted = plan.deletes.iter().map(|it| (it.kind.as_str(), &it.key));
    let of: Vec<(&str, &ObjectKey)> = touched
        .chain(deleted)
        .filter(|(kind, _)| kinds.contains(kind))
        .collect();
    if of.is_empty() {
        return Vec::new();
    }
    let found = core
        .inventory
        .all(|key| of.iter().any(|(kind, it)| belongs_to(key, kind, it)));
    let others = found
        .into_iter()
        .filter(|(_, application)| application != name);
    others
        .map(|(key, application)| Managed { key, application })
        .collect()
}

/// What the plans ask for, and whether the nodes have it. What cannot be listed is left out.
pub(super) async fn demanded(
    core: &Core,
    plans: impl Iterator<Item = &Plan> + Clone,
    workloads: &[Workload],
) -> Demand {
    if !needs_room(plans.clone()) {
        return demand(plans, workloads, &[], &[]);
    }
    let list = async |resource: &str| {
        let collection = Collection::new("", resource);
        let list = core.client.list(&collection, &ListOptions::default()).await;
        list.map(|list| list.items)
    };
    let (nodes, pods) = match (list("nodes").await, list("pods").await) {
        (Ok(nodes), Ok(pods)) => (nodes, pods),
        _ => (Vec::new(), Vec::new()),
    };
    demand(plans, workloads, &nodes, &pods)
}

/// What runs in the namespaces that the plans touch. What cannot be listed is left out.
pub(super) async fn workloads<'a>(
    core: &Core,
    plans: impl Iterator<Item = &'a Plan>,
) -> Vec<Workload> {
    let mut namespaces = BTreeSet::new();
    for plan in plans {
        let steps = plan.steps().filter(|step| step.is_change());
        namespaces.extend(steps.map(|step| step.key.namespace.clone()));
        namespaces.extend(plan.deletes.iter().map(|it| it.key.namespace.clone()));
    }
    namespaces.remove("");
    let mut found = Vec::new();
    for (group, resource, kind) in WORKLOADS {
        let collection = Collection::new(group, resource);
        for namespace in &namespaces {
            let options = ListOptions {
                namespace: Some(namespace.clone()),
                ..ListOptions::default()
            };
            let Ok(list) = core.client.list(&collection, &options).await else {
                continue;
            };
            found.extend(list.items.into_iter().map(|mut object| {
                let key = collection.key(object.namespace(), object.name());
                object.body["kind"] = kind.into();
                Workload {
                    application: core.inventory.owner(&key).unwrap_or_default(),
                    key,
                    object,
                }
            }));
        }
    }
    found
}
