//! What is wrong with an object by itself, whatever else there is in the cluster.

use serde_json::json;

use api::{Object, Status};

use super::kinds::{self, Kind};
use super::metadata;

/// The namespace of an object that says none: any will do for the rules.
const ANY: &str = "default";

/// Why the API server would refuse a new object before it looks at others: the rules of its metadata
/// and of its kind. `None` for nothing, and for kinds that are not built in.
pub fn faults(object: &Object) -> Option<Status> {
    let kind = kinds::all().find(|kind| kind.resource.gvk() == object.gvk())?;
    let object = complete(kind, object.clone());
    let causes = [
        metadata::validate(&object, &kind.resource),
        kind.validate_create(&object),
    ]
    .concat();
    let resource = &kind.resource;
    (!causes.is_empty())
        .then(|| Status::invalid(&resource.group, &resource.kind, object.name(), causes))
}

/// With all that the server sets itself.
fn complete(kind: &Kind, mut object: Object) -> Object {
    let base = object.generate_name().to_owned();
    if object.name().is_empty() && !base.is_empty() {
        let name = format!("{base}xxxxx");
        object.metadata_mut().insert("name".into(), json!(name));
    }
    if kind.resource.is_namespaced() && object.namespace().is_empty() {
        object.metadata_mut().insert("namespace".into(), json!(ANY));
    }
    kind.default(&mut object);
    (kind.prepare_create)(&mut object);
    kind.default(&mut object);
    object
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn fields(object: Value) -> Vec<String> {
        let faults = faults(&object.into());
        let causes = faults.map(|status| status.causes).unwrap_or_default();
        causes.into_iter().map(|cause| cause.field).collect()
    }

    #[test]
    fn the_rules_of_a_kind_are_asked_without_a_cluster() {
        let map = |name: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
        assert_eq!(fields(map("good-name")), Vec::<String>::new());
        assert_eq!(fields(map("Bad_Name")), ["metadata.name"]);
        let deployment = |label: &str, port: i64| {
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
                "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": {
                    "metadata": {"labels": {"app": label}},
                    "spec": {"containers": [{"name": "web", "image": "web:1",
                        "ports": [{"containerPort": port}]}]}}}})
        };
        assert_eq!(fields(deployment("web", 80)), Vec::<String>::new());
        assert_eq!(
            fields(deployment("api", 99_999)),
            [
                "spec.template.metadata.labels",
                "spec.template.spec.containers[0].ports[0].containerPort",
            ]
        );
        let custom =
            json!({"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "A"}});
        assert_eq!(fields(custom), Vec::<String>::new());
    }
}
