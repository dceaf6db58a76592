//! `ConfigMaps`: plain text and binary data, frozen once immutable.

use api::{Cause, Object};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::field::{Causes, Field};
use super::{Kind, cells};

/// Keys and values together; the same for `Secrets`.
pub(super) const MAX_BYTES: usize = 1024 * 1024;

pub(super) fn kind(base: Kind) -> Kind {
    Kind {
        validate_create,
        validate_update,
        row: |object, now| {
            let root = Field::root(object);
            let count = root.get("data").len() + root.get("binaryData").len();
            vec![
                json!(object.name()),
                json!(count.to_string()),
                cells::age(object, now),
            ]
        },
        ..base
    }
}

fn validate_create(object: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let root = Field::root(object);
    let (text, binary) = (root.get("data"), root.get("binaryData"));
    let mut bytes = 0;
    for (key, value) in text.entries() {
        check_key(&mut causes, key, &value);
        if binary.value().get(key).is_some() {
            causes.push(Cause::invalid(
                value.path(),
                &json!(key),
                "duplicate of key present in binaryData",
            ));
        }
        if !value.value().is_string() {
            causes.invalid(&value, "must be a string");
        }
        bytes += key.len() + value.text().len();
    }
    for (key, value) in binary.entries() {
        check_key(&mut causes, key, &value);
        bytes += key.len() + decoded_len(&mut causes, &value);
    }
    if bytes > MAX_BYTES {
        causes.too_long("", MAX_BYTES);
    }
    causes.finish()
}

fn validate_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    frozen(&mut causes, new, old, &["data", "binaryData"]);
    let mut all = causes.finish();
    all.extend(validate_create(new));
    all
}

/// An immutable object stays immutable, and so do its data.
pub(super) fn frozen(causes: &mut Causes, new: &Object, old: &Object, data: &[&str]) {
    let (new, old) = (Field::root(new), Field::root(old));
    if !old.get("immutable").flag() {
        return;
    }
    let immutable = new.get("immutable");
    if !immutable.flag() {
        causes.forbidden(&immutable, "field is immutable when `immutable` is set");
    }
    for name in data {
        let (now, before) = (new.get(name), old.get(name));
        if now.value() != before.value() && !(now.is_empty() && before.is_empty()) {
            causes.forbidden(&now, "field is immutable when `immutable` is set");
        }
    }
}

pub(super) fn check_key(causes: &mut Causes, key: &str, value: &Field) {
    for rule in api::name::config_key(key) {
        causes.push(Cause::invalid(value.path(), &json!(key), &rule));
    }
}

/// The size behind base64; complains where it is none.
pub(super) fn decoded_len(causes: &mut Causes, value: &Field) -> usize {
    if let (true, Ok(bytes)) = (value.value().is_string(), STANDARD.decode(value.text())) {
        return bytes.len();
    }
    // Never the value itself: it may be a secret typed into the wrong field.
    causes.push(Cause {
        reason: "FieldValueInvalid".into(),
        message: "Invalid value: must be base64-encoded".into(),
        field: value.path().into(),
    });
    0
}
