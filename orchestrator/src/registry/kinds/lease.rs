//! Leases: who leads, and until when.

use api::{Cause, Object};
use serde_json::json;

use super::field::{Causes, Field};
use super::{Kind, cells};

pub(super) fn kind(base: Kind) -> Kind {
    Kind {
        prepare_create: |_| {},
        prepare_update: |_, _| {},
        validate_create,
        validate_update: |new, _| validate_create(new),
        row: |object, now| {
            let holder = object.text("/spec/holderIdentity");
            vec![json!(object.name()), json!(holder), cells::age(object, now)]
        },
        unconditional_update: false,
        create_on_update: true,
        ..base
    }
}

fn validate_create(object: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let spec = Field::root(object).get("spec");
    causes.at_least(&spec.get("leaseDurationSeconds"), 1);
    causes.at_least(&spec.get("leaseTransitions"), 0);
    let holder = spec.get("holderIdentity");
    // Client libraries give a lease up by setting the holder to "", so an empty one stays allowed.
    if holder.is_set() && !holder.value().is_string() {
        causes.invalid(&holder, "must be a string");
    }
    let preferred = spec.get("preferredHolder");
    if preferred.is_set() && !spec.get("strategy").is_set() {
        causes.required(
            &spec.get("strategy"),
            "must be specified when `preferredHolder` is set",
        );
    }
    causes.finish()
}
