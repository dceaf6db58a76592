//! kedge.dev Rollouts: the record of one attempt to bring an Application to a commit.

use api::{Cause, Object};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::application::short_commit;
use super::field::{Causes, Field};
use super::{Kind, cells, generic};

const PHASES: &[&str] = &[
    "Pending",
    "Applying",
    "Verifying",
    "Succeeded",
    "Failed",
    "Superseded",
    "Held",
];

pub(super) fn kind(base: Kind) -> Kind {
    Kind {
        prepare_create: generic::first_generation,
        prepare_update: generic::next_generation,
        validate_create,
        validate_update,
        validate_status,
        row,
        field: |object, field| match field {
            "spec.application" => Some(object.text("/spec/application").to_owned()),
            "spec.push" => Some(object.text("/spec/push").to_owned()),
            "status.phase" => Some(object.text("/status/phase").to_owned()),
            _ => generic::metadata_field(object, field),
        },
        unconditional_update: false,
        ..base
    }
}

fn validate_create(object: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let spec = Field::root(object).get("spec");
    let application = spec.get("application");
    if causes.require(&application, "") {
        causes.rules(
            &application,
            api::name::dns1123_subdomain(application.text()),
        );
    }
    causes.require(&spec.get("revision"), "");
    causes.finish()
}

/// A record is written once.
fn validate_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let (now, before) = (Field::root(new).get("spec"), Field::root(old).get("spec"));
    if now.value() != before.value() {
        causes.invalid(&now, "field is immutable");
    }
    causes.finish()
}

fn validate_status(new: &Object, _old: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    causes.one_of(&Field::root(new).get("status").get("phase"), PHASES);
    causes.finish()
}

fn row(object: &Object, now: Timestamp) -> Vec<Value> {
    let phase = object.text("/status/phase");
    vec![
        json!(object.name()),
        json!(object.text("/spec/application")),
        json!(short_commit(object.text("/spec/revision"))),
        json!(if phase.is_empty() { "Pending" } else { phase }),
        json!(object.text("/spec/rollbackOf")),
        json!(object.text("/status/message")),
        cells::age(object, now),
    ]
}
