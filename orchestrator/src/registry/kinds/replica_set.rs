//! `ReplicaSets`: so many pods of one template.

use api::{Cause, Object};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::field::{Causes, Field};
use super::{Kind, cells, edit, generic, scale, workload};

pub(super) fn kind(base: Kind) -> Kind {
    Kind {
        default: |object| {
            if let Some(spec) = edit::member(&mut object.body, "spec") {
                edit::set(spec, "replicas", 1);
                workload::default_template(spec);
            }
        },
        prepare_create: generic::first_generation,
        prepare_update: generic::next_generation,
        validate_create,
        validate_update: |new, old| {
            let mut causes = validate_create(new);
            causes.extend(workload::fixed_selector(new, old));
            causes
        },
        validate_status: |new, _| {
            workload::counts(
                new,
                &[
                    "replicas",
                    "fullyLabeledReplicas",
                    "readyReplicas",
                    "availableReplicas",
                    "observedGeneration",
                ],
            )
        },
        row,
        field: |object, field| match field {
            "status.replicas" => Some(cells::number(object, "/status/replicas").to_string()),
            _ => generic::metadata_field(object, field),
        },
        scale: Some(scale::REPLICAS),
        ..base
    }
}

fn validate_create(object: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let spec = Field::root(object).get("spec");
    causes.at_least(&spec.get("replicas"), 0);
    causes.at_least(&spec.get("minReadySeconds"), 0);
    workload::selector(&mut causes, &spec, "replica set");
    workload::template(&mut causes, &spec.get("template"), &["Always"]);
    causes.finish()
}

fn row(object: &Object, now: Timestamp) -> Vec<Value> {
    let [containers, images] = cells::containers(object, "/spec/template/spec");
    vec![
        json!(object.name()),
        json!(cells::number(object, "/spec/replicas")),
        json!(cells::number(object, "/status/replicas")),
        json!(cells::number(object, "/status/readyReplicas")),
        cells::age(object, now),
        containers,
        images,
        cells::selector(object.pointer("/spec/selector")),
    ]
}
