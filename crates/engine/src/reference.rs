//! Which objects an object names: what has to be there before it.

use serde_json::Value;

use api::{Object, ObjectKey};

use crate::manifest::{name_of, title};
use crate::{Kinds, Manifest, Problem};

/// What an object says that it comes after; the second name is kpt's and Flux's.
pub(crate) const DEPENDS_ON: [&str; 2] =
    ["kedge.dev/depends-on", "config.kubernetes.io/depends-on"];

/// One object named by another one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reference {
    kind: String,
    /// Where the one that names it is, if nothing else is said; objects without a namespace are in
    /// every one.
    namespace: String,
    name: String,
    /// Whether a person says so: it has to be healthy, and to be part of the commit.
    pub(crate) said: bool,
}

impl Reference {
    fn new(kind: &str, namespace: &str, name: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            said: false,
        }
    }

    /// Whether this is the object that is meant.
    pub(crate) fn is(&self, kind: &str, key: &ObjectKey) -> bool {
        kind.eq_ignore_ascii_case(&self.kind)
            && key.name == self.name
            && (key.namespace.is_empty() || key.namespace == self.namespace)
    }

    /// Kind in small letters, and name.
    pub(crate) fn place(&self) -> (String, &str) {
        (self.kind.to_ascii_lowercase(), &self.name)
    }

    /// `Deployment shop/web`
    pub(crate) fn title(&self) -> String {
        name_of(&self.kind, &self.namespace, &self.name)
    }
}

/// An object that another one names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// As the object that names it writes it, such as `ConfigMap`.
    pub kind: String,
    /// Of no meaning for what lives in no namespace.
    pub namespace: String,
    pub name: String,
}

/// What an object names: what its pods take, whom its roles bind, what its routes lead to, what it
/// says that it comes after. Not its own namespace, nor its own kind.
pub fn references(kinds: &Kinds, object: &Object) -> Vec<Named> {
    let all = of_live(kinds, object).into_iter();
    let meant = all.filter(|it| it.kind != "Namespace" && it.kind != "CustomResourceDefinition");
    let named = meant.map(|it| Named {
        kind: it.kind,
        namespace: it.namespace,
        name: it.name,
    });
    named.collect()
}

/// What a manifest names.
///
/// # Errors
/// An annotation that cannot be read.
pub(crate) fn of_manifest(kinds: &Kinds, manifest: &Manifest) -> Result<Vec<Reference>, Problem> {
    let object = &manifest.object;
    let mut found = named(kinds, object);
    for annotation in DEPENDS_ON {
        for part in parts(object, annotation) {
            let reference = read(part, object.namespace()).ok_or_else(|| {
                Problem::new(
                    &manifest.origin.file,
                    format!("{annotation} is {part:?}, which names no object"),
                )
                .at(manifest.origin.line, 0)
                .field(format!("metadata.annotations[{annotation}]"))
                .object(title(object))
                .hint("write KIND/NAME or KIND/NAMESPACE/NAME, with commas between several")
            })?;
            found.push(reference);
        }
    }
    Ok(found)
}

/// As [`of_manifest`], of an object that was checked when it was applied.
pub(crate) fn of_live(kinds: &Kinds, object: &Object) -> Vec<Reference> {
    let mut found = named(kinds, object);
    for annotation in DEPENDS_ON {
        let said = parts(object, annotation);
        found.extend(said.filter_map(|part| read(part, object.namespace())));
    }
    found
}

fn parts<'a>(object: &'a Object, annotation: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    let text = object.annotation(annotation).unwrap_or_default();
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

/// `KIND/NAME`, `KIND/NAMESPACE/NAME`, and kpt's `GROUP/KIND/NAME` and
/// `GROUP/namespaces/NAMESPACE/KIND/NAME`, where the group may be empty.
fn read(text: &str, namespace: &str) -> Option<Reference> {
    let parts: Vec<&str> = text.split('/').collect();
    // A group has a dot in it or is none; a kind is neither.
    let is_group = |text: &str| text.is_empty() || text.contains('.');
    let (namespace, kind, name) = match parts.as_slice() {
        [kind, name] => (namespace, kind, name),
        [group, kind, name] if is_group(group) => (namespace, kind, name),
        [kind, namespace, name] | [_, "namespaces", namespace, kind, name] => {
            (*namespace, kind, name)
        }
        _ => return None,
    };
    let mut reference = Reference::new(kind, namespace, name);
    reference.said = true;
    let whole = !reference.kind.is_empty() && !reference.name.is_empty();
    whole.then_some(reference)
}

/// By the fields that name other objects wherever they are: in pods, roles, routes and autoscalers of
/// Kubernetes, and in the kinds of others that spell them alike.
fn named(kinds: &Kinds, object: &Object) -> Vec<Reference> {
    let namespace = object.namespace();
    let mut found = Vec::new();
    if !namespace.is_empty() {
        found.push(Reference::new("Namespace", "", namespace));
    }
    if let Some(kind) = kinds
        .find(&object.gvk())
        .filter(|it| it.collection.group.contains('.'))
    {
        let name = format!("{}.{}", kind.collection.resource, kind.collection.group);
        found.push(Reference::new("CustomResourceDefinition", "", &name));
    }
    for (field, value) in object.body.as_object().into_iter().flatten() {
        if !matches!(field.as_str(), "metadata" | "status" | "data") {
            visit(field, value, namespace, &mut found);
        }
    }
    found.sort();
    found.dedup();
    found
}

fn visit(field: &str, value: &Value, namespace: &str, found: &mut Vec<Reference>) {
    match value {
        Value::String(name) => {
            let kind = match field {
                "serviceAccountName" => "ServiceAccount",
                "claimName" => "PersistentVolumeClaim",
                "secretName" => "Secret",
                "serviceName" => "Service",
                "storageClassName" => "StorageClass",
                "volumeName" => "PersistentVolume",
                "ingressClassName" => "IngressClass",
                "priorityClassName" => "PriorityClass",
                "runtimeClassName" => "RuntimeClass",
                _ => return,
            };
            found.push(Reference::new(kind, namespace, name));
        }
        Value::Array(items) => {
            for item in items {
                visit(field, item, namespace, found);
            }
        }
        Value::Object(map) => {
            let text = |name: &str| map.get(name).and_then(Value::as_str);
            let kind = match field {
                "configMapKeyRef" | "configMapRef" | "configMap" => Some("ConfigMap"),
                "secretKeyRef" | "secretRef" | "secret" | "imagePullSecrets" => Some("Secret"),
                "service" => Some("Service"),
                "scaleTargetRef" | "roleRef" | "subjects" => text("kind"),
                _ => None,
            };
            if let (Some(kind), Some(name)) = (kind, text("name")) {
                let namespace = text("namespace").unwrap_or(namespace);
                found.push(Reference::new(kind, namespace, name));
            }
            for (field, value) in map {
                visit(field, value, namespace, found);
            }
        }
        _ => {}
    }
}
