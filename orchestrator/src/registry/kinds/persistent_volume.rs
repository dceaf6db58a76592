//! Persistent volumes: storage that outlives pods.

use api::{Cause, Object, Quantity};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::field::{Causes, Field};
use super::{Kind, cells, edit, pod};

/// Keeps a volume until no claim is bound to it.
const PROTECTION: &str = "kubernetes.io/pv-protection";
pub(super) const ACCESS_MODES: &[&str] = &[
    "ReadOnlyMany",
    "ReadWriteMany",
    "ReadWriteOnce",
    "ReadWriteOncePod",
];
/// Members of the spec that are not the volume's source.
const NOT_SOURCES: &[&str] = &[
    "accessModes",
    "capacity",
    "claimRef",
    "mountOptions",
    "nodeAffinity",
    "persistentVolumeReclaimPolicy",
    "storageClassName",
    "volumeAttributesClassName",
    "volumeMode",
];

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

/// Adds a finalizer on create.
pub(super) fn protect(new: &mut Object, finalizer: &str) {
    if new.finalizers().any(|name| name == finalizer) {
        return;
    }
    let metadata = new.metadata_mut();
    let list = metadata.entry("finalizers").or_insert_with(|| json!([]));
    if list.is_null() {
        *list = json!([]);
    }
    if let Some(names) = list.as_array_mut() {
        names.push(json!(finalizer));
    }
}

fn default(object: &mut Object) {
    let Some(spec) = edit::member(&mut object.body, "spec") else {
        return;
    };
    edit::set(spec, "persistentVolumeReclaimPolicy", "Retain");
    edit::set(spec, "volumeMode", "Filesystem");
    if let Some(path) = edit::member(spec, "hostPath") {
        edit::set(path, "type", "");
    }
    pod::canonical(spec, "capacity");
}

fn validate_create(object: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let spec = Field::root(object).get("spec");
    access_modes(&mut causes, &spec.get("accessModes"));
    capacity(&mut causes, &spec.get("capacity"));
    let policy = spec.get("persistentVolumeReclaimPolicy");
    causes.one_of(&policy, &["Delete", "Recycle", "Retain"]);
    if policy.text() == "Recycle" {
        causes.unsupported(&policy);
    }
    source(&mut causes, &spec);
    causes.name(&spec.get("storageClassName"), api::name::dns1123_subdomain);
    volume_mode(&mut causes, &spec.get("volumeMode"));
    causes.absent(&spec.get("volumeAttributesClassName"));
    let affinity = spec.get("nodeAffinity");
    if affinity.is_set() {
        let required = affinity.get("required");
        if causes.require(&required, "must specify required node constraints") {
            let terms = required.get("nodeSelectorTerms");
            causes.require(&terms, "must have at least one node selector term");
        }
    }
    causes.finish()
}

/// Also of claims.
pub(super) fn access_modes(causes: &mut Causes, modes: &Field) {
    causes.require(modes, "at least 1 access mode is required");
    for mode in modes.items() {
        causes.one_of(&mode, ACCESS_MODES);
    }
    let has_single = modes.items().any(|mode| mode.text() == "ReadWriteOncePod");
    if has_single && modes.len() > 1 {
        causes.forbidden(
            modes,
            "may not use ReadWriteOncePod with other access modes",
        );
    }
}

/// Also of claims.
pub(super) fn volume_mode(causes: &mut Causes, mode: &Field) {
    causes.one_of(mode, &["Block", "Filesystem"]);
    if mode.text() == "Block" {
        causes.unsupported(mode);
    }
}

fn capacity(causes: &mut Causes, capacity: &Field) {
    causes.require(capacity, "");
    let storage = capacity.entry("storage");
    if capacity.is_set() && (!storage.is_set() || capacity.len() > 1) {
        causes.push(Cause::not_supported(
            capacity.path(),
            capacity.value(),
            &["storage"],
        ));
    }
    positive(causes, &storage);
}

/// An amount of storage above zero.
pub(super) fn positive(causes: &mut Causes, amount: &Field) {
    if !amount.is_set() {
        return;
    }
    match Quantity::from_json(amount.value()) {
        Ok(size) if size <= Quantity::ZERO => causes.invalid(amount, "must be greater than zero"),
        Ok(_) => {}
        Err(error) => causes.invalid(amount, &error.to_string()),
    }
}

fn sources(spec: &Value) -> impl Iterator<Item = (&String, &Value)> {
    spec.as_object()
        .into_iter()
        .flatten()
        .filter(|(key, value)| !NOT_SOURCES.contains(&key.as_str()) && !value.is_null())
}

fn source(causes: &mut Causes, spec: &Field) {
    let mut kinds = sources(spec.value()).map(|(key, _)| key.as_str());
    let Some(first) = kinds.next() else {
        causes.required(spec, "must specify a volume type");
        return;
    };
    for extra in kinds {
        let extra = spec.get(extra);
        causes.forbidden(&extra, "may not specify more than 1 volume type");
    }
    let source = spec.get(first);
    match first {
        "hostPath" => {
            let path = source.get("path");
            causes.require(&path, "");
            if path.text().split('/').any(|part| part == "..") {
                causes.invalid(&path, "must not contain '..'");
            }
        }
        "local" => {
            causes.require(&source.get("path"), "");
            if !spec.get("nodeAffinity").is_set() {
                let hint = "Local volume requires node affinity";
                causes.required(&spec.get("nodeAffinity"), hint);
            }
        }
        _ => causes.unsupported(&source),
    }
}

fn validate_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let (now, before) = (Field::root(new).get("spec"), Field::root(old).get("spec"));
    if !sources(now.value()).eq(sources(before.value())) {
        let path = "spec.persistentvolumesource";
        causes.push(Cause::forbidden(
            path,
            "spec.persistentvolumesource is immutable after creation",
        ));
    }
    causes.immutable(&now.get("volumeMode"), &before.get("volumeMode"));
    if before.get("nodeAffinity").is_set() {
        causes.immutable(&now.get("nodeAffinity"), &before.get("nodeAffinity"));
    }
    let mut all = causes.finish();
    all.extend(validate_create(new));
    all
}

fn row(object: &Object, now: Timestamp) -> Vec<Value> {
    let claim = match object.text("/spec/claimRef/name") {
        "" => String::new(),
        name => format!("{}/{name}", object.text("/spec/claimRef/namespace")),
    };
    vec![
        json!(object.name()),
        json!(object.text("/spec/capacity/storage")),
        cells::access_modes(cells::list(object, "/spec/accessModes")),
        json!(object.text("/spec/persistentVolumeReclaimPolicy")),
        json!(phase(object)),
        json!(claim),
        json!(object.text("/spec/storageClassName")),
        cells::unset(object.text("/spec/volumeAttributesClassName")),
        json!(object.text("/status/reason")),
        cells::age(object, now),
        cells::unset(object.text("/spec/volumeMode")),
    ]
}

/// The phase, or that the object is on its way out.
pub(super) fn phase(object: &Object) -> &str {
    if object.is_deleting() {
        "Terminating"
    } else {
        object.text("/status/phase")
    }
}
