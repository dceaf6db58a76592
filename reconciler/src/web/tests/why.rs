//! Why something is broken, from the symptom to the line.

use axum::http::StatusCode;
use engine::why::{Line, Open, Written};
use serde_json::{Value, json};

use super::Site;
use super::sample::{Sample, ago, id};

impl Sample {
    /// What Git says of a field.
    pub(super) fn line(&self, field: &str) -> Written {
        Written {
            origin: engine::Origin {
                file: "movies/serving/api.yaml".into(),
                line: 41,
            },
            lines: vec![Line {
                number: 41,
                text: self.text(field),
                marked: true,
            }],
            exact: true,
            made: false,
            commit: id("7f3c2ab41d0c").0,
            subject: self.text("Read the model's address from config"),
            author: self.text("Mara Lindqvist"),
            at: Some(ago(360)),
            open: Some(Open {
                branch: self.text("fix-model"),
                pull: String::new(),
                commit: id("c41d9e0").0,
                subject: self.text("Name the key as it is"),
                author: self.text("Ines Kowal"),
            }),
            missing: String::new(),
        }
    }
}

#[tokio::test]
async fn the_chain_goes_from_the_pod_to_the_line_in_git() {
    let site = Site::new(Sample::default()).await;
    let pod = "/why/pods/movies/serving-7d9f6c8b54-x2x7k";
    let (status, chain) = site.json(pod).await;
    assert_eq!(status, StatusCode::OK, "{chain}");
    assert_eq!(chain["rule"], "config-key-missing", "{chain:#}");
    let headings: Vec<&str> = chain["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["heading"].as_str().unwrap())
        .collect();
    assert_eq!(
        headings,
        [
            "Pod movies/serving-7d9f6c8b54-x2x7k is degraded",
            "Container api exited with code 1 after 13 s",
            "The process ends itself",
            "MODEL_URL is empty because the key it names does not exist",
            "The line came with 7f3c2ab, 6 minutes ago",
            "Already proposed: branch fix-model changes this line",
        ]
    );
    let field =
        "spec.template.spec.containers[name=api].env[name=MODEL_URL].valueFrom.configMapKeyRef.key";
    assert_eq!(chain["field"]["path"], field);
    assert_eq!(chain["field"]["kind"], "Deployment");
    // The Deployment is broken for the same reason.
    let (_, above) = site.json("/why/deployments.apps/movies/serving").await;
    assert_eq!(above["rule"], "config-key-missing");
    assert_eq!(above["subject"], "Deployment movies/serving");
    let (_, text) = site.page("/why/deployments.apps/movies/serving").await;
    assert!(text.contains("movies/serving/api.yaml:41"), "{text}");
    // The last step is a way on.
    let (_, last) = text.split_once("What to do").unwrap();
    assert!(last.contains("href=\"/apps/serving/diff\""), "{last}");
    assert!(last.contains("href=\"/apps/serving/history\""), "{last}");
    let (status, _) = site.json("/why/pods/movies/nobody").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_chain_ends_in_what_may_be_done_about_its_rollout() {
    let site = Site::new(Sample::default()).await;
    let ways = [
        (
            "Compare it with what ran before",
            "/rollouts/serving-12/diff",
            "kedge diff serving --revision e2a9c14..7f3c2ab",
        ),
        (
            "Roll back 7f3c2ab",
            "/rollouts/serving-12/rollback",
            "kedge rollback serving-12",
        ),
        (
            "Rollout serving-12",
            "/rollouts/serving-12",
            "kedge rollout serving-12",
        ),
    ];
    let told =
        ways.map(|(text, href, command)| json!({"text": text, "href": href, "command": command}));
    for page in [
        "/why/pods/movies/serving-7d9f6c8b54-x2x7k",
        "/why/deployments.apps/movies/serving",
        "/apps/serving/why",
    ] {
        let (_, chain) = site.json(page).await;
        assert_eq!(chain["actions"], json!(told), "{page}: {chain:#}");
    }
    let (_, page) = site.page("/pods/movies/serving-7d9f6c8b54-x2x7k").await;
    for (text, href, _) in ways {
        assert!(
            page.contains(&format!("href=\"{href}\">{text}</a>")),
            "{page}"
        );
    }
    // What failed may be gone, and its rollout is not.
    let (_, held) = site.json("/apps/ui/why").await;
    assert_eq!(
        held["actions"][1]["href"], "/rollouts/ui-9/rollback",
        "{held:#}"
    );
    // What is well asks for nothing.
    let (_, well) = site.json("/apps/features/why").await;
    assert!(well.get("actions").is_none(), "{well:#}");
}

#[tokio::test]
async fn an_application_is_explained_by_what_is_wrong_with_it() {
    let site = Site::new(Sample::default()).await;
    let (status, chain) = site.json("/apps/serving/why").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(chain["subject"], "Application serving");
    assert_eq!(chain["rule"], "config-key-missing", "{chain:#}");
    let (_, well) = site.json("/apps/features/why").await;
    assert_eq!(well["well"], true, "{well:#}");
    let (_, page) = site.page("/apps/features/why").await;
    assert!(page.contains("Nothing is wrong"), "{page}");
    let (status, _) = site.json("/apps/nobody/why").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

/// A pod that no node can take.
pub(super) fn waiting() -> Value {
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "serving-7d9f6c8b54-wwwww", "namespace": "movies", "uid": "p2", "creationTimestamp": "2026-03-01T13:00:00Z",
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "serving-7d9f6c8b54", "uid": "uid-serving-7d9f6c8b54", "controller": true}]},
        "spec": {"containers": [{"name": "api", "image": "movies/serving:2.18.1", "resources": {"requests": {"memory": "64Gi"}}}]},
        "status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
            "message": "0/3 nodes are available: 3 Insufficient memory.", "lastTransitionTime": "2026-03-01T13:00:00Z"}]}})
}

/// What the scheduler says of it.
pub(super) fn placement() -> Value {
    json!({"message": "0/3 nodes are available: 3 Insufficient memory.", "tried": 9,
        "nodes": [{"node": "north-a", "filters": [
            {"filter": "memory 64Gi", "fits": false, "text": "3Gi free"},
            {"filter": "taints", "fits": true, "text": "tolerated"}]}],
        "fixes": [
            {"change": "Request 3Gi of memory instead of 64Gi in container api", "effect": "It gets less.", "fitsOn": ["north-a"],
                "field": {"path": "memory: 64Gi", "from": "64Gi", "to": "3Gi"}},
            {"change": "Uncordon north-c", "effect": "It takes new pods again.", "fitsOn": ["north-c"], "command": "kubectl uncordon north-c"}]})
}

#[tokio::test]
async fn a_pod_without_a_node_comes_with_what_would_have_to_change() {
    let site = Site::new(Sample::default()).await;
    let (_, told) = site.json("/why/pods/movies/serving-7d9f6c8b54-wwwww").await;
    assert_eq!(told["rule"], "unschedulable", "{told:#}");
    let pending = &told["pending"];
    assert_eq!(pending["fixes"][1]["command"], "kubectl uncordon north-c");
    // The first is a change of the line that Git has.
    let draft = pending["drafts"][0].as_str().unwrap();
    assert!(
        draft.starts_with("--- a/movies/serving/api.yaml"),
        "{draft}"
    );
    assert!(
        draft.contains("memory: 64Gi\n+") && draft.contains("memory: 3Gi"),
        "{draft}"
    );
    let (_, text) = site.page("/nodes").await;
    for says in [
        "serving-7d9f6c8b54-wwwww",
        "3Gi free",
        "kubectl uncordon north-c",
        "9 tried with the scheduler",
    ] {
        assert!(text.contains(says), "{says}: {text}");
    }
    // A column in which every node says yes says nothing.
    assert!(!text.contains("tolerated"));
    // Who holds the nodes, with what waits to the same scale.
    for says in [
        "Who holds the memory",
        "1 pod fits nowhere",
        "waits and needs 64 GiB",
        "serving, 512 MiB",
    ] {
        assert!(text.contains(says), "{says}: {text}");
    }
    let (_, text) = site.page("/nodes?by=cpu&mark=serving").await;
    assert!(
        text.contains("Who holds the CPU") && text.contains("serving, 0.25 CPU"),
        "{text}"
    );
    assert!(text.contains("class=\"pod sel\""), "{text}");
    // The pod's own page has the same matrix and changes.
    let (_, text) = site.page("/pods/movies/serving-7d9f6c8b54-wwwww").await;
    for says in [
        "Smallest change that makes it fit",
        "3Gi free",
        "kubectl uncordon north-c",
    ] {
        assert!(text.contains(says), "{says}: {text}");
    }
    let (_, nodes) = site.json("/nodes").await;
    assert_eq!(nodes["pending"][0]["tried"], 9);
}

#[tokio::test]
async fn a_node_that_is_not_ready_says_so_with_what_becomes_of_its_pods() {
    let site = Site::new(Sample::default()).await;
    let says = "Node north-c says that it is not ready";
    let (_, text) = site.page("/nodes").await;
    assert!(text.contains(&format!("{says}. It has no pods.")), "{text}");
    let (_, nodes) = site.json("/nodes").await;
    assert!(nodes["items"][0].get("trouble").is_none(), "{nodes:#}");
    assert_eq!(
        nodes["items"][2]["trouble"],
        format!("{says}. It has no pods.")
    );
    let (_, text) = site.page("/nodes/north-c").await;
    assert!(
        text.contains(&format!("class=\"h\">{says}</div>")),
        "{text}"
    );
    let (_, node) = site.json("/nodes/north-c").await;
    assert_eq!(node["trouble"], format!("{says}. It has no pods."));
    let (_, text) = site.page("/nodes/north-a").await;
    assert!(!text.contains("class=\"truth"), "{text}");
}
