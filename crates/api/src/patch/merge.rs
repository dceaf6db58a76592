//! JSON merge patch (RFC 7386): objects merge, null deletes, everything else is replaced.

use serde_json::Value;

use crate::Status;

/// Applies a merge patch to an object.
pub fn apply(original: &Value, patch: &Value) -> Result<Value, Status> {
    if !patch.is_object() {
        return Err(Status::bad_request("invalid JSON document"));
    }
    let mut patched = original.clone();
    json_patch::merge(&mut patched, patch);
    Ok(patched)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn merges_deletes_and_replaces() {
        let original = json!({"a": {"b": 1, "c": 2}, "l": [1, 2]});
        let check = |patch: Value, expected: Value| {
            assert_eq!(apply(&original, &patch).unwrap(), expected, "{patch}");
        };
        check(json!({}), original.clone());
        check(
            json!({"a": {"b": null, "d": 3}, "l": [3]}),
            json!({"a": {"c": 2, "d": 3}, "l": [3]}),
        );
        check(json!({"n": {"x": null, "y": 1}, "a": null}), json!({"l": [1, 2], "n": {"y": 1}}));
        assert_eq!(apply(&original, &json!([1])).unwrap_err().code(), 400);
    }
}
