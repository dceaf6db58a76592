//! The hash at the end of a generated name, as Kustomize computes it.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use api::Object;

use super::resource::Resources;
use crate::tree::hex;

/// Appends their hash to the names that want one.
pub(super) fn rename(resources: &mut Resources) {
    for resource in resources.iter_mut().filter(|resource| resource.hashed) {
        let name = format!("{}-{}", resource.object.name(), hash(&resource.object));
        resource.remember();
        resource.rename(&name);
    }
}

fn hash(object: &Object) -> String {
    let or_empty = |field: &str| object.body.get(field).cloned().unwrap_or_else(|| json!(""));
    let mut content = Map::new();
    content.insert("kind".into(), object.kind().into());
    // Kustomize looks for the name in the wrong place and hashes none; so the hash of the same
    // content is the same under every name.
    content.insert("name".into(), "".into());
    content.insert("data".into(), or_empty("data"));
    let other = if object.kind() == "Secret" {
        content.insert("type".into(), or_empty("type"));
        "stringData"
    } else {
        "binaryData"
    };
    if let Some(value) = object.body.get(other).filter(|value| value.is_object()) {
        content.insert(other.into(), value.clone());
    }
    encode(&hex(&Sha256::digest(go_json(&Value::Object(content)))))
}

/// Ten characters, none of which make words.
fn encode(hex: &str) -> String {
    hex.chars()
        .take(10)
        .map(|c| match c {
            '0' => 'g',
            '1' => 'h',
            '3' => 'k',
            'a' => 'm',
            'e' => 't',
            other => other,
        })
        .collect()
}

/// JSON as Go prints it: keys sorted, and what HTML minds escaped.
fn go_json(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let entries = entries.into_iter();
            let entries: Vec<String> = entries
                .map(|(key, value)| format!("{}:{}", go_string(key), go_json(value)))
                .collect();
            format!("{{{}}}", entries.join(","))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(go_json).collect();
            format!("[{}]", items.join(","))
        }
        Value::String(text) => go_string(text),
        other => other.to_string(),
    }
}

fn go_string(text: &str) -> String {
    Value::from(text)
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}
