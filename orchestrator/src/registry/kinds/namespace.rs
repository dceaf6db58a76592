//! Namespaces: ended by a finalizer in the spec, after everything in them is gone.

use api::{Cause, Object};
use serde_json::json;

use super::field::{Causes, Field};
use super::{Kind, cells, edit, generic};

pub(super) fn kind(base: Kind) -> Kind {
    Kind {
        default,
        prepare_create: |new| {
            let status = json!({"phase": "Active"});
            edit::put(&mut new.body, "status", status);
            let spec = json!({"finalizers": ["kubernetes"]});
            edit::put(&mut new.body, "spec", spec);
        },
        prepare_update: |new, old| {
            generic::keep_status(new, old);
            edit::copy(&mut new.body, &old.body, "spec");
        },
        validate_create: |_| Vec::new(),
        validate_update: |_, _| Vec::new(),
        validate_status,
        row: |object, now| {
            let phase = object.text("/status/phase");
            vec![json!(object.name()), json!(phase), cells::age(object, now)]
        },
        field: |object, field| match field {
            "status.phase" | "name" => Some(match field {
                "name" => object.name().to_owned(),
                _ => object.text("/status/phase").to_owned(),
            }),
            _ => generic::metadata_field(object, field),
        },
        begin_deletion: |object| {
            if let Some(status) = edit::ensure(&mut object.body, "status") {
                edit::put(status, "phase", "Terminating");
            }
        },
        is_held: |object| !Field::root(object).get("spec").get("finalizers").is_empty(),
        ..base
    }
}

/// Selectors over namespaces can always name one.
fn default(object: &mut Object) {
    let name = object.name().to_owned();
    if !name.is_empty() {
        object.set_label("kubernetes.io/metadata.name", &name);
    }
}

fn validate_status(new: &Object, _old: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let phase = Field::root(new).get("status").get("phase");
    let expected = if new.is_deleting() {
        (
            "Terminating",
            "may only be 'Terminating' if `deletionTimestamp` is not empty",
        )
    } else {
        (
            "Active",
            "may only be 'Active' if `deletionTimestamp` is empty",
        )
    };
    if !phase.is_empty() && phase.text() != expected.0 {
        causes.invalid(&phase, expected.1);
    }
    causes.finish()
}
