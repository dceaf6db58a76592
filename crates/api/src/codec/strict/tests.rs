use serde_json::json;

use super::*;

fn findings(body: Value) -> Findings {
    check_object(&Object::from(body))
}

fn deployment(spec: Value) -> Value {
    let mut body =
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}});
    body["spec"] = spec;
    body
}

fn texts(findings: &[impl ToString]) -> Vec<String> {
    findings.iter().map(ToString::to_string).collect()
}

#[test]
fn unknown_fields_have_path_and_suggestion() {
    let check = |body: Value, expected: &[&str]| {
        let found = findings(body);
        assert_eq!(texts(&found.unknown), expected);
        assert!(found.mistyped.is_empty());
    };
    check(deployment(json!({"replicas": 1})), &[]);
    check(
        deployment(json!({"replica": 1})),
        &["unknown field \"spec.replica\" (did you mean \"replicas\"?)"],
    );
    check(
        deployment(json!({"template": {"spec": {"containers": [{}, {"imagee": "x", "zzz": 1}]}}})),
        &[
            "unknown field \"spec.template.spec.containers[1].imagee\" (did you mean \"image\"?)",
            "unknown field \"spec.template.spec.containers[1].zzz\"",
        ],
    );
    check(
        json!({"apiVersion": "v1", "Kind": "Pod", "kind": "Pod"}),
        &["unknown field \"Kind\" (did you mean \"kind\"?)"],
    );
    check(
        json!({"apiVersion": "kedge.dev/v1alpha1", "kind": "Application",
            "spec": {"source": {"path": ".", "repoURL": "x"}, "dependsOn": ["a"]}}),
        &["unknown field \"spec.source.repoURL\""],
    );
    // Inlined fields, maps with any key, embedded objects with a type of their own.
    check(
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"any.thing/x": "y"}},
            "spec": {"volumes": [{"name": "a", "configMap": {"name": "c"}}]}}),
        &[],
    );
    check(
        json!({"apiVersion": "policy/v1", "kind": "Eviction",
            "deleteOptions": {"apiVersion": "v1", "kind": "DeleteOptions"}}),
        &[],
    );
    check(
        json!({"apiVersion": "v1", "kind": "PodList", "items": [{"apiVersion": "v1", "kind": "Pod", "x": 1}]}),
        &["unknown field \"items[0].x\""],
    );
    check(json!({"apiVersion": "v1", "kind": "Nonsense", "x": 1}), &[]);
}

#[test]
fn wrong_types_are_told_in_the_words_of_kubernetes() {
    let check = |spec: Value, expected: &str| {
        assert_eq!(texts(&findings(deployment(spec)).mistyped), [expected]);
    };
    let go = |found: &str, field: &str, expected: &str| {
        format!("json: cannot unmarshal {found} into Go struct field {field} of type {expected}")
    };
    check(
        json!({"replicas": "3"}),
        &go("string", "DeploymentSpec.spec.replicas", "int32"),
    );
    check(
        json!({"replicas": 3.5}),
        &go("number 3.5", "DeploymentSpec.spec.replicas", "int32"),
    );
    check(
        json!({"replicas": 3_000_000_000_i64}),
        &go("number 3000000000", "DeploymentSpec.spec.replicas", "int32"),
    );
    check(
        json!({"paused": "yes"}),
        &go("string", "DeploymentSpec.spec.paused", "bool"),
    );
    check(
        json!({"template": []}),
        &go("array", "DeploymentSpec.spec.template", "PodTemplateSpec"),
    );
    let pod = |spec: Value| json!({"template": {"spec": spec}});
    check(
        pod(json!({"containers": {"name": "x"}})),
        &go("object", "PodSpec.spec.template.spec.containers", "[]"),
    );
    check(
        pod(json!({"containers": [{"env": [{"name": "A", "value": 1}]}]})),
        &go(
            "number",
            "EnvVar.spec.template.spec.containers[0].env[0].value",
            "string",
        ),
    );
    check(
        pod(json!({"nodeSelector": {"disk": true}})),
        &go(
            "bool",
            "PodSpec.spec.template.spec.nodeSelector.disk",
            "string",
        ),
    );
    check(
        json!({"strategy": {"rollingUpdate": {"maxSurge": 1.5}}}),
        &go(
            "number 1.5",
            "RollingUpdateDeployment.spec.strategy.rollingUpdate.maxSurge",
            "int32",
        ),
    );
    assert!(findings(deployment(json!({"replicas": null, "template": null}))).is_empty());
}

#[test]
fn texts_with_a_form_are_checked() {
    let check = |body: Value, field: &str| {
        let found = findings(body).mistyped;
        assert_eq!(found.len(), 1);
        assert!(matches!(found[0].problem, TypeProblem::Form(_)));
        assert_eq!(found[0].field, field);
    };
    let secret = |data: Value| json!({"apiVersion": "v1", "kind": "Secret", "data": data});
    check(secret(json!({"a": "no base64!"})), "data.a");
    assert!(findings(secret(json!({"a": "YWI=\n"}))).is_empty());
    check(
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"creationTimestamp": "today"}}),
        "metadata.creationTimestamp",
    );
    check(
        json!({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [
            {"resources": {"limits": {"cpu": "lots"}}}]}}),
        "spec.containers[0].resources.limits.cpu",
    );
}

#[test]
fn the_strict_error_lists_unknown_and_duplicate_fields() {
    let unknown = findings(deployment(json!({"nonsense": 1}))).unknown;
    assert_eq!(
        strict_error(&unknown, &["spec.replicas".to_owned()]).unwrap(),
        "strict decoding error: unknown field \"spec.nonsense\", duplicate field \"spec.replicas\""
    );
    assert_eq!(strict_error(&[], &[]), None);
}

#[test]
fn pruning_takes_out_exactly_what_the_check_calls_unknown() {
    let container = json!({"name": "a", "imagee": "x", "resources": {"limits": {"any/key": "1"}}});
    let mut object = Object::from(json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "extra": [{}],
        "metadata": {"name": "web", "labels": {"any.thing/x": "y"}},
        "spec": {"replicsa": 1, "replicas": 2, "template": {"spec": {"containers": [container]}}},
    }));
    assert_eq!(check_object(&object).unknown.len(), 3);
    prune(&mut object);
    assert_eq!(
        object.body,
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "labels": {"any.thing/x": "y"}},
            "spec": {"replicas": 2, "template": {"spec": {"containers": [
                {"name": "a", "resources": {"limits": {"any/key": "1"}}},
            ]}}},
        })
    );
    let mut foreign = Object::from(json!({"apiVersion": "v1", "kind": "Nonsense", "x": 1}));
    prune(&mut foreign);
    assert_eq!(foreign.body["x"], 1);
}
