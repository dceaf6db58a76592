//! What the patch types do together, through their public functions.
#![expect(
    clippy::needless_pass_by_value,
    reason = "literals read better without a reference"
)]

mod apply;
mod conflicts;
mod manage;
mod properties;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::apply::{Conflicts, apply};
use super::manage::update;
use super::managed::{Entry, Managed, pack};
use super::{Manager, PatchType};
use crate::schema::Type;
use crate::{GroupVersionKind, Object, Status};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn schema_of(object: &Object) -> Option<&'static Type> {
    crate::schema::kind(&GroupVersionKind::from_type_meta(
        object.text("/apiVersion"),
        object.kind(),
    ))
}

fn try_apply(
    live: Option<&Object>,
    config: Value,
    name: &str,
    conflicts: Conflicts,
    second: i64,
) -> Result<Object, Status> {
    let config = Object::from(config);
    let manager = Manager {
        name,
        subresource: "",
    };
    apply(
        live,
        &config,
        &manager,
        conflicts,
        at(second),
        schema_of(&config),
    )
}

#[track_caller]
fn applied(live: Option<&Object>, config: Value, name: &str, second: i64) -> Object {
    try_apply(live, config, name, Conflicts::Refuse, second).unwrap()
}

fn updated(live: &Object, change: impl FnOnce(&mut Value), name: &str, second: i64) -> Object {
    let mut new = live.clone();
    change(&mut new.body);
    let manager = Manager {
        name,
        subresource: "",
    };
    let schema = schema_of(&new);
    update(Some(live), &mut new, &manager, at(second), schema);
    new
}

/// `manager operation@second: fields` of every entry.
fn owners(object: &Object) -> Vec<String> {
    let describe = |entry: &Entry| {
        let second = entry.time.as_deref().and_then(crate::parse_time);
        let second = second.map_or(-1, Timestamp::as_second);
        let paths = entry.fields.paths().join(" ");
        format!("{} {:?}@{second}: {paths}", entry.manager, entry.operation)
    };
    Managed::of(object).entries.iter().map(describe).collect()
}

fn deployment(spec: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "default"}, "spec": spec})
}

fn containers(containers: Value) -> Value {
    deployment(json!({"template": {"spec": {"containers": containers}}}))
}

fn config_map(data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": data})
}

#[test]
fn patch_types_are_told_by_their_content_type() {
    let check = |content_type: &str, expected: Option<PatchType>| {
        assert_eq!(PatchType::from_content_type(content_type), expected);
    };
    check("application/json-patch+json", Some(PatchType::Json));
    check(
        "application/merge-patch+json; charset=utf-8",
        Some(PatchType::Merge),
    );
    check(
        "application/strategic-merge-patch+json",
        Some(PatchType::Strategic),
    );
    check("application/apply-patch+yaml", Some(PatchType::Apply));
    check("application/json", None);
}
