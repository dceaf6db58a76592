//! Many keys as one parameter: a JSON list that the statement reads as rows.

use serde_json::{Value, json};

use api::ObjectKey;

/// For `jsonb_to_recordset($n) as k(api_group text, resource text, namespace text, name text)`.
pub(super) fn rows<'a>(keys: impl IntoIterator<Item = &'a ObjectKey>) -> Value {
    keys.into_iter().map(|key| row(key, json!({}))).collect()
}

/// One key with further columns.
pub(super) fn row(key: &ObjectKey, mut more: Value) -> Value {
    more["api_group"] = json!(key.collection.group);
    more["resource"] = json!(key.collection.resource);
    more["namespace"] = json!(key.namespace);
    more["name"] = json!(key.name);
    more
}
