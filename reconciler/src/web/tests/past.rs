//! What the sample cluster's log of changes says, and what the pages make of it.

use serde_json::{Value, json};

use api::{Reason, Status};
use client::Error;

use super::cluster::Still;
use super::sample::{Sample, ago, id};
use super::*;

fn missing() -> Error {
    Error::Api(Status::new(Reason::NotFound, "not found"))
}

/// Answers what Kedge's own API server answers and others do not.
pub(super) fn read(cluster: &Still, path: &str, query: &[(&str, &str)]) -> Result<Value, Error> {
    let of = |wanted: &str| {
        let found = query.iter().find(|(name, _)| *name == wanted);
        found.map_or("", |(_, value)| *value)
    };
    match (path, of("name")) {
        ("/apis/kedge.dev/v1alpha1/blame", "serving") => Ok(json!({"fields": [
            {"field": "spec.replicas", "is": 4, "user": "ann", "manager": "kubectl-edit",
             "commit": "", "time": ago(60).to_string()},
            {"field": "spec.paused", "is": false, "user": "system:kedge:reconciler", "manager": "kedge",
             "commit": id("7f3c2ab41d0c").0, "time": ago(600).to_string()},
        ]})),
        ("/apis/kedge.dev/v1alpha1/blame", "old-flags") => Ok(json!({"fields": [], "deleted": {
            "revision": "42", "time": ago(4_000).to_string(), "operation": "deleted",
            "user": "system:kedge:reconciler", "manager": "kedge", "commit": "",
        }})),
        // An application that went, and what went with it.
        ("/apis/kedge.dev/v1alpha1/blame", "retired" | "worn") => {
            Ok(json!({"fields": [], "deleted": {
                "revision": "43", "time": ago(7_000).to_string(), "operation": "deleted",
                "user": "system:kedge:reconciler", "manager": "kedge", "commit": "",
            }}))
        }
        ("/api/v1/namespaces/movies/configmaps/old-flags", _) if of("at") == "41" => {
            Ok(json!({"apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": "old-flags", "namespace": "movies"}, "data": {"color": "blue"}}))
        }
        ("/apis/kedge.dev/v1alpha1/state", _) if of("at") < "2026-02-20" => Err(Error::Api(
            Status::new(Reason::Expired, "the log does not reach back to that"),
        )),
        ("/apis/kedge.dev/v1alpha1/state", _) => {
            let items: Vec<&Value> = cluster.objects.iter().map(|object| &object.body).collect();
            Ok(json!({"kind": "State", "items": items}))
        }
        ("/api/v1/namespaces/movies/events" | "/api/v1/events", _) => Ok(json!({"items": []})),
        _ => Err(missing()),
    }
}

const THEN: &str = "at=2026-03-01T14:09:00Z";

#[tokio::test]
async fn a_page_of_the_past_says_so_and_stays_there() {
    let site = Site::new(Sample::default()).await;
    for path in [
        "/apps",
        "/apps/serving",
        "/apps/serving/history",
        "/apps/serving/events",
        "/rollouts",
        "/rollouts/serving-11",
        "/pods/movies/serving-7d9f6c8b54-x2x7k",
        "/nodes",
        "/nodes/north-a",
        "/events",
        "/commits/7f3c2ab41d0c",
        "/repos",
        "/repos/cluster",
        "/changes",
        "/settings/access",
        "/search?q=e",
        "/apps/serving/objects/deployment.apps/movies/serving?tab=yaml",
    ] {
        let join = if path.contains('?') { "&" } else { "?" };
        let (status, text) = site.page(&format!("{path}{join}{THEN}")).await;
        // Of who may do what nothing is kept, and nothing is shown.
        let expected = match path {
            "/settings/access" => StatusCode::CONFLICT,
            _ => StatusCode::OK,
        };
        assert_eq!(status, expected, "{path}: {text}");
        assert!(text.contains("Back to now"), "{path}: {text}");
        assert!(text.contains("class=\"tape past\""), "{path}: {text}");
        assert!(!text.contains("/rollback"), "{path}: {text}");
        assert!(!text.contains("/sync\""), "{path}: {text}");
        assert!(!text.contains("data-events"), "{path}: {text}");
        let links = text
            .split(" href=\"/")
            .skip(1)
            .chain(text.split(" href=\"?").skip(1));
        for link in links.map(|rest| rest.split('"').next().unwrap()) {
            let present = ["assets", "settings/preferences", "settings/tokens"];
            let is_present = present.iter().any(|start| link.starts_with(start));
            let is_now = text.contains(&format!("href=\"/{link}\" data-now"));
            assert!(
                is_present || is_now || link.contains("at="),
                "{path}: /{link}"
            );
        }
    }
}

#[tokio::test]
async fn the_past_has_what_there_was_and_nothing_later() {
    let site = Site::new(Sample::default()).await;
    let (status, data) = site.json(&format!("/apps?{THEN}")).await;
    assert_eq!(status, StatusCode::OK);
    let names: Vec<&str> = data["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["serving"],
        "the cluster's Applications, not the history's"
    );
    let (_, rollouts) = site.json(&format!("/rollouts?{THEN}")).await;
    for rollout in rollouts["items"].as_array().unwrap() {
        assert!(
            rollout["startedAt"].as_str().unwrap() <= "2026-03-01T14:09:00Z",
            "{rollout}"
        );
    }
    let (_, found) = site.json(&format!("/search?q=e&{THEN}")).await;
    let found = found["items"].as_array().unwrap();
    let is_application = |hit: &&serde_json::Value| hit["sort"] == "Application";
    let names = found.iter().filter(is_application).map(|hit| &hit["name"]);
    assert_eq!(names.collect::<Vec<_>>(), ["serving"], "{found:?}");
    let (_, text) = site.page("/apps?at=7f3c2ab").await;
    assert!(text.contains("Back to now"), "{text}");
    // What was held then, and is not any more.
    let held = "/apps/serving?at=2026-03-01T02:30:00Z";
    let (_, text) = site.page(held).await;
    assert!(text.contains("serving is held"), "{text}");
    assert!(!text.contains("brings it back by itself"), "{text}");
    let (_, data) = site.json(held).await;
    assert_eq!(data["onHold"], true, "{data}");
    assert_eq!(data["held"]["rollout"], "serving-9", "{data}");
}

#[tokio::test]
async fn what_cannot_be_looked_back_at_says_why() {
    let site = Site::new(Sample::default()).await;
    for (path, expected) in [
        ("/apps?at=2099-01-01T00:00:00Z", StatusCode::BAD_REQUEST),
        ("/apps?at=yesterday", StatusCode::BAD_REQUEST),
        ("/apps?at=dddddddddd", StatusCode::NOT_FOUND),
        ("/apps?at=2026-01-01T00:00:00Z", StatusCode::GONE),
        (
            "/apps/serving/sync?at=2026-03-01T14:00:00Z",
            StatusCode::BAD_REQUEST,
        ),
    ] {
        let (status, text) = site.page(path).await;
        assert_eq!(status, expected, "{path}: {text}");
    }
}

#[tokio::test]
async fn plans_of_branches_are_shown_as_they_stood() {
    let site = Site::new(Sample::default()).await;
    let old = "at=2026-03-01T13:00:00Z";
    let (status, page) = site.page(&format!("/changes?{old}")).await;
    assert_eq!(status, StatusCode::OK);
    for told in ["Planned back then", "Plans are kept for a month"] {
        assert!(page.contains(told), "{told}: {page}");
    }
    let (_, data) = site.json(&format!("/changes?{old}")).await;
    let items = data["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{data}");
    let branch = items[0]["branch"].as_str().unwrap();
    let repository = items[0]["repository"].as_str().unwrap();
    let address = format!("/changes/{branch}?repository={repository}&{old}");
    let (status, page) = site.page(&address).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(page.contains("Planned back then"), "{page}");
    // Nobody plans in the past.
    assert!(site.sample.planned.lock().unwrap().is_empty());
    let (status, _) = site.page(&format!("/changes/nobody?{old}")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_not_kept_is_said_and_the_present_is_not_shown_for_it() {
    let site = Site::new(Sample::default()).await;
    let old = "at=2026-03-01T13:00:00Z";
    let (status, page) = site.page(&format!("/settings/access?{old}")).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let (status, _) = site.json(&format!("/settings/access?{old}")).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(
        page.contains("Who might do what then is not kept"),
        "{page}"
    );

    let (status, page) = site.page(&format!("/repos/cluster?{old}")).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    let (bar, repo) = page.split_at(page.find("id=\"repo\"").unwrap());
    let has = ["5d0be77", "/apps/serving?at="];
    assert!(has.iter().all(|text| repo.contains(text)), "{repo}");
    assert!(
        repo.contains("feature") && repo.contains("c0ffee4"),
        "{repo}"
    );
    for unknown in ["7f3c2ab", "There is no mirror", "Webhook", "protects"] {
        assert!(!repo.contains(unknown), "{unknown}: {repo}");
    }
    assert!(bar.contains("Other branches, fetches, webhooks"), "{bar}");
    let (_, data) = site.json(&format!("/repos?{old}")).await;
    let cluster = &data["items"][0];
    assert_eq!(cluster["branches"].as_array().unwrap().len(), 2, "{data}");
    assert_eq!(cluster["applications"], serde_json::json!(["serving"]));
    assert!(cluster["fetchedAt"].is_null() && cluster["error"] == "");

    // Of the browser and of people, not of the cluster.
    for path in ["/settings/preferences", "/settings/tokens"] {
        let (status, page) = site.page(&format!("{path}?{old}")).await;
        assert_eq!(status, StatusCode::OK);
        assert!(!page.contains("Back to now"), "{path}: {page}");
    }
}
