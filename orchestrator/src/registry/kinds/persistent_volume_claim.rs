//! Claims: what a pod asks of storage.

use api::{Cause, Object, Quantity};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::field::{Causes, Field};
use super::persistent_volume::{access_modes, phase, positive, protect, volume_mode};
use super::{Kind, cells, edit, pod};

/// Keeps a claim until no pod uses it.
const PROTECTION: &str = "kubernetes.io/pvc-protection";
const IMMUTABLE: &str = "spec is immutable after creation except resources.requests \
and volumeAttributesClassName for bound claims";

pub(super) fn kind(base: Kind) -> Kind {
    Kind {
        default,
        prepare_create: |new| {
            edit::put(&mut new.body, "status", json!({"phase": "Pending"}));
            protect(new, PROTECTION);
        },
        validate_create,
        validate_update,
        row,
        ..base
    }
}

fn default(object: &mut Object) {
    let Some(spec) = edit::member(&mut object.body, "spec") else {
        return;
    };
    edit::set(spec, "volumeMode", "Filesystem");
    if let Some(resources) = edit::member(spec, "resources") {
        pod::canonical(resources, "requests");
        pod::canonical(resources, "limits");
    }
}

fn validate_create(object: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let spec = Field::root(object).get("spec");
    access_modes(&mut causes, &spec.get("accessModes"));
    let size = size(&spec);
    if causes.require(&size, "") {
        positive(&mut causes, &size);
    }
    volume_mode(&mut causes, &spec.get("volumeMode"));
    causes.selector(&spec.get("selector"));
    causes.name(&spec.get("storageClassName"), api::name::dns1123_subdomain);
    for field in ["dataSource", "dataSourceRef", "volumeAttributesClassName"] {
        causes.absent(&spec.get(field));
    }
    causes.finish()
}

fn validate_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let (now, before) = (Field::root(new).get("spec"), Field::root(old).get("spec"));
    let amount = |spec: &Field| Quantity::from_json(size(spec).value()).ok();
    if amount(&now) < amount(&before) {
        let rule = "field can not be less than previous value";
        causes.forbidden(&size(&now), rule);
    } else if amount(&now) > amount(&before) {
        causes.unsupported(&size(&now));
    }
    let mut changed = now.value().clone();
    edit::copy(&mut changed, before.value(), "resources");
    // The binder fills these in where the author left them out.
    for field in ["volumeName", "storageClassName"] {
        if before.get(field).is_empty() {
            edit::copy(&mut changed, before.value(), field);
        }
    }
    if changed != *before.value() {
        causes.forbidden(&now, IMMUTABLE);
    }
    let mut all = causes.finish();
    all.extend(validate_create(new));
    all
}

fn size<'a>(spec: &Field<'a>) -> Field<'a> {
    spec.get("resources").get("requests").entry("storage")
}

fn row(object: &Object, now: Timestamp) -> Vec<Value> {
    let is_bound = !object.text("/spec/volumeName").is_empty();
    let (capacity, modes) = if is_bound {
        let modes = cells::list(object, "/status/accessModes");
        (
            object.text("/status/capacity/storage"),
            cells::access_modes(modes),
        )
    } else {
        ("", json!(""))
    };
    vec![
        json!(object.name()),
        json!(phase(object)),
        json!(object.text("/spec/volumeName")),
        json!(capacity),
        modes,
        json!(object.text("/spec/storageClassName")),
        cells::unset(object.text("/spec/volumeAttributesClassName")),
        cells::age(object, now),
        cells::unset(object.text("/spec/volumeMode")),
    ]
}
