//! Nodes: machines that run pods. They report their own status, on create, too.

use std::collections::BTreeSet;

use api::{Cause, Object};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::field::{Causes, Field};
use super::{Kind, cells, edit, generic, pod};

const ROLE: &str = "node-role.kubernetes.io/";

pub(super) fn kind(base: Kind) -> Kind {
    Kind {
        default: |object| {
            for map in ["capacity", "allocatable"] {
                if let Some(status) = edit::member(&mut object.body, "status") {
                    pod::canonical(status, map);
                }
            }
        },
        prepare_create: |new| {
            edit::set(&mut new.body, "spec", json!({}));
        },
        validate_create,
        validate_update,
        row,
        field: |object, field| match field {
            "spec.unschedulable" => {
                let flag = object.pointer("/spec/unschedulable") == Some(&json!(true));
                Some(flag.to_string())
            }
            _ => generic::metadata_field(object, field),
        },
        ..base
    }
}

fn validate_create(object: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let root = Field::root(object);
    let spec = root.get("spec");
    let mut seen = BTreeSet::new();
    for taint in spec.get("taints").items() {
        let (key, value, effect) = (taint.get("key"), taint.get("value"), taint.get("effect"));
        causes.rules(&key, api::name::label_key(key.text()));
        causes.rules(&value, api::name::label_value(value.text()));
        if causes.require(&effect, "") {
            causes.one_of(&effect, &["NoSchedule", "PreferNoSchedule", "NoExecute"]);
        }
        if !seen.insert((key.text(), effect.text())) {
            causes.duplicate(&taint);
        }
    }
    let ranges = spec.get("podCIDRs");
    for range in ranges.items() {
        causes.rules(&range, api::name::cidr(range.text()));
    }
    causes.name(&spec.get("podCIDR"), api::name::cidr);
    for map in ["capacity", "allocatable"] {
        pod::quantities(&mut causes, &root.get("status").get(map));
    }
    causes.finish()
}

fn validate_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let (now, before) = (Field::root(new).get("spec"), Field::root(old).get("spec"));
    for field in ["podCIDR", "podCIDRs", "providerID"] {
        let (set, was) = (now.get(field), before.get(field));
        if !was.is_empty() && set.value() != was.value() {
            let rule = format!("node updates may not change {field} except from \"\" to valid");
            causes.forbidden(&set, &rule);
        }
    }
    let mut all = causes.finish();
    all.extend(validate_create(new));
    all
}

fn row(object: &Object, now: Timestamp) -> Vec<Value> {
    let address = |kind: &str| {
        let found = cells::list(object, "/status/addresses")
            .iter()
            .find(|address| address["type"] == kind)
            .and_then(|address| address["address"].as_str());
        cells::or_none(found.unwrap_or_default())
    };
    let info = |field: &str| object.text(&format!("/status/nodeInfo/{field}"));
    vec![
        json!(object.name()),
        json!(status(object)),
        roles(object),
        cells::age(object, now),
        json!(info("kubeletVersion")),
        address("InternalIP"),
        address("ExternalIP"),
        cells::or_unknown(info("osImage")),
        cells::or_unknown(info("kernelVersion")),
        cells::or_unknown(info("containerRuntimeVersion")),
    ]
}

fn status(object: &Object) -> String {
    let ready = object.condition("Ready");
    let mut status = match ready.as_ref().map(|condition| condition.status.as_str()) {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if object.pointer("/spec/unschedulable") == Some(&json!(true)) {
        status.push_str(",SchedulingDisabled");
    }
    status
}

fn roles(object: &Object) -> Value {
    let roles: BTreeSet<&str> = object
        .labels()
        .filter_map(|(key, value)| match key.strip_prefix(ROLE) {
            Some(role) if !role.is_empty() => Some(role),
            _ if key == "kubernetes.io/role" && !value.is_empty() => Some(value),
            _ => None,
        })
        .collect();
    cells::joined(roles)
}
