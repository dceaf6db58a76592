//! Filters, scores and messages.

use serde_json::{Value, json};

use super::*;

#[track_caller]
fn check(nodes: Vec<NodeFacts>, pods: &[Arc<Pod>], expected: &[&str]) {
    assert_eq!(places(&mut cluster(nodes), pods), expected);
}

fn plain(name: &str) -> NodeFacts {
    node(name, &json!({}))
}

fn tainted(name: &str, effect: &str) -> NodeFacts {
    let taint = json!({"key": "gpu", "value": "yes", "effect": effect});
    node(name, &json!({"spec": {"taints": [taint]}}))
}

#[test]
fn says_per_reason_how_many_nodes_did_not_fit() {
    let cordoned = node("c", &json!({"spec": {"unschedulable": true}}));
    check(
        vec![plain("a"), tainted("b", "NoSchedule"), cordoned],
        &[asking("big", "5")],
        &[
            "0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint \
           {gpu: yes}, 1 node(s) were unschedulable.",
        ],
    );
    check(
        vec![],
        &[asking("p", "1")],
        &["no nodes available to schedule pods"],
    );
}

#[test]
fn a_batch_shares_the_room_there_is() {
    let pods = ["p1", "p2", "p3"].map(|name| asking(name, "3"));
    check(
        vec![plain("a"), plain("b")],
        &pods,
        &["a", "b", "0/2 nodes are available: 2 Insufficient cpu."],
    );
}

#[test]
fn counts_pods_and_frees_what_leaves() {
    let mut snapshot = cluster(vec![node(
        "a",
        &json!({"status": {"allocatable": {"pods": "1"}}}),
    )]);
    let pods = ["p1", "p2"].map(|name| asking(name, "1"));
    let full = "0/1 nodes are available: 1 Too many pods.";
    assert_eq!(places(&mut snapshot, &pods), ["a", full]);
    assert!(snapshot.remove_pod(&pods[0].name).is_some());
    assert_eq!(snapshot.nodes()[0].requested, Resources::default());
    assert_eq!(places(&mut snapshot, &pods[1..]), ["a"]);
}

#[test]
fn a_node_that_comes_back_still_holds_its_pods() {
    let mut snapshot = cluster(vec![plain("a")]);
    assert_eq!(places(&mut snapshot, &[asking("p1", "3")]), ["a"]);
    assert!(snapshot.remove_node("a"));
    assert!(snapshot.set_node(plain("a")));
    assert!(!snapshot.set_node(plain("a")), "nothing is new");
    assert_eq!(snapshot.nodes()[0].requested.milli_cpu, 3000);
}

#[test]
fn wishes_about_nodes_are_kept() {
    let nodes = || {
        vec![
            node("a", &json!({"metadata": {"labels": {"disk": "ssd"}}})),
            node("b", &json!({"metadata": {"labels": {"disk": "hdd"}}})),
            tainted("c", "NoExecute"),
        ]
    };
    let with = |spec: Value| [pod("p", &json!({"spec": spec}))];
    let required = |key: &str, value: &str| json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [{"key": key, "operator": "In", "values": [value]}]}]}}});
    check(
        nodes(),
        &with(json!({"nodeSelector": {"disk": "hdd"}})),
        &["b"],
    );
    check(
        nodes(),
        &with(json!({"affinity": required("disk", "hdd")})),
        &["b"],
    );
    check(
        nodes(),
        &with(json!({"affinity": required("disk", "tape")})),
        &[
            "0/3 nodes are available: 1 node(s) had untolerated taint {gpu: yes}, \
           2 node(s) didn't match Pod's node affinity/selector.",
        ],
    );
    check(nodes(), &with(json!({"nodeName": "b"})), &["b"]);
    check(
        nodes(),
        &with(json!({
            "nodeSelector": {"kubernetes.io/hostname": "c"},
            "tolerations": [{"key": "gpu", "operator": "Exists"}],
        })),
        &["c"],
    );
}

#[test]
fn host_ports_collide_by_address_and_protocol() {
    let with = |name: &str, port: Value| {
        pod(
            name,
            &json!({"spec": {"containers": [{"image": "x", "ports": [port]}]}}),
        )
    };
    let full = "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod \
                ports.";
    check(
        vec![plain("a")],
        &[
            with("p1", json!({"hostPort": 80, "hostIP": "10.0.0.1"})),
            with("p2", json!({"hostPort": 80, "hostIP": "10.0.0.2"})),
            with("p3", json!({"hostPort": 80, "protocol": "UDP"})),
            with("p4", json!({"hostPort": 80})),
            with("p5", json!({"hostPort": 81})),
            with("p6", json!({"hostPort": 80, "hostIP": "10.0.0.1"})),
        ],
        &["a", "a", "a", full, "a", full],
    );
}

fn owned(name: &str, owner: &str) -> Arc<Pod> {
    let owner = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner, "uid": owner,
        "controller": true,
    });
    pod(name, &json!({"metadata": {"ownerReferences": [owner]}}))
}

#[test]
fn siblings_spread_over_nodes_and_zones() {
    let in_zone = |name: &str, zone: &str| {
        let labels = json!({"topology.kubernetes.io/zone": zone});
        node(name, &json!({"metadata": {"labels": labels}}))
    };
    let pods: Vec<_> = (0..4).map(|i| owned(&format!("p{i}"), "web")).collect();
    check(
        vec![plain("a"), plain("b"), plain("c")],
        &pods,
        &["a", "b", "c", "a"],
    );
    check(
        vec![in_zone("a", "x"), in_zone("b", "x"), in_zone("c", "y")],
        &pods,
        &["a", "c", "b", "c"],
    );
}

#[test]
fn pods_of_one_service_spread_without_a_controller() {
    let mut snapshot = cluster(vec![plain("a"), plain("b")]);
    let selector = api::selector::LabelSelector::parse("app=web").unwrap();
    snapshot
        .services
        .insert(Name::new("default", "web"), selector);
    let labels = json!({"metadata": {"labels": {"app": "web"}}});
    // Larger than the rest, so that balance alone would put both on the same node.
    assert_eq!(places(&mut snapshot, &[asking("big", "2")]), ["a"]);
    let pods = [pod("p1", &labels), pod("p2", &labels)];
    assert_eq!(places(&mut snapshot, &pods), ["b", "a"]);
}

#[test]
fn preferences_weigh_but_do_not_bind() {
    let ssd = node("b", &json!({"metadata": {"labels": {"disk": "ssd"}}}));
    let preference = json!({"matchExpressions": [{"key": "disk", "operator": "Exists"}]});
    let affinity = json!({"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution":
        [{"weight": 1, "preference": preference}]}});
    let picky = pod("p", &json!({"spec": {"affinity": affinity}}));
    check(vec![plain("a"), ssd], std::slice::from_ref(&picky), &["b"]);
    check(vec![plain("a")], &[picky], &["a"]);
    check(
        vec![tainted("a", "PreferNoSchedule"), plain("b")],
        &[asking("p", "1")],
        &["b"],
    );
    let image = json!({"names": ["app:1"], "sizeBytes": 900_000_000});
    let warm = node("b", &json!({"status": {"images": [image]}}));
    check(vec![plain("a"), warm], &[asking("p", "1")], &["b"]);
}

fn term(key: &str, app: &str) -> Value {
    json!([{"labelSelector": {"matchLabels": {"app": app}}, "topologyKey": key}])
}

#[test]
fn pods_keep_together_and_apart() {
    const HOST: &str = "kubernetes.io/hostname";
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    let with = |name: &str, app: &str, kind: &str, other: &str| {
        pod(
            name,
            &json!({
                "metadata": {"labels": {"app": app}},
                "spec": {"affinity": {kind: {REQUIRED: term(HOST, other)}}},
            }),
        )
    };
    check(
        vec![plain("a"), plain("b")],
        &[
            with("w1", "web", "podAntiAffinity", "web"),
            with("w2", "web", "podAntiAffinity", "web"),
            with("w3", "web", "podAntiAffinity", "web"),
            pod("w4", &json!({"metadata": {"labels": {"app": "web"}}})),
            with("c1", "cache", "podAffinity", "db"),
            with("d1", "db", "podAffinity", "db"),
            with("c2", "cache", "podAffinity", "db"),
        ],
        &[
            "a",
            "b",
            "0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules.",
            "0/2 nodes are available: 2 node(s) didn't satisfy existing pods anti-affinity rules.",
            "0/2 nodes are available: 2 node(s) didn't match pod affinity rules.",
            "a",
            "a",
        ],
    );
}

#[test]
fn what_helps_depends_on_the_reasons() {
    let verdict = |pod: Arc<Pod>| decide(&mut cluster(vec![plain("a")]), &[pod]).remove(0);
    let helped = |pod: Arc<Pod>| {
        let misfit = verdict(pod).unwrap_err();
        [
            Event::NodeChanged,
            Event::PodPlaced,
            Event::PodGone,
            Event::VolumeChanged,
        ]
        .map(|event| misfit.is_helped_by(event))
    };
    assert_eq!(helped(asking("p", "5")), [true, false, true, false]);
    let elsewhere = pod("p", &json!({"spec": {"nodeSelector": {"x": "y"}}}));
    assert_eq!(helped(elsewhere), [true, false, false, false]);
    let volumes = json!([{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]);
    let unclaimed = pod("p", &json!({"spec": {"volumes": volumes}}));
    assert_eq!(helped(unclaimed), [false, false, false, true]);
}
