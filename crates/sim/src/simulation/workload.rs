//! What people do to a cluster, drawn by chance: the API objects they create, change and delete.

use api::{Collection, Object, ObjectKey};
use client::{DeleteOptions, Patch, PatchOptions, Propagation, Target, WriteOptions};
use serde_json::{Value, json};

use super::World;

const NAMESPACES: [&str; 2] = ["default", "shop"];
const NAMES: [&str; 3] = ["web", "cart", "mail"];
const IMAGES: [&str; 3] = ["app:1", "app:2", "app:3"];
/// An image that cannot be pulled.
const BROKEN_IMAGE: &str = "registry.invalid/app:9";

/// Things a user does.
const DEEDS: [fn(&mut World) -> anyhow::Result<()>; 12] = [
    create_deployment,
    create_deployment,
    scale,
    scale,
    update_image,
    update_image,
    delete_deployment,
    run_job,
    delete_pod,
    create_large_pod,
    create_large_pod,
    create_service,
];

/// One thing a user does. Nothing where the API server is down.
pub fn act(world: &mut World) -> anyhow::Result<()> {
    if !world.air.server.is_up() {
        return Ok(());
    }
    let deed = DEEDS[world.chance.below(DEEDS.len())];
    deed(world)
}

/// Makes everything satisfiable again: no broken images, no pods that need half a machine.
pub fn heal(world: &mut World) -> anyhow::Result<()> {
    let is_broken = |it: &&Object| {
        let image = it.text("/spec/template/spec/containers/0/image");
        image == BROKEN_IMAGE && !it.is_deleting()
    };
    let broken: Vec<Object> = deployments(world).filter(is_broken).cloned().collect();
    for deployment in broken {
        set_image(world, &deployment, IMAGES[0])?;
    }
    let pods = Collection::new("", "pods");
    let is_large = |pod: &&Object| pod.label("kind") == Some("large") && !pod.is_deleting();
    let state = world.invariants.state();
    let large: Vec<ObjectKey> = state
        .pods()
        .filter(is_large)
        .map(|pod| pod.key(&pods))
        .collect();
    for key in large {
        delete(world, key, DeleteOptions::default())?;
    }
    // What a Deployment left behind when it was deleted: its pods never change.
    let sets = Collection::new("apps", "replicasets");
    let left: Vec<ObjectKey> = world
        .invariants
        .state()
        .all("apps", "replicasets")
        .filter(|set| set.controller().is_none())
        .filter(is_broken)
        .map(|set| set.key(&sets))
        .collect();
    for key in left {
        delete(world, key, DeleteOptions::default())?;
    }
    Ok(())
}

fn deployments(world: &World) -> impl Iterator<Item = &Object> {
    world.invariants.state().all("apps", "deployments")
}

fn pick_deployment(world: &World) -> Option<Object> {
    let all: Vec<&Object> = deployments(world).filter(|it| !it.is_deleting()).collect();
    world.chance.pick(&all).map(|it| (*it).clone())
}

fn namespace(world: &World) -> &'static str {
    NAMESPACES[world.chance.below(NAMESPACES.len())]
}

pub(super) fn template(labels: &Value, image: &str, cpu: i64) -> Value {
    json!({
        "metadata": {"labels": labels},
        "spec": {
            "automountServiceAccountToken": false,
            "terminationGracePeriodSeconds": 5,
            "containers": [{
                "name": "main",
                "image": image,
                "resources": {"requests": {"cpu": format!("{cpu}m"), "memory": "64Mi"}},
                "readinessProbe": {"tcpSocket": {"port": 80}, "periodSeconds": 2},
            }],
        },
    })
}

fn create_deployment(world: &mut World) -> anyhow::Result<()> {
    let chance = world.chance.clone();
    let name = NAMES[chance.below(NAMES.len())];
    let labels = json!({"app": name});
    let strategy = match chance.below(4) {
        0 => json!({"type": "Recreate"}),
        1 => json!({"type": "RollingUpdate",
            "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}),
        2 => json!({"type": "RollingUpdate",
            "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}),
        _ => json!({"type": "RollingUpdate"}),
    };
    let body = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace(world)},
        "spec": {
            "replicas": chance.between(0, 4),
            "selector": {"matchLabels": labels},
            "strategy": strategy,
            "template": template(&labels, IMAGES[0], chance.between(10, 200)),
        },
    });
    create(world, "apps", "deployments", body)
}

fn scale(world: &mut World) -> anyhow::Result<()> {
    let Some(deployment) = pick_deployment(world) else {
        return Ok(());
    };
    let replicas = world.chance.between(0, 5);
    let patch = json!({"spec": {"replicas": replicas}});
    change(world, "apps", "deployments", &deployment, patch)
}

fn update_image(world: &mut World) -> anyhow::Result<()> {
    let Some(deployment) = pick_deployment(world) else {
        return Ok(());
    };
    let image = if world.chance.happens(0.2) {
        BROKEN_IMAGE
    } else {
        IMAGES[world.chance.below(IMAGES.len())]
    };
    set_image(world, &deployment, image)
}

fn set_image(world: &mut World, deployment: &Object, image: &str) -> anyhow::Result<()> {
    let containers = json!([{"name": "main", "image": image}]);
    let patch = json!({"spec": {"template": {"spec": {"containers": containers}}}});
    change(world, "apps", "deployments", deployment, patch)
}

fn delete_deployment(world: &mut World) -> anyhow::Result<()> {
    let Some(deployment) = pick_deployment(world) else {
        return Ok(());
    };
    let ways = [
        Propagation::Background,
        Propagation::Foreground,
        Propagation::Orphan,
    ];
    let options = DeleteOptions {
        propagation: Some(ways[world.chance.below(ways.len())]),
        ..DeleteOptions::default()
    };
    let key = deployment.key(&Collection::new("apps", "deployments"));
    delete(world, key, options)
}

fn run_job(world: &mut World) -> anyhow::Result<()> {
    let chance = world.chance.clone();
    let mut pod = template(&json!({"kind": "job"}), IMAGES[0], 50);
    pod["spec"]["restartPolicy"] = json!("Never");
    if let Some(container) = pod.pointer_mut("/spec/containers/0") {
        container["readinessProbe"] = Value::Null;
    }
    let body = json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"name": format!("job-{}", chance.below(4)), "namespace": namespace(world)},
        "spec": {
            "completions": chance.between(1, 4),
            "parallelism": chance.between(1, 3),
            "backoffLimit": 100,
            "template": pod,
        },
    });
    create(world, "batch", "jobs", body)
}

/// A pod that needs more than half a machine; every other one straight onto one, past the
/// scheduler: then the node must refuse what does not fit.
fn create_large_pod(world: &mut World) -> anyhow::Result<()> {
    let chance = world.chance.clone();
    let mut body = template(&json!({"kind": "large"}), IMAGES[0], 4_500);
    body["apiVersion"] = json!("v1");
    body["kind"] = json!("Pod");
    body["metadata"]["name"] = json!(format!("large-{}", chance.below(5)));
    body["metadata"]["namespace"] = json!(namespace(world));
    let nodes: Vec<String> = world.machines.keys().cloned().collect();
    if chance.happens(0.5)
        && let Some(node) = chance.pick(&nodes)
    {
        body["spec"]["nodeName"] = json!(node);
    }
    create(world, "", "pods", body)
}

fn delete_pod(world: &mut World) -> anyhow::Result<()> {
    let pods: Vec<&Object> = world.invariants.state().pods().collect();
    let pod = world.chance.pick(&pods).map(|pod| (*pod).clone());
    let Some(pod) = pod else {
        return Ok(());
    };
    let options = DeleteOptions {
        grace_period_seconds: world.chance.happens(0.3).then_some(0),
        ..DeleteOptions::default()
    };
    delete(world, pod.key(&Collection::new("", "pods")), options)
}

/// Says that a machine will not come back.
pub fn delete_node(world: &mut World, name: &str) -> anyhow::Result<()> {
    let key = Collection::new("", "nodes").key("", name);
    delete(world, key, DeleteOptions::default())
}

fn create_service(world: &mut World) -> anyhow::Result<()> {
    let name = NAMES[world.chance.below(NAMES.len())];
    let body = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name, "namespace": namespace(world)},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": 80}]},
    });
    create(world, "", "services", body)
}

/// Creates it; that it exists already is no failure, nor that its namespace is going.
pub fn create(world: &mut World, group: &str, resource: &str, body: Value) -> anyhow::Result<()> {
    let client = world.user()?;
    let collection = Collection::new(group, resource);
    let object = Object::from(body);
    world.note(format!("create {}", object.key(&collection)));
    let made = world.block_on(async move {
        let options = WriteOptions::default();
        client.create(&collection, &object, &options).await
    })?;
    expected(made.map(|_| ()))
}

fn change(
    world: &mut World,
    group: &str,
    resource: &str,
    object: &Object,
    patch: Value,
) -> anyhow::Result<()> {
    let client = world.user()?;
    let key = object.key(&Collection::new(group, resource));
    world.note(format!("change {key}: {patch}"));
    let changed = world.block_on(async move {
        let (target, patch) = (Target::object(key), Patch::Strategic(patch));
        let options = PatchOptions::default();
        client.patch(&target, &patch, &options).await
    })?;
    expected(changed.map(|_| ()))
}

fn delete(world: &mut World, key: ObjectKey, options: DeleteOptions) -> anyhow::Result<()> {
    let client = world.user()?;
    world.note(format!("delete {key} ({:?})", options.propagation));
    let deleted = world.block_on(async move { client.delete(&key, &options).await })?;
    expected(deleted.map(|_| ()))
}

/// What a user of a busy cluster meets without anything being wrong.
fn expected(answer: Result<(), client::Error>) -> anyhow::Result<()> {
    match answer {
        Err(error)
            if !(error.is_not_found()
                || error.is_conflict()
                || error.is_already_exists()
                || error.reason() == Some(api::Reason::Forbidden)) =>
        {
            Err(error.into())
        }
        _ => Ok(()),
    }
}
