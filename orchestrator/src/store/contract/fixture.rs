//! Short words for writes and what they leave behind.

use std::sync::Arc;

use serde_json::json;

use api::{Collection, Object, ObjectKey, Revision, Uid};

use crate::store::{Allocation, Body, Change, Error, Listing, Operation, Store, Write};

pub(in crate::store) fn pods() -> Collection {
    Collection::new("", "pods")
}

pub(in crate::store) fn pod(name: &str) -> ObjectKey {
    pods().key("default", name)
}

/// The body of a pod whose content is `note`.
pub(in crate::store) fn body(key: &ObjectKey, note: &str) -> Body {
    Body::encode(&Object::from(json!({
        "kind": "Pod", "apiVersion": "v1", "z": 1, "a": note,
        "metadata": {"name": key.name, "namespace": key.namespace},
    })))
}

pub(in crate::store) fn write(key: &ObjectKey, operation: Operation) -> Write {
    Write {
        uid: Uid(format!("uid-{}", key.name)),
        key: key.clone(),
        operation,
        actor: "tester/contract".into(),
        commit: "c0ffee".into(),
        allocations: Vec::new(),
    }
}

pub(in crate::store) fn create(key: &ObjectKey, note: &str) -> Write {
    write(key, Operation::Create(body(key, note)))
}

pub(in crate::store) fn replace(key: &ObjectKey, note: &str, expected: Revision) -> Write {
    write(
        key,
        Operation::Replace {
            body: body(key, note),
            expected,
        },
    )
}

pub(in crate::store) fn delete(key: &ObjectKey, note: &str, expected: Revision) -> Write {
    write(
        key,
        Operation::Delete {
            last: body(key, note),
            expected,
        },
    )
}

pub(super) fn with_name(mut write: Write, value: &str) -> Write {
    write.allocations = vec![Allocation {
        pool: "clusterip",
        value: value.to_owned(),
    }];
    write
}

pub(in crate::store) async fn commit(
    store: &dyn Store,
    write: Write,
) -> Result<Arc<Change>, Error> {
    store
        .write(vec![write])
        .await
        .pop()
        .expect("one answer for one write")
}

pub(in crate::store) async fn committed(store: &dyn Store, write: Write) -> Revision {
    commit(store, write).await.unwrap().revision
}

/// `name=note@revision` of everything listed.
pub(super) fn notes(listing: &Listing) -> Vec<String> {
    listing
        .items
        .iter()
        .map(|item| format!("{}={}", item.key.name, note(&item.body)))
        .collect()
}

pub(super) fn note(body: &Body) -> String {
    body.decode(Revision(1)).unwrap().text("/a").to_owned()
}
