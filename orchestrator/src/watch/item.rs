//! One object in the cache: the JSON that clients get, and what selectors ask for.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use serde::Deserialize;
use std::collections::BTreeMap;

use api::{Object, ObjectKey, Revision, Uid};

use crate::store::{Body, Stored};

/// An object at one revision. Never changes; shared by the cache, the ring and every stream.
#[derive(Debug)]
pub struct Item {
    pub key: ObjectKey,
    pub uid: Uid,
    /// For a deleted object the revision of the deletion.
    pub revision: Revision,
    /// With `metadata.resourceVersion`: exactly what a GET answers.
    pub json: Bytes,
    labels: Box<[(Box<str>, Box<str>)]>,
    /// The fields that selectors asked for so far: reading one means parsing the JSON.
    fields: Mutex<Vec<(Box<str>, Box<str>)>>,
}

/// As much of the JSON as every object must be read for.
#[derive(Deserialize, Default)]
struct Envelope {
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize, Default)]
struct Metadata {
    #[serde(default)]
    labels: Option<BTreeMap<String, String>>,
}

impl Item {
    pub(crate) fn new(key: ObjectKey, uid: Uid, revision: Revision, body: &Body) -> Self {
        let json = body.at(revision);
        // Bodies were valid when they were written; one that is not has no labels.
        let envelope: Envelope = serde_json::from_slice(&json).unwrap_or_default();
        let labels = envelope.metadata.labels.unwrap_or_default();
        Self {
            key,
            uid,
            revision,
            json,
            labels: labels
                .into_iter()
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
            fields: Mutex::default(),
        }
    }

    pub(crate) fn from_stored(stored: &Stored) -> Self {
        Self::new(
            stored.key.clone(),
            stored.uid.clone(),
            stored.revision,
            &stored.body,
        )
    }

    /// Parses the JSON.
    pub fn object(&self) -> Object {
        Object::from_json(&self.json).unwrap_or_default()
    }

    /// In the order of their keys.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.labels.iter().map(|(key, value)| (&**key, &**value))
    }

    pub fn label(&self, key: &str) -> Option<&str> {
        let index = self
            .labels
            .binary_search_by(|(label, _)| (**label).cmp(key))
            .ok()?;
        Some(&self.labels[index].1)
    }

    /// The field as `read` finds it in the object, remembered from then on.
    pub(crate) fn field_is(
        &self,
        field: &str,
        value: &str,
        read: impl FnOnce(&Object, &str) -> String,
    ) -> bool {
        match field {
            "metadata.name" => return self.key.name == value,
            "metadata.namespace" => return self.key.namespace == value,
            _ => {}
        }
        let mut fields = self.fields.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = fields.iter().find(|(known, _)| **known == *field) {
            return **known == *value;
        }
        let found = read(&self.object(), field);
        let is_equal = found == value;
        fields.push((field.into(), found.into()));
        is_equal
    }
}
