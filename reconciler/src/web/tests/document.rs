use std::collections::BTreeSet;

use super::*;
use crate::web::asked::Names;
use crate::web::openapi::{Operation, operations, problems};
use crate::web::parameters;

/// An address, and how the document calls it.
const ANSWERS: &[(&str, &str)] = &[
    ("/apps", "/apps"),
    ("/apps/serving", "/apps/{app}"),
    ("/apps/serving/diff", "/apps/{app}/diff"),
    ("/apps/training/diff?from=v1&to=v2", "/apps/{app}/diff"),
    ("/apps/serving/sync", "/apps/{app}/sync"),
    (
        "/apps/serving/rollback?to=serving-5",
        "/apps/{app}/rollback",
    ),
    ("/rollback?to=serving-5", "/rollback"),
    ("/apps/serving/suspend", "/apps/{app}/suspend"),
    ("/apps/serving/resume", "/apps/{app}/resume"),
    ("/apps/serving/history", "/apps/{app}/history"),
    (
        "/apps/serving/objects/deployment.apps/movies/serving",
        "/apps/{app}/objects/{kind}/{namespace}/{name}",
    ),
    ("/apps/serving/events", "/apps/{app}/events"),
    ("/apps/serving/logs", "/apps/{app}/logs"),
    ("/apps/serving/settings", "/apps/{app}/settings"),
    ("/rollouts", "/rollouts"),
    ("/rollouts/serving-12", "/rollouts/{id}"),
    ("/rollouts/ui-9", "/rollouts/{id}"),
    ("/rollouts/serving-12/diff", "/rollouts/{id}/diff"),
    ("/rollouts/serving-12/rollback", "/rollouts/{id}/rollback"),
    ("/commits/7f3c2ab41d0c", "/commits/{sha}"),
    ("/proofs/7f3c2ab/serving", "/proofs/{commit}/{app}"),
    (
        "/pods/movies/serving-7d9f6c8b54-x2x7k",
        "/pods/{namespace}/{name}",
    ),
    (
        "/pods/movies/serving-7d9f6c8b54-x2x7k/logs?c=api",
        "/pods/{namespace}/{name}/logs",
    ),
    ("/apps/serving/why", "/apps/{app}/why"),
    (
        "/why/pods/movies/serving-7d9f6c8b54-wwwww",
        "/why/{kind}/{namespace}/{name}",
    ),
    ("/nodes", "/nodes"),
    ("/nodes/north-a", "/nodes/{name}"),
    ("/events", "/events"),
    ("/names?kind=pods&namespace=movies", "/names"),
    ("/search?q=serving", "/search"),
    ("/repos", "/repos"),
    ("/repos/cluster", "/repos/{name}"),
    ("/changes", "/changes"),
    ("/changes/try", "/changes/{branch}"),
    ("/settings/preferences", "/settings/preferences"),
    ("/settings/tokens", "/settings/tokens"),
    ("/settings/access", "/settings/access"),
    (
        "/origins?commit=7f3c2ab&group=apps&resource=deployments&namespace=movies&name=serving&fields=spec.replicas",
        "/origins",
    ),
];

#[tokio::test]
async fn answers_are_what_the_document_says() {
    let site = Site::new(Sample::default()).await;
    let (status, document) = site.json("/api").await;
    assert_eq!(status, StatusCode::OK);
    let schema = |path: &str| {
        let get = &document["paths"][path]["get"];
        get["responses"]["200"]["content"]["application/json"]["schema"].clone()
    };
    let mut checked = 0;
    for (path, name) in ANSWERS {
        let schema = schema(name);
        assert!(schema.is_object(), "{name} has no schema");
        let (status, answer) = site.json(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        let found = problems(&document, &schema, &answer, "");
        assert!(found.is_empty(), "{path}: {found:#?}");
        checked += 1;
    }
    let paths = document["paths"].as_object().unwrap();
    // Those are answered by another router, and are checked with it.
    let with_shape = paths
        .keys()
        .filter(|path| !is_elsewhere(path) && schema(path).is_object());
    let all: Vec<&String> = with_shape
        .filter(|path| ANSWERS.iter().all(|(_, name)| name != path))
        .collect();
    assert!(all.is_empty(), "these answers are not checked: {all:?}");
    assert!(checked > 25);
    let (status, failure) = site.json("/rollouts/none-1").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let schema = serde_json::json!({"$ref": "#/components/schemas/Failure"});
    let found = problems(&document, &schema, &failure, "");
    assert!(found.is_empty(), "{found:#?}");
}

/// Those that another router answers.
fn is_elsewhere(path: &str) -> bool {
    let elsewhere = ["/tokens", "/repositories", "/pushes", "/webhook"];
    elsewhere.iter().any(|start| path.starts_with(start))
}

/// The request that an operation is of, about something that there is not.
fn request(operation: &Operation, query: &str) -> axum::http::request::Builder {
    let parts = operation.path.split('/').map(|part| match part {
        "{number}" => "1",
        part if part.starts_with('{') => "none",
        part => part,
    });
    let path = parts.collect::<Vec<_>>().join("/");
    Request::builder()
        .method(operation.method.to_uppercase().as_str())
        .uri(format!("{path}{query}"))
        .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ACCEPT, "application/json")
}

#[tokio::test]
async fn every_parameter_that_is_read_is_in_the_document_and_no_other() {
    let site = Site::new(Sample::default()).await;
    for operation in operations() {
        if is_elsewhere(operation.path) {
            continue;
        }
        let names = Names::default();
        let mut asked = request(&operation, "").body(Body::empty()).unwrap();
        asked.extensions_mut().insert(names.clone());
        let _ = site.send(asked).await;
        let mut read = names.all();
        // The mark of our own forms; a program has none.
        read.remove("csrf");
        let told = operation.query.iter().chain(&operation.form);
        let told: BTreeSet<&str> = told.map(|(name, _)| *name).collect();
        assert_eq!(read, told, "{} {}", operation.method, operation.path);
        for name in parameters::names(operation.path) {
            assert!(told.contains(name), "{name} of {}", operation.path);
        }
    }
}

#[tokio::test]
async fn every_address_that_takes_a_moment_is_told_to_and_no_other() {
    let site = Site::new(Sample::default()).await;
    for operation in operations() {
        if operation.method != "get" || is_elsewhere(operation.path) {
            continue;
        }
        let asked = request(&operation, "?at=whenever");
        let (_, answer) = read(site.send(asked.body(Body::empty()).unwrap()).await).await;
        let is_taken = answer.contains("at is a time such as");
        assert_eq!(is_taken, operation.has_past, "{}: {answer}", operation.path);
    }
}

#[tokio::test]
async fn what_is_missing_in_an_address_is_told_as_every_failure() {
    let site = Site::new(Sample::default()).await;
    for (path, missing) in [
        ("/names", "kind"),
        ("/origins", "resource"),
        ("/live", "topics"),
    ] {
        let (status, failure) = site.json(path).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}");
        assert_eq!(failure["error"]["message"], format!("{missing} is missing"));
    }
    let (status, failure) = site.json("/apps/none/suspend").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(failure["error"]["message"].is_string(), "{failure}");
}

#[tokio::test]
async fn programs_learn_what_suspending_means() {
    let site = Site::new(Sample::default()).await;
    let (_, told) = site.json("/apps/serving/suspend").await;
    assert_eq!(told["possible"], true, "{told}");
    assert!(told["effects"].as_array().unwrap().len() > 2, "{told}");
    let (_, told) = site.json("/apps/serving/resume").await;
    assert_eq!(told["possible"], false, "{told}");
}
