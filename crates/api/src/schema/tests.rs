use super::*;

fn ty(name: &str) -> &'static Type {
    named(name).unwrap_or_else(|| panic!("no type {name}"))
}

fn field(owner: &str, key: &str) -> &'static Field {
    ty(owner)
        .child(key)
        .unwrap_or_else(|| panic!("no field {owner}.{key}"))
}

#[test]
fn every_reference_resolves_and_no_json_key_is_there_twice() {
    for ty in all() {
        let keys = ty.json_fields();
        assert_eq!(keys.len(), ty.json_keys().count(), "{}", ty.name);
        for field in ty.fields {
            let mut inner = &field.ty;
            while let Some(element) = inner.element() {
                inner = element;
            }
            if let Some(named) = inner.named() {
                assert!(field.type_name.ends_with(named.name));
            }
            assert!(field.number > 0, "{}.{}", ty.name, field.name);
        }
    }
}

#[test]
fn kinds_are_found_by_group_version_kind() {
    let check = |group: &str, version: &str, name: &str, expected: Option<&str>| {
        let found = kind(&GroupVersionKind::new(group, version, name)).map(|ty| ty.name);
        assert_eq!(found, expected, "{group}/{version} {name}");
    };
    check("apps", "v1", "Deployment", Some("api.apps.v1.Deployment"));
    check("", "v1", "Pod", Some("api.core.v1.Pod"));
    check(
        "kedge.dev",
        "v1alpha1",
        "Rollout",
        Some("kedge.v1alpha1.Rollout"),
    );
    let options = Some("apimachinery.pkg.apis.meta.v1.DeleteOptions");
    check("", "v1", "DeleteOptions", options);
    check("policy", "v1", "DeleteOptions", options);
    check("apps", "v1", "Pod", None);
}

#[test]
fn every_served_kind_has_a_type() {
    for resource in crate::resource::served() {
        assert!(kind(&resource.gvk()).is_some(), "{}", resource.gvk());
    }
}

#[test]
fn inlined_fields_are_reached_by_their_json_key() {
    assert_eq!(
        field("api.core.v1.Volume", "configMap").type_name,
        "api.core.v1.ConfigMapVolumeSource"
    );
    assert!(ty("api.core.v1.Volume").child("volumeSource").is_none());
    assert_eq!(field("api.core.v1.Probe", "httpGet").number, 2);
    assert_eq!(
        field("api.core.v1.EphemeralContainer", "image").ty,
        FieldType::String
    );
}

#[test]
fn list_and_patch_facts_are_read() {
    let ports = field("api.core.v1.ServiceSpec", "ports");
    assert_eq!(
        (ports.list, ports.keys.as_slice()),
        (ListKind::Map, ["port", "protocol"].as_slice())
    );
    assert_eq!(
        (ports.patch, ports.merge_key),
        (PatchStrategy::Merge, Some("port"))
    );
    let volumes = field("api.core.v1.PodSpec", "volumes");
    assert!(volumes.patch.merges() && volumes.patch.retains_keys());
    assert!(
        field("api.apps.v1.DeploymentSpec", "strategy")
            .patch
            .retains_keys()
    );
    assert_eq!(
        field("api.core.v1.ServicePort", "protocol").default,
        Some("TCP".into())
    );
    assert!(field("api.apps.v1.DeploymentSpec", "selector").map_atomic);
    assert!(field("api.core.v1.PodSpec", "nodeSelector").map_atomic);
    assert!(!field("api.core.v1.PersistentVolumeSpec", "claimRef").map_atomic);
    assert_eq!(
        field("api.core.v1.ResourceRequirements", "limits").ty,
        FieldType::Map(Box::new(FieldType::Special(Special::Quantity)))
    );
}
