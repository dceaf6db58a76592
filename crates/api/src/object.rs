//! An object as its author wrote it.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use crate::{Collection, Generation, GroupVersionKind, ObjectKey, ResourceVersion, Uid};

/// `metadata.ownerReferences[]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnerReference {
    pub api_version: String,
    pub kind: String,
    pub name: String,
    pub uid: Uid,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub controller: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub block_owner_deletion: bool,
}

/// `status.conditions[]`, the fields all kinds share.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_transition_time: Option<String>,
}

/// Any API object: the JSON as it was written, with accessors for what all kinds share.
///
/// Accessors never fail: an absent or mistyped field reads as empty. Whether a body is well
/// formed is decided once, where it enters (`codec`, then the kind's validation).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Object {
    pub body: Value,
}

impl From<Value> for Object {
    fn from(body: Value) -> Self {
        Self { body }
    }
}

impl Object {
    /// Gives back the room that its maps and lists do not use, a sixth of its memory; for objects
    /// that are kept.
    pub fn compact(&mut self) {
        self.body = compact(std::mem::take(&mut self.body));
    }

    /// Parses JSON.
    pub fn from_json(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// As JSON.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(&self.body).expect("a JSON value always encodes")
    }

    /// An object with nothing but its type and name. `namespace` may be empty.
    pub fn new(kind: &GroupVersionKind, namespace: &str, name: &str) -> Self {
        let mut metadata = Map::new();
        metadata.insert("name".into(), json!(name));
        if !namespace.is_empty() {
            metadata.insert("namespace".into(), json!(namespace));
        }
        json!({"apiVersion": kind.api_version(), "kind": kind.kind, "metadata": metadata}).into()
    }

    pub fn gvk(&self) -> GroupVersionKind {
        GroupVersionKind::from_type_meta(self.text("/apiVersion"), self.text("/kind"))
    }

    pub fn kind(&self) -> &str {
        self.text("/kind")
    }

    pub fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    pub fn generate_name(&self) -> &str {
        self.text("/metadata/generateName")
    }

    /// Empty for a cluster-scoped object.
    pub fn namespace(&self) -> &str {
        self.text("/metadata/namespace")
    }

    pub fn uid(&self) -> Uid {
        Uid(self.text("/metadata/uid").to_owned())
    }

    pub fn key(&self, collection: &Collection) -> ObjectKey {
        collection.key(self.namespace(), self.name())
    }

    pub fn resource_version(&self) -> ResourceVersion {
        ResourceVersion(self.text("/metadata/resourceVersion").to_owned())
    }

    pub fn set_resource_version(&mut self, version: &ResourceVersion) {
        self.metadata_mut()
            .insert("resourceVersion".into(), json!(version.0));
    }

    pub fn generation(&self) -> Generation {
        self.pointer("/metadata/generation")
            .and_then(Value::as_i64)
            .unwrap_or(0)
    }

    /// `status.observedGeneration`, where the kind reports it.
    pub fn observed_generation(&self) -> Option<Generation> {
        self.pointer("/status/observedGeneration")
            .and_then(Value::as_i64)
    }

    /// RFC 3339, as stored.
    pub fn creation_timestamp(&self) -> &str {
        self.text("/metadata/creationTimestamp")
    }

    /// Set once deletion has begun.
    pub fn deletion_timestamp(&self) -> Option<&str> {
        self.pointer("/metadata/deletionTimestamp")
            .and_then(Value::as_str)
    }

    pub fn is_deleting(&self) -> bool {
        self.deletion_timestamp().is_some()
    }

    pub fn label(&self, key: &str) -> Option<&str> {
        self.body["metadata"]["labels"][key].as_str()
    }

    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        strings(self.pointer("/metadata/labels"))
    }

    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.body["metadata"]["annotations"][key].as_str()
    }

    pub fn annotations(&self) -> impl Iterator<Item = (&str, &str)> {
        strings(self.pointer("/metadata/annotations"))
    }

    pub fn set_label(&mut self, key: &str, value: &str) {
        self.set_in_map("labels", key, value);
    }

    pub fn set_annotation(&mut self, key: &str, value: &str) {
        self.set_in_map("annotations", key, value);
    }

    pub fn finalizers(&self) -> impl Iterator<Item = &str> {
        self.pointer("/metadata/finalizers")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
    }

    pub fn owner_references(&self) -> Vec<OwnerReference> {
        self.pointer("/metadata/ownerReferences")
            .and_then(|owners| serde_json::from_value(owners.clone()).ok())
            .unwrap_or_default()
    }

    /// The owner that manages this object, if any.
    pub fn controller(&self) -> Option<OwnerReference> {
        self.owner_references()
            .into_iter()
            .find(|owner| owner.controller)
    }

    /// A reference to this object for its children.
    pub fn controller_reference(&self) -> OwnerReference {
        OwnerReference {
            api_version: self.text("/apiVersion").to_owned(),
            kind: self.kind().to_owned(),
            name: self.name().to_owned(),
            uid: self.uid(),
            controller: true,
            block_owner_deletion: true,
        }
    }

    pub fn conditions(&self) -> Vec<Condition> {
        self.pointer("/status/conditions")
            .and_then(|conditions| serde_json::from_value(conditions.clone()).ok())
            .unwrap_or_default()
    }

    pub fn condition(&self, kind: &str) -> Option<Condition> {
        self.conditions()
            .into_iter()
            .find(|condition| condition.kind == kind)
    }

    /// Reads the object as a typed struct, for decisions that want names. Never write the result back.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        T::deserialize(&self.body)
    }

    /// The value at a JSON pointer.
    pub fn pointer(&self, pointer: &str) -> Option<&Value> {
        self.body.pointer(pointer)
    }

    /// The string at a JSON pointer, or empty.
    pub fn text(&self, pointer: &str) -> &str {
        self.pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// `metadata`, made if it is not there.
    pub fn metadata_mut(&mut self) -> &mut Map<String, Value> {
        object_at(&mut self.body, "metadata")
    }

    fn set_in_map(&mut self, map: &str, key: &str, value: &str) {
        let metadata = self.metadata_mut();
        let entry = metadata
            .entry(map)
            .or_insert_with(|| Value::Object(Map::new()));
        if !entry.is_object() {
            *entry = Value::Object(Map::new());
        }
        entry[key] = json!(value);
    }
}

fn object_at<'a>(body: &'a mut Value, field: &str) -> &'a mut Map<String, Value> {
    if !body.is_object() {
        *body = Value::Object(Map::new());
    }
    let map = body.as_object_mut().expect("made an object above");
    let entry = map
        .entry(field)
        .or_insert_with(|| Value::Object(Map::new()));
    if !entry.is_object() {
        *entry = Value::Object(Map::new());
    }
    entry.as_object_mut().expect("made an object above")
}

fn strings(map: Option<&Value>) -> impl Iterator<Item = (&str, &str)> {
    map.and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| value.as_str().map(|value| (key.as_str(), value)))
}

fn compact(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut exact = Map::with_capacity(map.len());
            exact.extend(map.into_iter().map(|(key, value)| (key, compact(value))));
            Value::Object(exact)
        }
        Value::Array(items) => {
            let mut exact = Vec::with_capacity(items.len());
            exact.extend(items.into_iter().map(compact));
            Value::Array(exact)
        }
        other => other,
    }
}
