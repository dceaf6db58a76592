//! Kinds that the objects of a commit define: known before the server has them.

use std::borrow::Cow;

use api::custom::{self, Definition};
use api::{GroupVersionKind, Object};

use crate::{Kind, Kinds};

/// Whether others of the commit cannot be looked at before this is there.
pub fn makes_room(object: &Object) -> bool {
    object.kind() == "Namespace" || custom::is_definition(object)
}

/// What a definition defines; nothing where the object is none.
pub fn defined(object: &Object) -> Vec<(GroupVersionKind, Kind)> {
    if !custom::is_definition(object) {
        return Vec::new();
    }
    let (definition, _) = Definition::read(object);
    let kind = Kind {
        collection: definition.collection(),
        scope: definition.scope,
    };
    let served = definition.served();
    served
        .map(|version| (definition.gvk(version), kind.clone()))
        .collect()
}

impl Kinds {
    /// These, and what definitions among the objects define.
    pub fn with_definitions<'a>(
        &self,
        objects: impl IntoIterator<Item = &'a Object>,
    ) -> Cow<'_, Self> {
        let mut kinds = Cow::Borrowed(self);
        for (gvk, kind) in objects.into_iter().flat_map(defined) {
            if kinds.find(&gvk).is_none() {
                kinds.to_mut().insert(gvk, kind);
            }
        }
        kinds
    }
}

#[cfg(test)]
mod tests {
    use api::{Collection, Scope};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_definition_among_the_objects_makes_its_kind_known() {
        let definition: Object = json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "widgets.example.org"},
            "spec": {
                "group": "example.org", "scope": "Cluster",
                "names": {"plural": "widgets", "kind": "Widget"},
                "versions": [
                    {"name": "v1", "served": true, "storage": true},
                    {"name": "v0", "served": false},
                ],
            },
        })
        .into();
        let map: Object = json!({"apiVersion": "v1", "kind": "ConfigMap"}).into();
        assert!(makes_room(&definition) && !makes_room(&map));
        let served = Kinds::served();
        assert!(matches!(served.with_definitions([&map]), Cow::Borrowed(_)));
        let kinds = served.with_definitions([&map, &definition]);
        let find = |version: &str| {
            let gvk = GroupVersionKind::new("example.org", version, "Widget");
            kinds.find(&gvk)
        };
        let expected = Kind {
            collection: Collection::new("example.org", "widgets"),
            scope: Scope::Cluster,
        };
        assert_eq!(find("v1"), Some(expected));
        assert_eq!(find("v0"), None);
    }
}
