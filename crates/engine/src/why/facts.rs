//! What was observed, and how rules look at it.

use api::{Collection, Object, ObjectKey, parse_time};
use jiff::Timestamp;
use serde_json::Value;

use super::chain::Field;
use crate::manifest::name_of;

/// Everything that an explanation may stand on. Values of Secrets need not be in it: rules look at
/// their keys only.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// What is to be explained.
    pub object: Object,
    /// Who made it: the nearest first, the one that Git has last.
    pub owners: Vec<Object>,
    /// Other objects that were looked at.
    pub around: Vec<Object>,
    /// Objects that were looked for and are not there: kind, namespace, name.
    pub absent: Vec<(String, String, String)>,
    /// What is reported about the object.
    pub events: Vec<Object>,
    /// The last lines of the runs that failed.
    pub logs: Vec<Log>,
    /// What was asked for and could not be read: that there is none of it proves nothing.
    pub unread: Vec<String>,
    pub now: Timestamp,
}

/// The end of one container's log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Log {
    pub container: String,
    /// Oldest first.
    pub lines: Vec<String>,
    /// Why there are none; empty where there are.
    pub error: String,
}

/// What is known of another object.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Lookup<'a> {
    Found(&'a Object),
    Absent,
    /// Nobody looked, or it could not be read.
    Unknown,
}

impl Facts {
    /// Another object that was looked for.
    pub fn find(&self, kind: &str, namespace: &str, name: &str) -> Lookup<'_> {
        let is =
            |it: &&Object| it.kind() == kind && it.namespace() == namespace && it.name() == name;
        if let Some(object) = self.around.iter().find(is) {
            return Lookup::Found(object);
        }
        let absent = self
            .absent
            .iter()
            .any(|it| it.0 == kind && it.1 == namespace && it.2 == name);
        if absent {
            Lookup::Absent
        } else {
            Lookup::Unknown
        }
    }

    /// All that were looked at, of a kind.
    pub(super) fn all<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Object> {
        self.around.iter().filter(move |it| it.kind() == kind)
    }

    /// `Pod shop/web-1`
    pub(super) fn subject(&self) -> String {
        title(&self.object)
    }

    /// A field of the pod, as the object has it that Git has: below the template of whoever made
    /// the pod.
    pub fn pod_field(&self, path: &str) -> Field {
        let root = self.owners.last().unwrap_or(&self.object);
        field_of(root, &format!("{}{path}", template(root.kind())))
    }

    /// Warnings with this reason, the newest first.
    pub(super) fn warnings<'a>(&'a self, reason: &'a str) -> impl Iterator<Item = &'a Object> {
        let mut found: Vec<&Object> = self.events.iter().collect();
        found.retain(|it| it.text("/type") == "Warning" && it.text("/reason") == reason);
        found.sort_by_key(|event| std::cmp::Reverse(happened(event)));
        found.into_iter()
    }

    /// The newest warning of all.
    pub(super) fn newest_warning(&self) -> Option<&Object> {
        let warnings = self
            .events
            .iter()
            .filter(|it| it.text("/type") == "Warning");
        warnings.max_by_key(|event| happened(event))
    }

    pub(super) fn log(&self, container: &str) -> Option<&Log> {
        self.logs.iter().find(|log| log.container == container)
    }
}

/// `Deployment shop/web`
pub fn title(object: &Object) -> String {
    name_of(object.kind(), object.namespace(), object.name())
}

/// What is below it, of the pods that a kind makes.
fn template(kind: &str) -> &'static str {
    match kind {
        "Pod" => "",
        "CronJob" => "spec.jobTemplate.spec.template.",
        _ => "spec.template.",
    }
}

pub(super) fn field_of(object: &Object, path: &str) -> Field {
    Field {
        kind: object.kind().to_owned(),
        namespace: object.namespace().to_owned(),
        name: object.name().to_owned(),
        path: path.to_owned(),
    }
}

/// `core/v1` has `message`, `events.k8s.io/v1` `note`.
pub(super) fn message(event: &Object) -> &str {
    match event.text("/message") {
        "" => event.text("/note"),
        message => message,
    }
}

fn happened(event: &Object) -> Option<Timestamp> {
    [
        "/series/lastObservedTime",
        "/lastTimestamp",
        "/deprecatedLastTimestamp",
        "/eventTime",
    ]
    .into_iter()
    .chain(["/firstTimestamp", "/metadata/creationTimestamp"])
    .find_map(|pointer| parse_time(event.text(pointer)))
}

/// The elements of a list; none where it is none.
pub(super) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The objects that have to be looked at to explain this one.
pub fn needs(object: &Object) -> Vec<ObjectKey> {
    let spec = match object.kind() {
        "Pod" => &object.body["spec"],
        _ => return Vec::new(),
    };
    let mut keys = Vec::new();
    let mut need = |resource: &str, name: &Value| {
        if let Some(name) = name.as_str() {
            keys.push(Collection::new("", resource).key(object.namespace(), name));
        }
    };
    for container in ["containers", "initContainers"]
        .iter()
        .flat_map(|it| items(&spec[it]))
    {
        for from in items(&container["envFrom"]) {
            need("configmaps", &from["configMapRef"]["name"]);
            need("secrets", &from["secretRef"]["name"]);
        }
        for from in items(&container["env"]).map(|it| &it["valueFrom"]) {
            need("configmaps", &from["configMapKeyRef"]["name"]);
            need("secrets", &from["secretKeyRef"]["name"]);
        }
    }
    for volume in items(&spec["volumes"]) {
        need("configmaps", &volume["configMap"]["name"]);
        need("secrets", &volume["secret"]["secretName"]);
        need(
            "persistentvolumeclaims",
            &volume["persistentVolumeClaim"]["claimName"],
        );
        for from in items(&volume["projected"]["sources"]) {
            need("configmaps", &from["configMap"]["name"]);
            need("secrets", &from["secret"]["name"]);
        }
    }
    for secret in items(&spec["imagePullSecrets"]) {
        need("secrets", &secret["name"]);
    }
    if let Some(node) = spec["nodeName"].as_str().filter(|it| !it.is_empty()) {
        keys.push(Collection::new("", "nodes").key("", node));
    }
    keys.sort();
    keys.dedup();
    keys
}
