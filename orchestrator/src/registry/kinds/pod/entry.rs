//! The table's entry.

use api::{Cause, Object};
use serde_json::{Value, json};

use super::super::field::{Causes, Field};
use super::super::{Kind, edit, generic};
use super::{default, quality, row, spec, update};

/// Seconds a pod has to stop where nobody says otherwise.
const GRACE: i64 = 30;

pub(in super::super) fn kind(base: Kind) -> Kind {
    Kind {
        default: default::default_pod,
        prepare_create,
        prepare_update: generic::next_generation,
        prepare_status: |new, old| {
            generic::take_status(new, old);
            let class = old.pointer("/status/qosClass").cloned();
            if let (Some(class), Some(status)) = (class, edit::ensure(&mut new.body, "status")) {
                edit::set(status, "qosClass", class);
            }
        },
        validate_create,
        validate_update: |new, old| {
            let mut causes = update::validate(new, old);
            if causes.is_empty() {
                causes = validate_create(new);
            }
            causes
        },
        validate_status: |_, _| Vec::new(),
        row: row::row,
        field,
        grace,
        ..base
    }
}

/// A new pod is Pending and has a class and a priority.
fn prepare_create(object: &mut Object) {
    generic::first_generation(object);
    let status = json!({"phase": "Pending", "qosClass": quality::class(object)});
    edit::put(&mut object.body, "status", status);
    let Some(spec) = edit::member(&mut object.body, "spec") else {
        return;
    };
    edit::set(spec, "priority", 0);
    edit::set(spec, "preemptionPolicy", "PreemptLowerPriority");
}

fn validate_create(object: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let root = Field::root(object);
    spec::validate_spec(&mut causes, &root.get("spec"));
    spec::validate_host_ports(&mut causes, &root.get("spec"));
    causes.finish()
}

fn field(object: &Object, field: &str) -> Option<String> {
    let pointer = match field {
        "spec.nodeName" => "/spec/nodeName",
        "spec.restartPolicy" => "/spec/restartPolicy",
        "spec.schedulerName" => "/spec/schedulerName",
        "spec.serviceAccountName" => "/spec/serviceAccountName",
        "status.phase" => "/status/phase",
        "status.podIP" => "/status/podIP",
        "status.nominatedNodeName" => "/status/nominatedNodeName",
        "status.podIPs" => {
            let ips = object.pointer("/status/podIPs").and_then(Value::as_array);
            let ips: Vec<&str> = ips
                .into_iter()
                .flatten()
                .filter_map(|ip| ip["ip"].as_str())
                .collect();
            return Some(ips.join(","));
        }
        "spec.hostNetwork" => {
            return Some((object.pointer("/spec/hostNetwork") == Some(&json!(true))).to_string());
        }
        _ => return generic::metadata_field(object, field),
    };
    Some(object.text(pointer).to_owned())
}

/// At once where no container can be running; else as asked, and a second deletion may only be
/// quicker than the first.
fn grace(object: &Object, asked: Option<i64>) -> i64 {
    let is_over = ["Succeeded", "Failed"].contains(&object.text("/status/phase"));
    if object.text("/spec/nodeName").is_empty() || is_over {
        return 0;
    }
    let number = |pointer| object.pointer(pointer).and_then(Value::as_i64);
    let own = number("/spec/terminationGracePeriodSeconds").unwrap_or(GRACE);
    let running = number("/metadata/deletionGracePeriodSeconds").filter(|_| object.is_deleting());
    let seconds = match (asked, running) {
        (Some(asked), Some(running)) => asked.min(running),
        (Some(asked), None) => asked,
        (None, running) => running.unwrap_or(own),
    };
    // Negative means the least there is without losing the node's confirmation.
    if seconds < 0 { 1 } else { seconds }
}
