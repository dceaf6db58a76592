//! Pods that are refused, each with the field at fault.

use serde_json::{Value, json};

use super::pods::pod;
use super::{kind, refuse};

#[track_caller]
fn check(spec: &Value, expected: &[(&str, &str)]) {
    refuse(kind("", "pods"), &pod(spec), expected);
}

/// A pod with one otherwise fine container that has `extra` fields.
#[track_caller]
fn check_container(extra: &Value, expected: &[(&str, &str)]) {
    let mut container = json!({"name": "a", "image": "a:1"});
    for (key, value) in extra.as_object().unwrap() {
        container[key] = value.clone();
    }
    let spec = json!({"containers": [container], "volumes": [{"name": "v"}]});
    check(&spec, expected);
}

/// A pod that would be fine without the `extra` fields of its spec.
#[track_caller]
fn check_spec(extra: &Value, expected: &[(&str, &str)]) {
    let mut spec = json!({"containers": [{"name": "a", "image": "a:1"}]});
    for (key, value) in extra.as_object().unwrap() {
        spec[key] = value.clone();
    }
    check(&spec, expected);
}

#[test]
fn containers() {
    check(&json!({}), &[("spec.containers", "Required value")]);
    check(
        &json!({"containers": [{}, {"name": "A_b", "image": " x"}]}),
        &[
            ("spec.containers[0].name", "Required value"),
            ("spec.containers[0].image", "Required value"),
            (
                "spec.containers[1].name",
                "a lowercase RFC 1123 label must consist of",
            ),
            (
                "spec.containers[1].image",
                "must not have leading or trailing whitespace",
            ),
        ],
    );
    check(
        &json!({"containers": [{"name": "a", "image": "a"}, {"name": "a", "image": "a"}]}),
        &[("spec.containers[1].name", "Duplicate value: \"a\"")],
    );
    check(
        &json!({"initContainers": [{"name": "a", "image": "a"}], "containers": [{"name": "a", "image": "a"}]}),
        &[("spec.containers[0].name", "Duplicate value: \"a\"")],
    );
    check_container(
        &json!({"imagePullPolicy": "Sometimes"}),
        &[(
            "spec.containers[0].imagePullPolicy",
            "Unsupported value: \"Sometimes\": supported values: \"Always\", \"IfNotPresent\", \"Never\"",
        )],
    );
}

#[test]
fn ports_and_environment() {
    check_container(
        &json!({"ports": [{"containerPort": 70000}, {"name": "x"}, {"containerPort": 1, "protocol": "ICMP"}]}),
        &[
            (
                "spec.containers[0].ports[0].containerPort",
                "must be between 1 and 65535, inclusive",
            ),
            (
                "spec.containers[0].ports[1].containerPort",
                "Required value",
            ),
            (
                "spec.containers[0].ports[2].protocol",
                "Unsupported value: \"ICMP\"",
            ),
        ],
    );
    check_container(
        &json!({"env": [{"name": "1=2"}, {"value": "x"}, {"name": "a", "value": "b", "valueFrom": {}}]}),
        &[
            (
                "spec.containers[0].env[0].name",
                "a valid environment variable name",
            ),
            ("spec.containers[0].env[1].name", "Required value"),
            (
                "spec.containers[0].env[2].valueFrom",
                "may not be specified when `value` is not empty",
            ),
            ("spec.containers[0].env[2].valueFrom", "must specify one of"),
        ],
    );
    check_container(
        &json!({"env": [
            {"name": "a", "valueFrom": {"fieldRef": {"fieldPath": "spec.nothing"}}},
            {"name": "b", "valueFrom": {"secretKeyRef": {"name": "s"}}},
        ], "envFrom": [{}]}),
        &[
            (
                "spec.containers[0].env[0].valueFrom.fieldRef.fieldPath",
                "Unsupported value",
            ),
            (
                "spec.containers[0].env[1].valueFrom.secretKeyRef.key",
                "Required value",
            ),
            (
                "spec.containers[0].envFrom[0]",
                "must specify one of: `configMapRef` or `secretRef`",
            ),
        ],
    );
}

#[test]
fn mounts_and_volumes() {
    check_container(
        &json!({"volumeMounts": [
            {"name": "w", "mountPath": "/w"}, {"name": "v"},
            {"name": "v", "mountPath": "/w", "subPath": "../x"},
        ]}),
        &[
            (
                "spec.containers[0].volumeMounts[0].name",
                "Not found: \"w\"",
            ),
            (
                "spec.containers[0].volumeMounts[1].mountPath",
                "Required value",
            ),
            (
                "spec.containers[0].volumeMounts[2].mountPath",
                "must be unique",
            ),
            (
                "spec.containers[0].volumeMounts[2].subPath",
                "must not contain '..'",
            ),
        ],
    );
    check_spec(
        &json!({"volumes": [
            {"name": "a"}, {"name": "a"}, {"name": "b", "emptyDir": {}, "secret": {"secretName": "s"}},
            {"name": "c", "nfs": {"server": "x", "path": "/"}}, {"name": "d", "configMap": {}},
            {"name": "e", "hostPath": {"path": "/a/../b", "type": "Odd"}},
            {"name": "f", "emptyDir": {"sizeLimit": "lots"}},
        ]}),
        &[
            ("spec.volumes[1].name", "Duplicate value"),
            (
                "spec.volumes[2].secret",
                "may not specify more than 1 volume type",
            ),
            (
                "spec.volumes[3].nfs",
                "Forbidden: not supported by this release",
            ),
            ("spec.volumes[4].configMap.name", "Required value"),
            ("spec.volumes[5].hostPath.path", "must not contain '..'"),
            ("spec.volumes[5].hostPath.type", "Unsupported value"),
            (
                "spec.volumes[6].emptyDir.sizeLimit",
                "quantities must match",
            ),
        ],
    );
}

#[test]
fn resources_and_probes() {
    check_container(
        &json!({"resources": {
            "requests": {"cpu": "2", "memory": "1Gi", "gpu": 1}, "limits": {"cpu": 1, "memory": "-1"},
        }}),
        &[
            (
                "spec.containers[0].resources.limits[memory]",
                "must be greater than or equal to 0",
            ),
            (
                "spec.containers[0].resources.requests[gpu]",
                "must be a standard resource for containers",
            ),
            (
                "spec.containers[0].resources.requests[cpu]",
                "Invalid value: \"2\": must be less than or equal to cpu limit of 1",
            ),
            (
                "spec.containers[0].resources.requests[memory]",
                "must be less than or equal to memory limit of -1",
            ),
        ],
    );
    check_container(
        &json!({"resources": {"limits": {"cpu": "1 core"}}}),
        &[
            (
                "spec.containers[0].resources.limits[cpu]",
                "quantities must match the regular expression",
            ),
            (
                "spec.containers[0].resources.requests[cpu]",
                "quantities must match the regular expression",
            ),
        ],
    );
    check_container(
        &json!({
            "livenessProbe": {"exec": {}, "tcpSocket": {"port": 0}, "successThreshold": 2},
            "readinessProbe": {"periodSeconds": -1}, "startupProbe": {"httpGet": {"port": "http!"}},
        }),
        &[
            (
                "spec.containers[0].livenessProbe.tcpSocket",
                "may not specify more than 1 handler type",
            ),
            (
                "spec.containers[0].livenessProbe.exec.command",
                "Required value",
            ),
            (
                "spec.containers[0].livenessProbe.tcpSocket.port",
                "must be between 1 and 65535",
            ),
            (
                "spec.containers[0].livenessProbe.successThreshold",
                "must be 1",
            ),
            (
                "spec.containers[0].readinessProbe",
                "must specify a handler type",
            ),
            (
                "spec.containers[0].readinessProbe.periodSeconds",
                "must be greater than or equal to 0",
            ),
            ("spec.containers[0].startupProbe.httpGet.port", ""),
        ],
    );
}

#[test]
fn where_and_how_it_runs() {
    check_spec(
        &json!({"restartPolicy": "Maybe", "dnsPolicy": "None", "nodeSelector": {"a b": "c"}}),
        &[
            ("spec.restartPolicy", "Unsupported value: \"Maybe\""),
            (
                "spec.dnsConfig",
                "must provide `dnsConfig` when `dnsPolicy` is None",
            ),
            ("spec.nodeSelector", "name part must consist of"),
        ],
    );
    check_spec(
        &json!({"tolerations": [{"operator": "Equal"}, {"key": "a", "operator": "Exists", "value": "x"},
            {"key": "a", "operator": "Exists", "tolerationSeconds": 1}]}),
        &[
            (
                "spec.tolerations[0].operator",
                "operator must be Exists when `key` is empty",
            ),
            (
                "spec.tolerations[1].value",
                "value must be empty when `operator` is 'Exists'",
            ),
            ("spec.tolerations[2].effect", "effect must be 'NoExecute'"),
        ],
    );
    check_spec(
        &json!({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
            {"matchExpressions": [{"key": "zone", "operator": "In"}, {"key": "zone", "operator": "Near"}]},
        ]}}}}),
        &[
            (
                "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values",
                "Required value",
            ),
            (
                "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[1].operator",
                "not a valid selector operator",
            ),
        ],
    );
    check_spec(
        &json!({"terminationGracePeriodSeconds": -5, "activeDeadlineSeconds": 0, "hostAliases": [{"ip": "nope"}]}),
        &[
            (
                "spec.terminationGracePeriodSeconds",
                "must be greater than or equal to 0",
            ),
            (
                "spec.activeDeadlineSeconds",
                "must be between 1 and 2147483647, inclusive",
            ),
            ("spec.hostAliases[0].ip", "must be a valid IP address"),
        ],
    );
}

#[test]
fn what_would_silently_not_work() {
    for (extra, field) in [
        (
            json!({"priorityClassName": "high"}),
            "spec.priorityClassName",
        ),
        (
            json!({"runtimeClassName": "gvisor"}),
            "spec.runtimeClassName",
        ),
        (
            json!({"resourceClaims": [{"name": "gpu"}]}),
            "spec.resourceClaims",
        ),
        (json!({"hostUsers": false}), "spec.hostUsers"),
        (json!({"os": {"name": "windows"}}), "spec.os.name"),
        (
            json!({"schedulingGates": [{"name": "wait"}]}),
            "spec.schedulingGates",
        ),
        (
            json!({"initContainers": [{"name": "s", "image": "s:1", "restartPolicy": "Always"}]}),
            "spec.initContainers[0].restartPolicy",
        ),
        (
            json!({"topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}]}),
            "spec.topologySpreadConstraints[0].whenUnsatisfiable",
        ),
    ] {
        check_spec(&extra, &[(field, "not supported by this release of Kedge")]);
    }
    check_spec(
        &json!({"priorityClassName": "", "hostUsers": true, "preemptionPolicy": "Never"}),
        &[],
    );
}
