//! What is not there any more, or cannot be read: applications, sessions, Git.

use axum::http::Method;

use super::access::{HTML, SAME, request};
use super::*;

#[tokio::test]
async fn an_application_that_is_gone_tells_when_why_and_how_it_was() {
    let site = Site::new(Sample::default()).await;
    let (status, page) = site.page("/apps/retired").await;
    assert_eq!(status, StatusCode::GONE, "{page}");
    for says in [
        "<h1>retired is gone</h1>",
        "removed <time",
        "by commit <a class=\"commit\" href=\"/commits/5d0be77aa210\"",
        "href=\"/rollouts/serving-12\"",
        "href=\"/apps/retired?at=2026-03-01T12%3A16%3A47Z\"",
        "<a href=\"/apps\">Applications</a>",
    ] {
        assert!(page.contains(says), "{says}: {page}");
    }
    let (status, data) = site.json("/apps/retired").await;
    assert_eq!(status, StatusCode::GONE);
    assert_eq!(data["removedAt"], "2026-03-01T12:16:48Z", "{data}");
    assert_eq!(data["commit"], sample::id("5d0be77aa210").0, "{data}");
    assert_eq!(data["last"]["number"], 12, "{data}");
    let told = data["error"]["message"].as_str().unwrap();
    for says in [
        "application retired is gone: removed at 2026-03-01T12:16:48Z by commit 5d0be77",
        "; its last rollout was serving-12, ",
        "; git revert 5d0be77 brings it back",
    ] {
        assert!(told.contains(says), "{says}: {told}");
    }
    // Why is asked of the same.
    let (status, why) = site.json("/apps/retired/why").await;
    assert_eq!(
        (status, &why["error"]["message"]),
        (StatusCode::GONE, &data["error"]["message"])
    );
    let (_, document) = site.json("/api").await;
    let schema = serde_json::json!({"$ref": "#/components/schemas/GoneApplication"});
    let found = crate::web::openapi::problems(&document, &schema, &data, "");
    assert!(found.is_empty(), "{found:#?}");
    let (status, _) = site.page("/proofs/newest/retired").await;
    assert_eq!(status, StatusCode::GONE);
}

#[tokio::test]
async fn what_went_with_its_application_is_told_by_itself() {
    let site = Site::new(Sample::default()).await;
    let path = "/apps/retired/objects/configmap/movies/worn";
    let (status, page) = site.page(path).await;
    assert_eq!(status, StatusCode::GONE, "{page}");
    for says in ["movies/worn is gone", "href=\"/commits/5d0be77aa210\""] {
        assert!(page.contains(says), "{says}: {page}");
    }
    // Of what the log knows nothing of, the application is told.
    let (status, page) = site
        .page("/apps/retired/objects/configmap/movies/never")
        .await;
    assert_eq!(status, StatusCode::GONE);
    assert!(page.contains("<h1>retired is gone</h1>"), "{page}");
}

#[tokio::test]
async fn a_form_that_is_sent_too_late_is_filled_in_again() {
    let site = Site::new(Sample::default()).await;
    let form = "csrf=old&plan=old&parent=old&reason=pages+fail";
    let path = "/rollouts/serving-12/rollback";
    let late = request(Method::POST, path, &[HTML, SAME], form);
    let response = site.send(late).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let to = response.headers()[header::LOCATION].to_str().unwrap();
    let next = super::super::view::component::encoded(&format!("{path}?reason=pages+fail"));
    assert_eq!(to, format!("/signin?next={next}"));
    for path in [path, "/apps/serving/suspend"] {
        let (status, page) = site.page(&format!("{path}?reason=pages+fail")).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        assert!(page.contains(">pages fail</textarea>"), "{page}");
    }
    // Programs, and other sites, are answered as before.
    let program = request(Method::POST, path, &[SAME], form);
    let status = site.send(program).await.status();
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let other = [HTML, ("sec-fetch-site", "cross-site")];
    let status = site.send(request(Method::POST, path, &other, form)).await;
    assert_eq!(status.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_cannot_be_read_is_not_said_to_be_empty() {
    let site = Site::new(Sample::default()).await;
    let (_, page) = site.page("/repos/shop").await;
    let says = "Which branches there are is not known";
    assert!(
        page.contains(says) && !page.contains("git push -u"),
        "{page}"
    );
    let (_, page) = site.page("/changes").await;
    assert!(page.contains("Not all changes are known"), "{page}");
}
