//! What made a pod.

use api::{GroupVersionKind, Object, ObjectKey, OwnerReference};

use crate::web::app::App;
use crate::web::view::object;

/// Where what made the pod has a page; empty for nowhere.
pub(super) fn made_by(app: &App, pod: &Object, owner: &str) -> String {
    let key = pod.controller().and_then(|it| maker(app, pod, &it));
    match (key, pod.controller()) {
        (Some(key), Some(made_by)) if !owner.is_empty() => object::href(owner, &made_by.kind, &key),
        _ => String::new(),
    }
}

fn maker(app: &App, pod: &Object, made_by: &OwnerReference) -> Option<ObjectKey> {
    let gvk = GroupVersionKind::from_type_meta(&made_by.api_version, &made_by.kind);
    let catalog = app.client.catalog();
    let collection = catalog.by_kind(&gvk)?.collection();
    Some(collection.key(pod.namespace(), &made_by.name))
}
