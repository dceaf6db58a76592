//! Fields that a request cannot write, and so cannot own.

use std::sync::LazyLock;

use serde_json::Value;

use super::fields::FieldSet;
use super::shape::Schema;

/// Written by the API server alone: never owned by anyone.
const SERVER_SET: &[&[&str]] = &[
    &["apiVersion"],
    &["kind"],
    &["metadata"],
    &["metadata", "name"],
    &["metadata", "namespace"],
    &["metadata", "uid"],
    &["metadata", "resourceVersion"],
    &["metadata", "generation"],
    &["metadata", "creationTimestamp"],
    &["metadata", "deletionTimestamp"],
    &["metadata", "deletionGracePeriodSeconds"],
    &["metadata", "selfLink"],
    &["metadata", "managedFields"],
];

/// What no manager ever owns.
pub(super) fn server_set() -> &'static FieldSet {
    static SET: LazyLock<FieldSet> = LazyLock::new(|| FieldSet::of_fields(SERVER_SET));
    &SET
}

/// What a request to an object of a kind leaves as it is, as paths of field names.
///
/// The object itself is not the place to write `status`, `/status` not the place to write
/// anything else but metadata; Deployments alone keep their labels from `/status`, too.
pub fn reset(kind: &str, subresource: &str) -> &'static [&'static [&'static str]] {
    match (kind, subresource) {
        (_, "") => &[&["status"]],
        ("Deployment", "status") => &[&["spec"], &["metadata", "labels"]],
        ("Pod", "status") => &[
            &["spec"],
            &["metadata", "deletionTimestamp"],
            &["metadata", "ownerReferences"],
        ],
        ("CertificateSigningRequest", "approval") => &[&["spec"], &["status", "certificate"]],
        ("CertificateSigningRequest", "status") => &[&["spec"], &["status", "conditions"]],
        (_, "status" | "approval") => &[&["spec"]],
        _ => &[],
    }
}

/// As [`reset`]; a custom kind without `/status` has its status written with everything else.
pub(super) fn out_of_reach(
    schema: Schema<'_>,
    kind: &str,
    subresource: &str,
) -> &'static [&'static [&'static str]] {
    match schema {
        Schema::Custom(version) if !version.has_status => &[],
        _ => reset(kind, subresource),
    }
}

/// The value without some fields; `None` when it has none of them.
pub(super) fn without(value: &Value, paths: &[&[&str]]) -> Option<Value> {
    let mut stripped: Option<Value> = None;
    for path in paths {
        let Some((last, parents)) = path.split_last() else {
            continue;
        };
        let found = path.iter().try_fold(value, |value, key| value.get(*key));
        if found.is_none() {
            continue;
        }
        let parent = parents.iter().try_fold(
            stripped.get_or_insert_with(|| value.clone()),
            |value, key| value.get_mut(*key),
        );
        if let Some(parent) = parent.and_then(Value::as_object_mut) {
            parent.shift_remove(*last);
        }
    }
    stripped
}
