//! Secrets, as Kedge applies them.

use api::Object;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// Moves `stringData` into `data`, as the server would. Only so is each key a field that Kedge owns,
/// which goes when a commit no longer has it: nobody owns what the server moved.
///
/// What is no text is left for the server to refuse.
pub(super) fn encode_text(object: &mut Object) {
    if object.kind() != "Secret" || !object.gvk().group.is_empty() {
        return;
    }
    let Some(body) = object.body.as_object_mut() else {
        return;
    };
    let Some(Value::Object(texts)) = body.get("stringData") else {
        return;
    };
    let encode = |(key, text): (&String, &Value)| {
        let encoded = STANDARD.encode(text.as_str()?);
        Some((key.clone(), Value::String(encoded)))
    };
    let Some(encoded) = texts.iter().map(encode).collect::<Option<Map<_, _>>>() else {
        return;
    };
    let data = match body.get("data") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(data)) => data.clone(),
        Some(_) => return,
    };
    let data = data.into_iter().chain(encoded).collect();
    body.insert("data".into(), Value::Object(data));
    body.shift_remove("stringData");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_becomes_data_and_wins_over_it() {
        let check = |mut body: Value, expected: Value| {
            body["apiVersion"] = json!("v1");
            let mut object = Object::from(body.clone());
            encode_text(&mut object);
            for field in ["data", "stringData"] {
                assert_eq!(object.body.get(field), expected.get(field), "{body}");
            }
        };
        check(
            json!({"kind": "Secret", "data": {"a": "MQ==", "b": "Mg=="}, "stringData": {"b": "two"}}),
            json!({"data": {"a": "MQ==", "b": "dHdv"}}),
        );
        check(
            json!({"kind": "Secret", "stringData": {"a": ""}}),
            json!({"data": {"a": ""}}),
        );
        for untouched in [
            json!({"kind": "Secret", "stringData": {"a": 1}}),
            json!({"kind": "Secret", "data": "x", "stringData": {"a": "b"}}),
            json!({"kind": "ConfigMap", "stringData": {"a": "b"}}),
        ] {
            check(untouched.clone(), untouched);
        }
    }
}
