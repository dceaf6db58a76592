//! What Kubernetes says of its types and fields. Read only while a document is made: nothing of
//! it stays in memory.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::GzDecoder;

use crate::schema::{Field, Type};

/// Made by `scripts/descriptions.py` from the comments of the crate `k8s-openapi`.
const KUBERNETES: &[u8] = include_bytes!("../../facts/kubernetes-descriptions.json.gz");

/// By type, then by field; the type's own text is that of the empty field.
pub(super) struct Descriptions(BTreeMap<String, BTreeMap<String, String>>);

impl Descriptions {
    pub(super) fn read() -> Self {
        let mut text = Vec::new();
        GzDecoder::new(KUBERNETES)
            .read_to_end(&mut text)
            .expect("the embedded texts are tested");
        Self(serde_json::from_slice(&text).expect("the embedded texts are tested"))
    }

    /// Empty where nothing is known.
    pub(super) fn of_type<'a>(&'a self, ty: &'a Type) -> &'a str {
        self.text(ty, "").unwrap_or(ty.description)
    }

    /// What `ty` says of a field that it has, or inlines. Empty where nothing is known.
    pub(super) fn of_field<'a>(&'a self, ty: &Type, field: &'a Field) -> &'a str {
        self.text(ty, field.name).unwrap_or(field.description)
    }

    fn text(&self, ty: &Type, field: &str) -> Option<&str> {
        self.0.get(ty.name)?.get(field).map(String::as_str)
    }

    #[cfg(test)]
    pub(super) fn types(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
