//! Events: what happened to an object, for people.

use api::{Cause, Object};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::field::{Causes, Field};
use super::{Kind, cells, generic};

/// Selectable fields and where their values are.
const FIELDS: &[(&str, &str)] = &[
    ("involvedObject.kind", "/involvedObject/kind"),
    ("involvedObject.namespace", "/involvedObject/namespace"),
    ("involvedObject.name", "/involvedObject/name"),
    ("involvedObject.uid", "/involvedObject/uid"),
    ("involvedObject.apiVersion", "/involvedObject/apiVersion"),
    (
        "involvedObject.resourceVersion",
        "/involvedObject/resourceVersion",
    ),
    ("involvedObject.fieldPath", "/involvedObject/fieldPath"),
    ("reason", "/reason"),
    ("type", "/type"),
];

pub(super) fn kind(base: Kind) -> Kind {
    Kind {
        prepare_create: |_| {},
        prepare_update: |_, _| {},
        validate_create,
        validate_update: |new, _| validate_create(new),
        row,
        field,
        create_on_update: true,
        ..base
    }
}

fn validate_create(object: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let root = Field::root(object);
    let involved = root.get("involvedObject").get("namespace");
    let namespace = object.namespace();
    let fits = if involved.is_empty() {
        // Events about cluster-scoped objects live in the default namespace.
        namespace.is_empty() || namespace == "default" || namespace == "kube-system"
    } else {
        involved.text() == namespace
    };
    if !fits {
        causes.invalid(&involved, "does not match event.namespace");
    }
    causes.at_least(&root.get("count"), 0);
    for (field, limit) in [("action", 128), ("reason", 128), ("message", 1024)] {
        // Only events of the new shape have these limits.
        if root.get("eventTime").is_set() && root.get(field).text().len() > limit {
            causes.invalid(
                &root.get(field),
                &format!("can have at most {limit} characters"),
            );
        }
    }
    causes.finish()
}

fn field(object: &Object, field: &str) -> Option<String> {
    match field {
        "source" => Some(source(object).0.to_owned()),
        "reportingComponent" => Some(object.text("/reportingComponent").to_owned()),
        _ => FIELDS
            .iter()
            .find(|(name, _)| *name == field)
            .map(|(_, pointer)| object.text(pointer).to_owned())
            .or_else(|| generic::metadata_field(object, field)),
    }
}

fn row(object: &Object, now: Timestamp) -> Vec<Value> {
    let first = first_of(
        object,
        &[
            "/firstTimestamp",
            "/eventTime",
            "/metadata/creationTimestamp",
        ],
    );
    let last = first_of(
        object,
        &[
            "/series/lastObservedTime",
            "/lastTimestamp",
            "/firstTimestamp",
            "/eventTime",
        ],
    );
    let count = match object.pointer("/series/count").and_then(Value::as_i64) {
        Some(count) => count,
        None => cells::number(object, "/count").max(1),
    };
    let (component, host) = source(object);
    let source = if host.is_empty() {
        component.to_owned()
    } else {
        format!("{component}, {host}")
    };
    let involved = format!(
        "{}/{}",
        object.text("/involvedObject/kind").to_lowercase(),
        object.text("/involvedObject/name")
    );
    vec![
        cells::since(last, now),
        json!(object.text("/type")),
        json!(object.text("/reason")),
        json!(involved),
        json!(object.text("/involvedObject/fieldPath")),
        json!(source),
        json!(object.text("/message").trim()),
        cells::since(first, now),
        json!(count.to_string()),
        json!(object.name()),
    ]
}

/// Component and host that report it, in either shape of event.
fn source(object: &Object) -> (&str, &str) {
    let either = |old, new| match object.text(old) {
        "" => object.text(new),
        text => text,
    };
    (
        either("/source/component", "/reportingComponent"),
        either("/source/host", "/reportingInstance"),
    )
}

fn first_of<'a>(object: &'a Object, pointers: &[&str]) -> &'a str {
    pointers
        .iter()
        .map(|pointer| object.text(pointer))
        .find(|text| !text.is_empty())
        .unwrap_or_default()
}
