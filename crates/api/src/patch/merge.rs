//! JSON merge patch (RFC 7386): objects merge, null deletes, everything else is replaced.

use serde_json::{Map, Value};

use crate::Status;

/// Applies a merge patch to an object. Fields stay in the order their author wrote them in.
pub fn apply(original: &Value, patch: &Value) -> Result<Value, Status> {
    if !patch.is_object() {
        return Err(Status::bad_request("invalid JSON document"));
    }
    let mut patched = original.clone();
    merge_value(&mut patched, patch);
    Ok(patched)
}

/// Merges without a schema; used for fields that a schema does not know, too.
pub(super) fn merge_value(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else {
        return;
    };
    for (key, value) in patch {
        if value.is_null() {
            target.shift_remove(key);
        } else {
            merge_value(target.entry(key).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn merges_deletes_and_replaces() {
        let original = json!({"a": {"b": 1, "c": 2}, "l": [1, 2]});
        let check = |patch: Value, expected: Value| {
            let patched = apply(&original, &patch).unwrap();
            assert_eq!(patched.to_string(), expected.to_string(), "{patch}");
        };
        check(json!({}), original.clone());
        check(
            json!({"a": {"b": null, "d": 3}, "l": [3]}),
            json!({"a": {"c": 2, "d": 3}, "l": [3]}),
        );
        check(
            json!({"n": {"x": null, "y": 1}, "a": null}),
            json!({"l": [1, 2], "n": {"y": 1}}),
        );
        check(
            json!({"l": {"x": null}}),
            json!({"a": {"b": 1, "c": 2}, "l": {}}),
        );
        assert_eq!(apply(&original, &json!([1])).unwrap_err().code(), 400);
    }
}
