use axum::http::Method;

use super::access::request;
use super::*;

/// Time stands still here: nothing comes back.
#[tokio::test]
async fn who_asks_for_too_many_dry_runs_is_told_when_there_is_room() {
    let site = Site::new(Sample::default()).await;
    let bearer = format!("Bearer {TOKEN}");
    let program = [
        ("authorization", bearer.as_str()),
        ("accept", "application/json"),
    ];
    let ask = async |path| site.send(request(Method::GET, path, &program, "")).await;
    for _ in 0..200 {
        let response = ask("/apps/serving/diff").await;
        assert_eq!(response.status(), StatusCode::OK);
    }
    for path in [
        "/apps/serving/diff",
        "/apps/serving/sync",
        "/rollouts/serving-12/rollback",
    ] {
        let response = ask(path).await;
        assert_eq!(response.headers()[header::RETRY_AFTER], "1", "{path}");
        let (status, text) = read(response).await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{path}");
        assert!(text.contains("one more is possible in 1 s"), "{text}");
    }
    // A moment of the past is asked for now, too.
    let past = "/apps/serving/diff?from=serving-1&to=serving-2&at=2026-03-01T14:09:00Z";
    assert_eq!(ask(past).await.headers()[header::RETRY_AFTER], "1");
    // What needs no dry run is there, and the page says it as well.
    assert_eq!(ask("/apps/serving").await.status(), StatusCode::OK);
    let (status, page) = site.page("/apps/serving/diff").await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(page.contains("Too many at once"), "{page}");
}
