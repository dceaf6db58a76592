//! What of a pod may change once it exists: little, since its containers run already.

use api::{Cause, Object};
use serde_json::Value;

use super::super::edit;
use super::super::field::{Causes, Field};

const RULE: &str = "pod updates may not change fields other than `spec.containers[*].image`,\
`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,\
`spec.tolerations` (only additions to existing tolerations),\
`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

pub(super) fn validate(new: &Object, old: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let (now, before) = (Field::root(new).get("spec"), Field::root(old).get("spec"));
    for list in ["containers", "initContainers"] {
        if now.get(list).len() != before.get(list).len() {
            causes.forbidden(
                &now.get(list),
                "pod updates may not add or remove containers",
            );
        }
        for container in now.get(list).items() {
            causes.require(&container.get("image"), "");
        }
    }
    deadline(&mut causes, &now, &before);
    tolerations(&mut causes, &now, &before);
    let mut changed = now.value().clone();
    take_over_changeable(&mut changed, before.value());
    if changed != *before.value() {
        let differing: Vec<&str> = differing(&changed, before.value()).collect();
        let rule = format!("{RULE}; changed: {}", differing.join(", "));
        causes.forbidden(&now, &rule);
    }
    causes.finish()
}

/// Gives `spec` the old values of everything that may change.
fn take_over_changeable(spec: &mut Value, old: &Value) {
    for list in ["containers", "initContainers"] {
        let images = old[list].as_array().map_or(&[][..], Vec::as_slice);
        for (container, old) in edit::items(spec, list).zip(images) {
            edit::copy(container, old, "image");
        }
    }
    edit::copy(spec, old, "activeDeadlineSeconds");
    edit::copy(spec, old, "tolerations");
    let grace = "terminationGracePeriodSeconds";
    let was_negative = old[grace].as_i64().is_some_and(|seconds| seconds < 0);
    if was_negative && spec[grace].as_i64() == Some(1) {
        edit::copy(spec, old, grace);
    }
}

/// Shorter is fine, longer or none is not.
fn deadline(causes: &mut Causes, now: &Field, before: &Field) {
    let field = now.get("activeDeadlineSeconds");
    let old = before.get("activeDeadlineSeconds").number();
    match (field.number(), old) {
        (Some(seconds), Some(old)) if seconds > old => {
            causes.invalid(&field, "must be less than or equal to previous value");
        }
        (None, Some(_)) => {
            causes.invalid(
                &field,
                "must not update from a positive integer to nil value",
            );
        }
        _ => {}
    }
}

/// Each old one is still there; only how long it holds may have changed.
fn tolerations(causes: &mut Causes, now: &Field, before: &Field) {
    let without_seconds = |toleration: &Field| {
        let mut toleration = toleration.value().clone();
        edit::remove(&mut toleration, "tolerationSeconds");
        toleration
    };
    let field = now.get("tolerations");
    let kept: Vec<Value> = field.items().map(|each| without_seconds(&each)).collect();
    let is_missing = before
        .get("tolerations")
        .items()
        .any(|old| !kept.contains(&without_seconds(&old)));
    if is_missing {
        causes.forbidden(
            &field,
            "existing toleration can not be modified except its tolerationSeconds",
        );
    }
}

fn differing<'a>(new: &'a Value, old: &'a Value) -> impl Iterator<Item = &'a str> {
    let fields = |value: &'a Value| value.as_object().into_iter().flatten();
    let changed = fields(new)
        .filter(|(key, value)| old.get(key) != Some(value))
        .map(|(key, _)| key.as_str());
    let removed = fields(old)
        .filter(|(key, _)| new.get(key).is_none())
        .map(|(key, _)| key.as_str());
    changed.chain(removed)
}
