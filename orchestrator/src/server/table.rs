//! `kubectl get`: objects as rows of a `meta.k8s.io` Table.

use jiff::Timestamp;
use serde_json::{Value, json};

use api::Object;

use crate::registry::kinds::{Kind, Scale};

use super::negotiate::{Include, MetaVersion};
use super::respond::partial;

/// The table of some objects of one kind.
pub(crate) fn table(
    kind: &Kind,
    objects: &[Object],
    resource_version: &str,
    (version, include): (MetaVersion, Include),
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
        .map(|object| {
            let carried = match include {
                Include::None => Value::Null,
                Include::Metadata => partial(object, version),
                Include::Object => object.body.clone(),
            };
            json!({"cells": kind.row(object, now), "object": carried})
        })
        .collect();
    json!({
        "kind": "Table", "apiVersion": version.api_version(), "metadata": {"resourceVersion": resource_version},
        "columnDefinitions": columns, "rows": rows,
    })
}

/// The table of a `Scale`, which is no kind that is stored.
pub(crate) fn scale(scale: &Object, version: MetaVersion, now: Timestamp) -> Value {
    let columns: Vec<Value> = Scale::COLUMNS
        .iter()
        .map(|(name, kind, format)| {
            json!({
                "name": name, "type": kind, "format": format, "description": "", "priority": 0,
            })
        })
        .collect();
    json!({
        "kind": "Table", "apiVersion": version.api_version(),
        "metadata": {"resourceVersion": scale.resource_version().0},
        "columnDefinitions": columns,
        "rows": [{"cells": Scale::row(scale, now), "object": partial(scale, version)}],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Kubernetes' own printer has it.
    #[test]
    fn a_scale_shows_its_two_numbers() {
        let object = json!({
            "apiVersion": "autoscaling/v1", "kind": "Scale",
            "metadata": {"name": "web", "creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {"replicas": 3}, "status": {"replicas": 2, "selector": "app=web"},
        });
        let now = "2026-01-01T00:05:00Z".parse().unwrap();
        let table = scale(&object.into(), MetaVersion::V1, now);
        let columns = table["columnDefinitions"].as_array().unwrap();
        let names: Vec<&str> = columns
            .iter()
            .filter_map(|it| it["name"].as_str())
            .collect();
        assert_eq!(names, ["Name", "Desired", "Available", "Age"]);
        assert_eq!(table["rows"][0]["cells"], json!(["web", 3, 2, "5m"]));
    }
}
