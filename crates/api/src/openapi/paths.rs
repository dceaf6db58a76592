//! The paths of a resource and what can be done there.

use serde_json::{Map, Value, json};

use super::Dialect;
use super::operation::{DELETE, LIST, Operation, PATCH, READ, WRITE, parameter};
use crate::GroupVersionKind;
use crate::resource::{Resource, Subresource};

/// The paths of the resources, in their order.
pub(super) fn paths(resources: &[&Resource], dialect: Dialect) -> Value {
    let mut paths = Map::new();
    for resource in resources {
        resource_paths(resource, dialect, &mut paths);
    }
    Value::Object(paths)
}

/// `Deployment` to `DeploymentList`.
pub(super) fn list_kind(resource: &Resource) -> GroupVersionKind {
    GroupVersionKind::new(
        &resource.group,
        &resource.version,
        format!("{}List", resource.kind),
    )
}

/// What a subresource takes; without a version of its own it is of the resource's.
pub(super) fn subresource_kind(resource: &Resource, subresource: &Subresource) -> GroupVersionKind {
    if subresource.version.is_empty() {
        GroupVersionKind::new(&resource.group, &resource.version, &subresource.kind)
    } else {
        GroupVersionKind::new(&subresource.group, &subresource.version, &subresource.kind)
    }
}

fn resource_paths(resource: &Resource, dialect: Dialect, paths: &mut Map<String, Value>) {
    let kind = resource.gvk();
    let list = list_kind(resource);
    let collection = resource.collection_path("{namespace}");
    let mut add = |path: String, operations: &[Operation], suffix: &str| {
        if !operations.is_empty() {
            let item = path_item(&path, resource, operations, suffix, dialect);
            paths.insert(path, item);
        }
    };
    let can = |verb: &str| resource.verbs.iter().any(|known| known == verb);
    let listing = |action| Operation {
        method: "get",
        action,
        verb: "list",
        kind: &kind,
        takes: None,
        gives: Some(&list),
        parameters: LIST,
    };
    let mut on_collection = Vec::new();
    if can("list") {
        on_collection.push(listing("list"));
        if resource.is_namespaced() {
            add(
                resource.collection_path(""),
                &[listing("list")],
                "ForAllNamespaces",
            );
        }
    }
    if can("create") {
        on_collection.push(created(&kind, &kind));
    }
    if can("deletecollection") {
        on_collection.push(Operation {
            verb: "deleteCollection",
            action: "deletecollection",
            ..deleted(&kind)
        });
    }
    add(collection.clone(), &on_collection, "");
    let object = format!("{collection}/{{name}}");
    let on_object = on_object(&resource.verbs, &kind, &kind);
    add(object.clone(), &on_object, "");
    for subresource in &resource.subresources {
        let takes = subresource_kind(resource, subresource);
        let operations = on_subresource(subresource, &kind, &takes);
        let suffix = capitalized(&subresource.name);
        add(
            format!("{object}/{}", subresource.name),
            &operations,
            &suffix,
        );
    }
}

fn on_object<'a>(
    verbs: &[String],
    kind: &'a GroupVersionKind,
    takes: &'a GroupVersionKind,
) -> Vec<Operation<'a>> {
    verbs
        .iter()
        .filter_map(|verb| {
            let write = |method, action, verb, parameters| Operation {
                method,
                action,
                verb,
                kind,
                takes: Some(takes),
                gives: Some(takes),
                parameters,
            };
            match verb.as_str() {
                "get" => Some(Operation {
                    takes: None,
                    ..write("get", "get", "read", READ)
                }),
                "update" => Some(write("put", "put", "replace", WRITE)),
                "patch" => Some(write("patch", "patch", "patch", PATCH)),
                "delete" => Some(deleted(kind)),
                _ => None,
            }
        })
        .collect()
}

fn on_subresource<'a>(
    subresource: &Subresource,
    resource: &'a GroupVersionKind,
    takes: &'a GroupVersionKind,
) -> Vec<Operation<'a>> {
    // Streams: what they take is in the query.
    if takes.kind.ends_with("Options") {
        return [("get", "connectGet"), ("post", "connectPost")]
            .into_iter()
            .map(|(method, verb)| Operation {
                method,
                action: "connect",
                verb,
                kind: takes,
                takes: None,
                gives: None,
                parameters: READ,
            })
            .collect();
    }
    if subresource.name == "log" {
        return vec![Operation {
            method: "get",
            action: "get",
            verb: "read",
            kind: resource,
            takes: None,
            gives: None,
            parameters: READ,
        }];
    }
    let mut operations = on_object(&subresource.verbs, takes, takes);
    if subresource.verbs.iter().any(|verb| verb == "create") {
        operations.push(created(takes, takes));
    }
    operations
}

fn created<'a>(kind: &'a GroupVersionKind, takes: &'a GroupVersionKind) -> Operation<'a> {
    Operation {
        method: "post",
        action: "post",
        verb: "create",
        kind,
        takes: Some(takes),
        gives: Some(takes),
        parameters: WRITE,
    }
}

fn deleted(kind: &GroupVersionKind) -> Operation<'_> {
    Operation {
        method: "delete",
        action: "delete",
        verb: "delete",
        kind,
        takes: None,
        gives: None,
        parameters: DELETE,
    }
}

fn path_item(
    path: &str,
    resource: &Resource,
    operations: &[Operation],
    suffix: &str,
    dialect: Dialect,
) -> Value {
    let mut item = Map::new();
    let scope = if path.contains("{namespace}") {
        "Namespaced"
    } else {
        ""
    };
    let name = format!(
        "{}{}{scope}{}{suffix}",
        group_name(&resource.group),
        capitalized(&resource.version),
        resource.kind,
    );
    for operation in operations {
        let id = format!("{}{name}", operation.verb);
        item.insert(operation.method.into(), operation.to_json(&id, dialect));
    }
    let in_path: Vec<Value> = [
        ("name", "name of the object"),
        ("namespace", "its namespace"),
    ]
    .iter()
    .filter(|(name, _)| path.contains(&format!("{{{name}}}")))
    .map(|(name, description)| {
        let mut parameter = parameter((name, "string", description), "path", dialect);
        parameter["required"] = json!(true);
        parameter
    })
    .collect();
    if !in_path.is_empty() {
        item.insert("parameters".into(), in_path.into());
    }
    Value::Object(item)
}

/// `rbac.authorization.k8s.io` to `RbacAuthorization`, the core group to `Core`.
fn group_name(group: &str) -> String {
    if group.is_empty() {
        return "Core".into();
    }
    group
        .trim_end_matches(".k8s.io")
        .split('.')
        .map(capitalized)
        .collect()
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
