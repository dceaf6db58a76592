//! JSON patch (RFC 6902).

use json_patch::{Patch, PatchOperation};
use serde_json::Value;

use crate::{Cause, Reason, Status};

/// Operations of one patch, as Kubernetes limits them.
pub const MAX_OPERATIONS: usize = 10_000;

/// Bytes that the `copy` operations of one patch may add: as much as a request body.
pub const MAX_COPIED: usize = 3 * 1024 * 1024;

/// Applies a patch document to an object.
///
/// A document that is no patch is a bad request; a `test` that fails or a path that is not there
/// is `Invalid`.
pub fn apply(original: &Value, patch: &Value) -> Result<Value, Status> {
    let Patch(operations) = serde_json::from_value(patch.clone())
        .map_err(|source| Status::bad_request(format!("error decoding patch: {source}")))?;
    if operations.len() > MAX_OPERATIONS {
        return Err(Status::new(
            Reason::RequestEntityTooLarge,
            format!(
                "Request entity too large: The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {}",
                operations.len()
            ),
        ));
    }
    let mut patched = original.clone();
    let mut copied = 0;
    for operation in operations {
        copied += copied_bytes(&patched, &operation);
        if copied > MAX_COPIED {
            return Err(invalid(format!(
                "Unable to complete the copy, the accumulated size increase of copy is {copied}, exceeding the limit {MAX_COPIED}"
            )));
        }
        if is_done_here(&mut patched, &operation) {
            continue;
        }
        json_patch::patch(&mut patched, std::slice::from_ref(&operation))
            .map_err(|source| invalid(explain(&operation, &source.kind)))?;
    }
    Ok(patched)
}

/// What Kubernetes does otherwise than the crate: testing an absent value for null succeeds, and
/// removing a field leaves the others in their order.
fn is_done_here(document: &mut Value, operation: &PatchOperation) -> bool {
    match operation {
        PatchOperation::Test(test) => {
            test.value.is_null() && document.pointer(test.path.as_str()).is_none()
        }
        PatchOperation::Remove(remove) => {
            let Some((parent, field)) = remove.path.split_back() else {
                return false;
            };
            document
                .pointer_mut(parent.as_str())
                .and_then(Value::as_object_mut)
                .is_some_and(|parent| parent.shift_remove(field.decoded().as_ref()).is_some())
        }
        _ => false,
    }
}

fn copied_bytes(document: &Value, operation: &PatchOperation) -> usize {
    match operation {
        PatchOperation::Copy(copy) => document
            .pointer(copy.from.as_str())
            .map_or(0, |value| value.to_string().len()),
        _ => 0,
    }
}

fn explain(operation: &PatchOperation, kind: &json_patch::PatchErrorKind) -> String {
    match operation {
        PatchOperation::Test(test) => format!("testing value {} failed: test failed", test.path),
        PatchOperation::Add(add) => format!("add operation does not apply: {}: {kind}", add.path),
        PatchOperation::Remove(remove) => {
            format!("remove operation does not apply: {}: {kind}", remove.path)
        }
        PatchOperation::Replace(replace) => {
            format!("replace operation does not apply: {}: {kind}", replace.path)
        }
        PatchOperation::Move(moved) => {
            format!("move operation does not apply: {}: {kind}", moved.from)
        }
        PatchOperation::Copy(copy) => {
            format!("copy operation does not apply: {}: {kind}", copy.from)
        }
    }
}

fn invalid(why: String) -> Status {
    Status {
        causes: vec![Cause {
            reason: "UnexpectedServerResponse".into(),
            message: why,
            field: String::new(),
        }],
        ..Status::new(
            Reason::Invalid,
            "the server rejected our request due to an error in our request",
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(patch: &Value, expected: Result<Value, (u16, &str)>) {
        let original = json!({"a": {"b": 1}, "l": [1, 2]});
        let actual = apply(&original, patch).map_err(|status| {
            let cause = status.causes.first().map(|cause| cause.message.clone());
            (status.code(), cause.unwrap_or(status.message))
        });
        match (actual, expected) {
            (Err((code, message)), Err((expected, start))) => {
                assert_eq!(code, expected, "{message}");
                assert!(message.starts_with(start), "{message}");
            }
            (actual, expected) => {
                let expected = expected.map_err(|(code, text)| (code, text.to_owned()));
                assert_eq!(actual, expected);
            }
        }
    }

    #[test]
    fn applies_and_refuses() {
        check(
            &json!([{"op": "replace", "path": "/a/b", "value": 2}, {"op": "add", "path": "/l/-", "value": 3}]),
            Ok(json!({"a": {"b": 2}, "l": [1, 2, 3]})),
        );
        check(
            &json!([{"op": "remove", "path": "/l/0"}, {"op": "test", "path": "/l/0", "value": 2}]),
            Ok(json!({"a": {"b": 1}, "l": [2]})),
        );
        check(
            &json!([{"op": "test", "path": "/x", "value": null}, {"op": "remove", "path": "/a/b"}]),
            Ok(json!({"a": {}, "l": [1, 2]})),
        );
        check(
            &json!([{"op": "test", "path": "/a/b", "value": 2}]),
            Err((422, "testing value /a/b failed: test failed")),
        );
        check(
            &json!([{"op": "remove", "path": "/x"}]),
            Err((422, "remove operation does not apply: /x: ")),
        );
        check(
            &json!([{"op": "replace", "path": "/x/y", "value": 1}]),
            Err((422, "replace operation does not apply: /x/y: ")),
        );
        check(&json!({"a": 1}), Err((400, "error decoding patch: ")));
        check(
            &json!([{"op": "jump", "path": "/a"}]),
            Err((400, "error decoding patch: ")),
        );
    }

    #[test]
    fn limits_operations_and_copies() {
        let operation = json!({"op": "test", "path": "/a/b", "value": 1});
        let many = |count| Value::from(vec![operation.clone(); count]);
        assert!(apply(&json!({"a": {"b": 1}}), &many(MAX_OPERATIONS)).is_ok());
        check(
            &many(MAX_OPERATIONS + 1),
            Err((
                413,
                "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001",
            )),
        );
        let doubling: Vec<Value> = (0..64)
            .map(|n| json!({"op": "copy", "from": "/a", "path": format!("/a/x{n}")}))
            .collect();
        check(&doubling.into(), Err((422, "Unable to complete the copy")));
    }
}
