use super::*;
use crate::web::openapi::problems;

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
    let elsewhere = ["/tokens", "/repositories", "/pushes"];
    let with_shape = paths.keys().filter(|path| {
        let is_here = !elsewhere.iter().any(|start| path.starts_with(start));
        is_here && schema(path).is_object()
    });
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
