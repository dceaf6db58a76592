use super::*;

const VERSION: &str = "v1.36.0+kedge";

fn v3(version: &str) -> BTreeMap<String, Value> {
    super::v3(version).collect()
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
                found.insert(reference.to_owned());
            }
            map.values().for_each(|value| references(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

fn operations(document: &Value) -> Vec<&Value> {
    let paths = document["paths"].as_object().unwrap().values();
    paths
        .flat_map(|item| item.as_object().unwrap().values())
        .filter(|operation| operation.get("operationId").is_some())
        .collect()
}

#[test]
fn every_reference_leads_somewhere_and_every_operation_has_its_own_name() {
    let documents = v3(VERSION).into_values().chain([v2(VERSION, [])]);
    for document in documents {
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(!found.is_empty());
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        let ids: Vec<&Value> = operations(&document)
            .into_iter()
            .map(|operation| &operation["operationId"])
            .collect();
        let distinct: BTreeSet<String> = ids.iter().map(ToString::to_string).collect();
        assert_eq!(ids.len(), distinct.len());
    }
}

#[test]
fn each_group_version_has_a_document_of_its_own() {
    let documents = v3(VERSION);
    for path in ["api/v1", "apis/apps/v1", "apis/kedge.dev/v1alpha1"] {
        assert!(documents.contains_key(path), "{path}");
    }
    let served: BTreeSet<String> = resource::served()
        .iter()
        .map(|resource| resource.base_path()[1..].to_owned())
        .collect();
    assert_eq!(documents.keys().cloned().collect::<BTreeSet<_>>(), served);
}

#[test]
fn patching_knows_dry_runs_and_field_validation() {
    let parameters = |document: &Value, kind: &str| -> Vec<String> {
        let patch = operations(document)
            .into_iter()
            .find(|operation| {
                operation["x-kubernetes-action"] == "patch"
                    && operation["x-kubernetes-group-version-kind"]["kind"] == kind
            })
            .unwrap();
        let names = patch["parameters"].as_array().unwrap().iter();
        names
            .map(|p| p["name"].as_str().unwrap().to_owned())
            .collect()
    };
    for kind in ["Deployment", "Scale"] {
        let document = &v3(VERSION)["apis/apps/v1"];
        let expected = ["dryRun", "fieldManager", "fieldValidation", "force"];
        assert_eq!(parameters(document, kind), expected);
        let in_v2 = parameters(&v2(VERSION, []), kind);
        assert_eq!(in_v2[..4], expected);
    }
}

#[test]
fn schemas_carry_what_clients_merge_by() {
    let check = |document: &Value, pointer: &str, expected: Value| {
        assert_eq!(document.pointer(pointer), Some(&expected), "{pointer}");
    };
    let v3 = &v3(VERSION)["apis/apps/v1"];
    check(
        v3,
        "/components/schemas/io.k8s.api.apps.v1.DeploymentSpec/properties/strategy",
        json!({"allOf": [{"$ref": "#/components/schemas/io.k8s.api.apps.v1.DeploymentStrategy"}],
            "description": "The deployment strategy to use to replace existing pods with new ones.",
            "x-kubernetes-patch-strategy": "retainKeys"}),
    );
    check(
        v3,
        "/components/schemas/io.k8s.api.core.v1.PodSpec/properties/volumes",
        json!({"items": {"$ref": "#/components/schemas/io.k8s.api.core.v1.Volume"}, "type": "array",
            "description": "List of volumes that can be mounted by containers belonging to the pod. \
                More info: https://kubernetes.io/docs/concepts/storage/volumes",
            "x-kubernetes-list-map-keys": ["name"], "x-kubernetes-list-type": "map",
            "x-kubernetes-patch-merge-key": "name",
            "x-kubernetes-patch-strategy": "merge,retainKeys"}),
    );
    let v2 = v2(VERSION, []);
    check(
        &v2,
        "/definitions/io.k8s.api.core.v1.ContainerPort/properties/protocol",
        json!({"default": "TCP", "type": "string", "description": "Protocol for port. \
            Must be UDP, TCP, or SCTP. Defaults to \"TCP\"."}),
    );
    check(
        &v2,
        "/definitions/io.k8s.apimachinery.pkg.util.intstr.IntOrString/format",
        json!("int-or-string"),
    );
    check(
        &v2,
        "/definitions/io.k8s.api.apps.v1.Deployment/x-kubernetes-group-version-kind",
        json!([{"group": "apps", "kind": "Deployment", "version": "v1"}]),
    );
    check(
        &v2,
        "/definitions/io.k8s.api.core.v1.Volume/properties/configMap/$ref",
        json!("#/definitions/io.k8s.api.core.v1.ConfigMapVolumeSource"),
    );
    check(
        &v2,
        "/definitions/dev.kedge.v1alpha1.ApplicationSource/required",
        json!(["path"]),
    );
}

/// `scripts/descriptions.py` is to be run again when the kinds that are served change.
#[test]
fn every_type_and_field_of_kubernetes_is_described() {
    let v2 = v2(VERSION, []);
    let definitions = v2["definitions"].as_object().unwrap();
    // Kubernetes says nothing of the words of JSON schemas.
    let own_words = ["JSONSchemaProps", "ExternalDocumentation"];
    let mut bare = Vec::new();
    for (name, definition) in definitions
        .iter()
        .filter(|(name, _)| name.starts_with("io.k8s."))
        .filter(|(name, _)| own_words.iter().all(|word| !name.ends_with(word)))
    {
        if definition["description"].is_null() {
            bare.push(name.clone());
        }
        for (field, property) in definition["properties"].as_object().into_iter().flatten() {
            if property["description"].is_null() {
                bare.push(format!("{name}.{field}"));
            }
        }
    }
    assert_eq!(bare, [""; 0]);
    let needless: Vec<String> = Descriptions::read()
        .types()
        .map(schemas::public_name)
        .filter(|name| !definitions.contains_key(name))
        .collect();
    assert_eq!(needless, [""; 0]);
}

/// kubectl 1.32 and 1.37 read the whole document; this pins the form on a small one.
#[test]
fn version_two_is_written_as_gnostic_does() {
    let document = json!({"swagger": "2.0", "info": {"title": "K", "version": "v"},
        "paths": {"/p": {"patch": {"operationId": "o", "consumes": ["c"],
            "parameters": [{"name": "dryRun", "in": "query", "type": "string"}],
            "responses": {}, "x-kubernetes-action": "patch"}}},
        "definitions": {"D": {"type": "object", "properties": {"a": {"$ref": "r"}}}}});
    let expected: &[u8] = b"\x0a\x032.0\x12\x06\x0a\x01K\x12\x01v\
        \x42\x54\x12\x52\x0a\x02/p\x12\x4c\x42\x4a\x2a\x01o\x3a\x01c\
        \x42\x1d\x0a\x1b\x12\x19\x1a\x17\x12\x05query\x22\x06dryRun\x32\x06string\
        \x4a\x00\x6a\x21\x0a\x13x-kubernetes-action\x12\x0a\x12\x08\"patch\"\n\
        \x4a\x1f\x0a\x1d\x0a\x01D\x12\x18\xb2\x01\x08\x0a\x06object\
        \xca\x01\x0a\x0a\x08\x0a\x01a\x12\x03\x0a\x01r";
    let written = v2_protobuf(&document);
    assert_eq!(written, expected, "{}", written.escape_ascii());
}
