//! Storage classes: how claims get volumes.

use api::{Cause, Object};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::field::{Causes, Field};
use super::{Kind, cells, edit};

const IS_DEFAULT: &[&str] = &[
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
];

pub(super) fn kind(base: Kind) -> Kind {
    Kind {
        default: |object| {
            edit::set(&mut object.body, "reclaimPolicy", "Delete");
            edit::set(&mut object.body, "volumeBindingMode", "Immediate");
        },
        validate_create,
        validate_update,
        row,
        create_on_update: false,
        ..base
    }
}

fn validate_create(object: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let root = Field::root(object);
    let provisioner = root.get("provisioner");
    if causes.require(&provisioner, "") {
        let lower = provisioner.text().to_lowercase();
        causes.rules(&provisioner, api::name::qualified_name(&lower));
    }
    causes.one_of(&root.get("reclaimPolicy"), &["Delete", "Retain"]);
    let modes = &["Immediate", "WaitForFirstConsumer"];
    causes.one_of(&root.get("volumeBindingMode"), modes);
    causes.absent(&root.get("allowedTopologies"));
    let parameters = root.get("parameters");
    if parameters.len() > 512 {
        causes.invalid(&parameters, "may not have more than 512 entries");
    }
    causes.finish()
}

fn validate_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let (new_root, old_root) = (Field::root(new), Field::root(old));
    for field in ["parameters", "provisioner", "reclaimPolicy"] {
        let (now, before) = (new_root.get(field), old_root.get(field));
        if now.value() != before.value() && !(now.is_empty() && before.is_empty()) {
            causes.forbidden(&now, &format!("updates to {field} are forbidden."));
        }
    }
    let mode = "volumeBindingMode";
    causes.immutable(&new_root.get(mode), &old_root.get(mode));
    let mut all = causes.finish();
    all.extend(validate_create(new));
    all
}

fn row(object: &Object, now: Timestamp) -> Vec<Value> {
    let is_default = IS_DEFAULT
        .iter()
        .any(|annotation| object.annotation(annotation) == Some("true"));
    let suffix = if is_default { " (default)" } else { "" };
    let expandable = object.pointer("/allowVolumeExpansion") == Some(&Value::Bool(true));
    vec![
        json!(format!("{}{suffix}", object.name())),
        json!(object.text("/provisioner")),
        json!(object.text("/reclaimPolicy")),
        json!(object.text("/volumeBindingMode")),
        json!(expandable),
        cells::age(object, now),
    ]
}
