//! A claim that names no class gets the default one, where there is one.

use serde_json::json;

use api::{Collection, Object};

use super::super::view::View;

const DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";

pub(crate) fn complete(view: &View<'_>, claim: &mut Object) {
    if claim.pointer("/spec/storageClassName").is_some() {
        return;
    }
    let classes = view.list(&Collection::new("storage.k8s.io", "storageclasses"));
    // The newest default wins, as in Kubernetes.
    let default = classes
        .iter()
        .filter(|class| class.annotation(DEFAULT) == Some("true"))
        .max_by_key(|class| {
            (
                class.creation_timestamp().to_owned(),
                std::cmp::Reverse(class.name().to_owned()),
            )
        });
    if let Some(class) = default {
        claim.body["spec"]["storageClassName"] = json!(class.name());
    }
}
