use serde_json::{Value, json};

use super::*;

fn rule(fields: Value) -> Rule {
    serde_json::from_value(fields).unwrap()
}

fn deployment(spec: &Value) -> Object {
    json!({"apiVersion": "apps/v1", "kind": "Deployment",
           "metadata": {"name": "web", "namespace": "shop"}, "spec": spec})
    .into()
}

/// The same, as it is in the cluster: who owns what.
fn live(spec: &Value, owners: &[(&str, Value)]) -> Object {
    let mut object = deployment(spec);
    let entry = |(manager, fields): &(&str, Value)| {
        json!({"manager": manager, "operation": "Apply", "apiVersion": "apps/v1",
               "fieldsType": "FieldsV1", "fieldsV1": fields})
    };
    let entries: Vec<Value> = owners.iter().map(entry).collect();
    object.body["metadata"]["managedFields"] = entries.into();
    object
}

#[test]
fn an_ignored_field_keeps_the_clusters_value() {
    let replicas = json!({"f:spec": {"f:replicas": {}}});
    let ours = [("kedge", replicas.clone())];
    let theirs = [("kubectl", replicas.clone())];
    let both = [("kedge", replicas.clone()), ("hpa", replicas)];
    let check = |rules: Value, live: Object, wanted: Value, expected: Option<Value>| {
        let object = respected(&[rule(rules)], &live, &deployment(&wanted), "kedge");
        assert_eq!(object.map(|object| object.body["spec"].clone()), expected);
    };
    let pointer = || json!({"kind": "Deployment", "jsonPointers": ["/spec/replicas"]});
    let (two, nine) = (|| json!({"replicas": 2}), || json!({"replicas": 9}));
    // Alone ours, it would go if it were left out.
    check(pointer(), live(&nine(), &ours), two(), Some(nine()));
    check(pointer(), live(&nine(), &ours), json!({}), Some(nine()));
    check(pointer(), live(&nine(), &theirs), two(), Some(json!({})));
    check(pointer(), live(&nine(), &both), two(), Some(json!({})));
    check(pointer(), live(&nine(), &[]), two(), Some(json!({})));
    check(pointer(), live(&json!({}), &[]), two(), Some(json!({})));
    let managers = json!({"managedFieldsManagers": ["hpa"]});
    check(
        managers.clone(),
        live(&nine(), &both),
        two(),
        Some(json!({})),
    );
    check(managers, live(&nine(), &ours), two(), Some(two()));
    for other in [
        json!({"kind": "StatefulSet"}),
        json!({"group": ""}),
        json!({"name": "api-*"}),
        json!({"namespace": "s"}),
    ] {
        let mut rule = other;
        rule["jsonPointers"] = json!(["/spec/replicas"]);
        check(rule, live(&nine(), &theirs), two(), None);
    }
    let wide = json!({"name": "w*", "group": "*", "jsonPointers": ["/spec/replicas"]});
    check(wide, live(&nine(), &theirs), two(), Some(json!({})));
}

#[test]
fn expressions_know_the_items_of_lists_by_their_keys() {
    let template = |containers: Value| json!({"template": {"spec": {"containers": containers}}});
    let fields = json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {
        "k:{\"name\":\"main\"}": {".": {}, "f:name": {}, "f:image": {}},
        "k:{\"name\":\"proxy\"}": {".": {}, "f:name": {}, "f:image": {}},
    }}}}});
    let live_containers = json!([
        {"name": "proxy", "image": "proxy:9"}, {"name": "main", "image": "main:1"},
        {"name": "added", "image": "added:1"},
    ]);
    let live = live(&template(live_containers), &[("kedge", fields)]);
    let wanted = deployment(&template(json!([
        {"name": "main", "image": "main:2"}, {"name": "proxy", "image": "proxy:1"},
    ])));
    let check = |path: &str, expected: Value| {
        let rule = rule(json!({"jsonPaths": [path]}));
        let object = respected(&[rule], &live, &wanted, "kedge").unwrap();
        assert_eq!(object.body["spec"], template(expected), "{path}");
    };
    let kept = json!([{"name": "main", "image": "main:2"}, {"name": "proxy", "image": "proxy:9"}]);
    let containers = "$.spec.template.spec.containers";
    check(
        &format!("{containers}[?@.name == 'proxy'].image"),
        kept.clone(),
    );
    check(&format!("{containers}[?@.name == 'proxy']"), kept);
    // Somebody else's: nothing is said about it.
    let same = json!([{"name": "main", "image": "main:2"}, {"name": "proxy", "image": "proxy:1"}]);
    check(&format!("{containers}[?@.name == 'added']"), same.clone());
    check("$.metadata", same);
}

#[test]
fn a_part_of_what_is_owned_as_one_is_said_with_it() {
    let fields = json!({"f:spec": {"f:template": {"f:spec": {"f:tolerations": {}}}}});
    let template = |key: &str| json!({"template": {"spec": {"tolerations": [{"key": key}]}}});
    let live = live(&template("theirs"), &[("kubectl", fields)]);
    let rule = rule(json!({"jsonPointers": ["/spec/template/spec/tolerations/0/key"]}));
    let object = respected(&[rule], &live, &deployment(&template("ours")), "kedge").unwrap();
    assert_eq!(object.body["spec"], template("theirs"));
}

#[test]
fn without_a_live_object_everything_is_said() {
    let manifest = Manifest {
        object: deployment(&json!({"replicas": 2})),
        origin: crate::Origin::default(),
    };
    let rules = [rule(json!({"jsonPointers": ["/spec/replicas"]}))];
    let manifests = [manifest.clone()];
    let respected = respect(
        &rules,
        &Kinds::served(),
        &manifests,
        &BTreeMap::new(),
        "kedge",
    );
    assert_eq!(respected[0], manifest);
}
