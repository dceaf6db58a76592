//! `kubectl get`: objects as rows of a `meta.k8s.io` Table.

use jiff::Timestamp;
use serde_json::{Value, json};

use api::Object;

use crate::registry::kinds::Kind;

use super::negotiate::MetaVersion;
use super::respond::partial;

/// The table of some objects of one kind.
pub(crate) fn table(
    kind: &Kind,
    objects: &[Object],
    resource_version: &str,
    version: MetaVersion,
    now: Timestamp,
) -> Value {
    let columns: Vec<Value> = kind
        .resource
        .columns
        .iter()
        .map(|column| {
            json!({
                "name": column.name, "type": column.kind, "format": column.format,
                "description": "", "priority": column.priority,
            })
        })
        .collect();
    let rows: Vec<Value> = objects
        .iter()
        .map(|object| json!({"cells": (kind.row)(object, now), "object": partial(object, version)}))
        .collect();
    json!({
        "kind": "Table", "apiVersion": version.api_version(), "metadata": {"resourceVersion": resource_version},
        "columnDefinitions": columns, "rows": rows,
    })
}
