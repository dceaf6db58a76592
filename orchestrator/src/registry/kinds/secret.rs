//! Secrets: typed, base64 on the wire. Messages never show a value.

use api::{Cause, Object};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::config_map::{self, MAX_BYTES};
use super::field::{Causes, Field};
use super::{Kind, cells, edit, generic};

const OWNER: &str = "kubernetes.io/service-account.name";

pub(super) fn kind(base: Kind) -> Kind {
    Kind {
        default,
        validate_create,
        validate_update,
        row: |object, now| {
            let count = Field::root(object).get("data").len();
            vec![
                json!(object.name()),
                json!(object.text("/type")),
                json!(count.to_string()),
                cells::age(object, now),
            ]
        },
        field: |object, field| match field {
            "type" => Some(object.text("/type").to_owned()),
            _ => generic::metadata_field(object, field),
        },
        ..base
    }
}

/// `stringData` is write-only: it goes into `data`, winning over what is there.
fn default(object: &mut Object) {
    edit::set(&mut object.body, "type", "Opaque");
    if object.text("/type").is_empty() {
        edit::put(&mut object.body, "type", "Opaque");
    }
    let Some(Value::Object(plain)) = object.pointer("/stringData").cloned() else {
        return;
    };
    if !plain.values().all(Value::is_string) {
        return; // refused by validation, which names the entry
    }
    if let Some(data) = edit::ensure(&mut object.body, "data") {
        for (key, value) in plain {
            let encoded = STANDARD.encode(value.as_str().unwrap_or_default());
            edit::put(data, &key, encoded);
        }
        edit::remove(&mut object.body, "stringData");
    }
}

fn validate_create(object: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let root = Field::root(object);
    let data = root.get("data");
    let mut bytes = 0;
    for (key, value) in data.entries() {
        config_map::check_key(&mut causes, key, &value);
        bytes += config_map::decoded_len(&mut causes, &value);
    }
    if bytes > MAX_BYTES {
        causes.too_long("data", MAX_BYTES);
    }
    for (_, value) in root.get("stringData").entries() {
        causes.push(Cause {
            reason: "FieldValueInvalid".into(),
            message: "Invalid value: must be a string".into(),
            field: value.path().into(),
        });
    }
    required_keys(&mut causes, &root);
    causes.finish()
}

fn required_keys(causes: &mut Causes, root: &Field) {
    let data = root.get("data");
    match root.get("type").text() {
        "kubernetes.io/service-account-token" => {
            let annotations = root.get("metadata").get("annotations");
            causes.require(&annotations.entry(OWNER), "");
        }
        "kubernetes.io/dockercfg" => json_key(causes, &data.entry(".dockercfg")),
        "kubernetes.io/dockerconfigjson" => json_key(causes, &data.entry(".dockerconfigjson")),
        "kubernetes.io/basic-auth" => {
            let (user, password) = (data.entry("username"), data.entry("password"));
            if !user.is_set() && !password.is_set() {
                causes.required(&user, "");
                causes.required(&password, "");
            }
        }
        "kubernetes.io/ssh-auth" => {
            causes.require(&data.entry("ssh-privatekey"), "");
        }
        "kubernetes.io/tls" => {
            for key in ["tls.crt", "tls.key"] {
                if !data.entry(key).is_set() {
                    causes.required(&data.entry(key), "");
                }
            }
        }
        _ => {}
    }
}

fn json_key(causes: &mut Causes, value: &Field) {
    if !value.is_set() {
        causes.required(value, "");
        return;
    }
    let is_json = STANDARD
        .decode(value.text())
        .is_ok_and(|bytes| serde_json::from_slice::<Value>(&bytes).is_ok());
    if !is_json {
        causes.push(Cause {
            reason: "FieldValueInvalid".into(),
            message: "Invalid value: \"<secret contents redacted>\": must be valid JSON".into(),
            field: value.path().into(),
        });
    }
}

fn validate_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    causes.immutable(&Field::root(new).get("type"), &Field::root(old).get("type"));
    config_map::frozen(&mut causes, new, old, &["data"]);
    let mut all = causes.finish();
    all.extend(validate_create(new));
    all
}
