//! Specs in, configurations out.

use std::path::Path;
use std::time::Duration;

use api::k8s::core::v1 as core;
use serde_json::{Value, json};

use super::image::{PullPolicy, normalized, pull_policy, registry};
use super::resources::{Qos, container_resources, pod_resources, qos};
use super::security::security;
use super::{Inputs, container_config, hosts_file, sandbox_config};
use crate::config::DnsConfig;
use crate::runtime::{Image, NamespaceMode, ResolverConfig, Resources, SeccompProfile};

#[expect(clippy::needless_pass_by_value, reason = "callers write JSON literals")]
fn pod(spec: Value) -> core::Pod {
    serde_json::from_value(json!({
        "metadata": {"name": "web", "namespace": "default", "uid": "u1"}, "spec": spec,
    }))
    .unwrap()
}

fn with(container: Value) -> core::Pod {
    let mut container = container;
    container["name"] = json!("c");
    pod(json!({"containers": [container]}))
}

fn first(pod: &core::Pod) -> &core::Container {
    &pod.spec.as_ref().unwrap().containers[0]
}

#[test]
fn references_get_their_full_form() {
    let digest = format!("sha256:{}", "a".repeat(64));
    for (written, expected) in [
        ("nginx", "docker.io/library/nginx:latest"),
        ("nginx:1.27", "docker.io/library/nginx:1.27"),
        ("bitnami/redis", "docker.io/bitnami/redis:latest"),
        ("localhost/x", "localhost/x:latest"),
        ("127.0.0.1:5000/a/b:c", "127.0.0.1:5000/a/b:c"),
        ("kedge.local/movies:1", "kedge.local/movies:1"),
        (
            &format!("ghcr.io/a@{digest}"),
            &format!("ghcr.io/a@{digest}"),
        ),
        (
            &format!("ghcr.io/a:1@{digest}"),
            &format!("ghcr.io/a@{digest}"),
        ),
    ] {
        assert_eq!(normalized(written).unwrap(), expected);
    }
    for bad in [
        "",
        "A",
        "nginx:",
        "nginx:a b",
        "x@sha256:1",
        "a//b",
        "-a",
        "h.example/",
        "a:b:c",
    ] {
        assert!(normalized(bad).is_err(), "{bad:?}");
    }
    assert_eq!(registry("127.0.0.1:5000/a:1"), "127.0.0.1:5000");
}

#[test]
fn pull_policy_follows_the_tag() {
    for (image, policy, expected) in [
        ("a", None, PullPolicy::Always),
        ("a:latest", None, PullPolicy::Always),
        ("a:1", None, PullPolicy::IfNotPresent),
        ("h:5000/a", None, PullPolicy::Always),
        ("a@sha256:1", None, PullPolicy::IfNotPresent),
        ("a:latest", Some("Never"), PullPolicy::Never),
        ("a:1", Some("Always"), PullPolicy::Always),
    ] {
        let pod = with(json!({"image": image, "imagePullPolicy": policy}));
        assert_eq!(pull_policy(first(&pod)), expected, "{image} {policy:?}");
    }
}

#[test]
fn resources_are_in_kernel_units() {
    let check = |resources: Value, class: Qos, expected: Resources| {
        let pod = with(json!({"resources": resources}));
        assert_eq!(qos(&pod), class);
        assert_eq!(container_resources(&pod, first(&pod), 8 << 30), expected);
    };
    let none = Resources {
        cpu_shares: 2,
        oom_score_adj: 1000,
        ..Resources::default()
    };
    check(json!({}), Qos::BestEffort, none);
    let guaranteed = Resources {
        cpu_shares: 512,
        cpu_quota: 50_000,
        cpu_period: 100_000,
        memory_limit: 128 << 20,
        oom_score_adj: -997,
    };
    check(
        json!({"limits": {"cpu": "500m", "memory": "128Mi"}}),
        Qos::Guaranteed,
        guaranteed,
    );
    let burstable = Resources {
        cpu_shares: 102,
        oom_score_adj: 875,
        ..Resources::default()
    };
    check(
        json!({"requests": {"cpu": "0.1", "memory": "1Gi"}}),
        Qos::Burstable,
        burstable,
    );
    let tiny = Resources {
        cpu_shares: 2,
        cpu_quota: 1000,
        cpu_period: 100_000,
        oom_score_adj: 999,
        ..Resources::default()
    };
    check(json!({"limits": {"cpu": "1m"}}), Qos::Burstable, tiny);
}

#[test]
fn a_pod_is_limited_where_all_its_containers_are() {
    let limited = json!({"name": "a", "resources": {"limits": {"cpu": "1", "memory": "1Gi"}}});
    let free = json!({"name": "b"});
    let both = pod_resources(&pod(json!({"containers": [limited, free]})));
    assert_eq!(
        (both.cpu_quota, both.memory_limit, both.cpu_shares),
        (0, 0, 1024)
    );
    let twice = pod_resources(&pod(json!({"containers": [limited, limited]})));
    assert_eq!((twice.cpu_quota, twice.memory_limit), (200_000, 2 << 30));
}

#[test]
fn security_combines_pod_and_container() {
    let pod = pod(json!({
        "securityContext": {
            "runAsUser": 1000, "runAsGroup": 2000, "fsGroup": 3000, "supplementalGroups": [4000],
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {"name": "a"},
            {"name": "b", "securityContext": {
                "runAsUser": 0, "privileged": true, "readOnlyRootFilesystem": true,
                "allowPrivilegeEscalation": false, "seccompProfile": {"type": "Unconfined"},
                "capabilities": {"add": ["NET_ADMIN"], "drop": ["ALL"]},
            }},
        ],
    }));
    let containers = &pod.spec.as_ref().unwrap().containers;
    let a = security(&pod, &containers[0], &Image::default()).unwrap();
    assert_eq!((a.run_as_user, a.run_as_group), (Some(1000), Some(2000)));
    assert_eq!(a.supplemental_groups, [4000, 3000]);
    assert_eq!(a.seccomp, SeccompProfile::RuntimeDefault);
    let b = security(&pod, &containers[1], &Image::default()).unwrap();
    assert_eq!(
        (b.run_as_user, b.privileged, b.read_only_root),
        (Some(0), true, true)
    );
    assert!(b.no_new_privileges && b.unmasked_proc);
    assert_eq!(
        (b.add_capabilities, b.drop_capabilities),
        (vec!["NET_ADMIN".into()], vec!["ALL".into()])
    );
    assert_eq!(b.seccomp, SeccompProfile::Unconfined);
}

#[test]
fn non_root_is_checked_against_the_image() {
    let check = |user: Option<i64>, image_uid: Option<i64>, name: &str, expected: &str| {
        let context = json!({"runAsNonRoot": true, "runAsUser": user});
        let pod = with(json!({"securityContext": context}));
        let image = Image {
            uid: image_uid,
            user: name.into(),
            ..Image::default()
        };
        let outcome = security(&pod, first(&pod), &image);
        let text = outcome
            .err()
            .map_or(String::new(), |error| error.to_string());
        assert!(
            text.starts_with(expected) && text.is_empty() == expected.is_empty(),
            "{text}"
        );
    };
    check(Some(1), None, "", "");
    check(None, Some(5), "", "");
    check(Some(0), Some(5), "", "container's runAsUser breaks");
    check(
        None,
        None,
        "",
        "container has runAsNonRoot and image will run as root",
    );
    check(
        None,
        Some(0),
        "",
        "container has runAsNonRoot and image will run as root",
    );
    check(
        None,
        None,
        "app",
        "container has runAsNonRoot and image has non-numeric user (app)",
    );
}

fn sandbox(spec: Value) -> crate::runtime::SandboxConfig {
    let dns = DnsConfig {
        server: Some("10.96.0.10".parse().unwrap()),
        ..DnsConfig::default()
    };
    let host = ResolverConfig {
        servers: vec!["192.0.2.53".into()],
        searches: vec!["example.com".into()],
        options: vec!["edns0".into()],
    };
    sandbox_config(&pod(spec), 0, &dns, &host, "/k/podu1", Path::new("/logs/p"))
}

#[test]
fn names_resolve_as_the_policy_says() {
    let check = |spec: Value, servers: &[&str], searches: &[&str], options: &[&str]| {
        let resolver = sandbox(spec).resolver.unwrap();
        assert_eq!(resolver.servers, servers);
        assert_eq!(resolver.searches, searches);
        assert_eq!(resolver.options, options);
    };
    let cluster = [
        "default.svc.cluster.local",
        "svc.cluster.local",
        "cluster.local",
        "example.com",
    ];
    check(
        json!({"containers": []}),
        &["10.96.0.10"],
        &cluster,
        &["ndots:5"],
    );
    let host = (&["192.0.2.53"], &["example.com"], &["edns0"]);
    check(
        json!({"containers": [], "dnsPolicy": "Default"}),
        host.0,
        host.1,
        host.2,
    );
    check(
        json!({"containers": [], "hostNetwork": true}),
        host.0,
        host.1,
        host.2,
    );
    check(
        json!({"containers": [], "hostNetwork": true, "dnsPolicy": "ClusterFirstWithHostNet"}),
        &["10.96.0.10"],
        &cluster,
        &["ndots:5"],
    );
    check(
        json!({"containers": [], "dnsPolicy": "None", "dnsConfig": {
            "nameservers": ["1.1.1.1"], "searches": ["a.b"],
            "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}],
        }}),
        &["1.1.1.1"],
        &["a.b"],
        &["ndots:2", "edns0"],
    );
    check(
        json!({"containers": [], "dnsConfig": {"options": [{"name": "ndots", "value": "1"}]}}),
        &["10.96.0.10"],
        &cluster,
        &["ndots:1"],
    );
}

#[test]
fn the_host_network_has_no_names_or_ports_of_its_own() {
    let ports = json!([{"containerPort": 80, "hostPort": 8080}, {"containerPort": 81}]);
    let spec =
        |host: bool| json!({"hostNetwork": host, "containers": [{"name": "c", "ports": ports}]});
    let own = sandbox(spec(false));
    assert_eq!((own.hostname.as_str(), own.ports.len()), ("web", 1));
    assert_eq!(own.namespaces.network, NamespaceMode::Pod);
    let host = sandbox(spec(true));
    assert_eq!((host.hostname.as_str(), host.ports.len()), ("", 0));
    assert_eq!(host.namespaces.network, NamespaceMode::Node);
}

#[test]
fn hosts_names_the_pod_and_its_aliases() {
    let pod = pod(json!({
        "containers": [], "hostname": "h", "subdomain": "sub",
        "hostAliases": [{"ip": "1.2.3.4", "hostnames": ["a", "b"]}],
    }));
    let text = hosts_file(&pod, &["10.0.0.5".parse().unwrap()], "cluster.local");
    let lines: Vec<&str> = text.lines().skip(3).collect();
    assert_eq!(
        lines,
        [
            "10.0.0.5\th.sub.default.svc.cluster.local\th",
            "1.2.3.4\ta\tb"
        ]
    );
}

#[test]
fn a_container_carries_what_a_restarted_agent_needs() {
    let pod = with(json!({
        "image": "a:1", "command": ["sh", "-c"], "args": ["echo $(A) $(B)"], "tty": true,
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }));
    let inputs = Inputs {
        attempt: 3,
        delay: Some(Duration::from_secs(20)),
        image: &Image {
            uid: Some(7),
            ..Image::default()
        },
        reference: "docker.io/library/a:1",
        environment: vec![("A".into(), "1".into())],
        mounts: Vec::new(),
        termination_message: Path::new("/pods/u1/m"),
        node_memory: 1 << 30,
    };
    let config = container_config(&pod, first(&pod), inputs).unwrap();
    assert_eq!(config.arguments, ["echo 1 $(B)"]);
    assert_eq!(config.log_path, Path::new("c/3.log"));
    assert_eq!((config.tty, config.security.run_as_user), (true, Some(7)));
    insta::assert_yaml_snapshot!((config.labels, config.annotations));
}
