//! What makes a document a manifest: type, name, and no field nobody knows.

use api::Object;

use super::{Document, Documents};
use crate::Problem;
use crate::manifest::title;

/// A `v1` `List`, or the list of a kind.
pub(super) fn is_list(object: &Object) -> bool {
    object.kind().ends_with("List") && object.body["items"].is_array()
}

pub(super) fn document(file: &Documents, document: &Document) -> Vec<Problem> {
    let object = Object::from(document.value.clone());
    let problem = |text: &str| {
        Problem::new(&file.file, text)
            .at(document.line, 0)
            .object(if object.kind().is_empty() {
                String::new()
            } else {
                title(&object)
            })
    };
    if !document.value.is_object() {
        return vec![problem(
            "is not a manifest: a mapping with apiVersion, kind and metadata is needed",
        )];
    }
    for (field, value) in [
        ("apiVersion", object.text("/apiVersion")),
        ("kind", object.kind()),
    ] {
        if value.is_empty() {
            return vec![problem(&format!("{field} is missing")).field(field)];
        }
    }
    if is_list(&object) {
        return Vec::new();
    }
    if object.name().is_empty() {
        let text = if object.generate_name().is_empty() {
            "metadata.name is missing"
        } else {
            "metadata.generateName cannot be used: what Git describes needs a name of its own"
        };
        return vec![problem(text).field("metadata.name")];
    }
    Vec::new()
}
