//! What somebody may do with some applications only, and what stays the same at any time.

use axum::http::Method;

use super::access::{HTML, cookie_of, request};
use super::*;
use crate::web::access::Role;
use crate::web::auth::User;

/// What somebody sees who may act on the applications of the rules alone.
async fn seen(rules: &str, path: &str) -> (StatusCode, String) {
    let site = Site::with(Sample::default(), Access::parse(rules).unwrap()).await;
    let user = User {
        name: "ada".into(),
        email: String::new(),
        groups: Vec::new(),
        everywhere: Role::Viewer,
    };
    let cookie = cookie_of(&site, user);
    let headers = [HTML, ("cookie", cookie.as_str())];
    read(site.send(request(Method::GET, path, &headers, "")).await).await
}

/// The sample's commit 7f3c2ab changed four applications.
#[tokio::test]
async fn going_back_is_offered_to_those_who_may_touch_all_that_the_commit_did() {
    let rules = |applications: &str| {
        format!("rules:\n- {{role: operator, applications: [{applications}], users: [ada]}}\n")
    };
    for path in ["/apps/serving", "/rollouts/serving-12"] {
        let offer = "href=\"/rollouts/serving-12/rollback\"";
        let (_, page) = seen(&rules("serving, ui, features, ingestion"), path).await;
        assert!(page.contains(offer), "{path}: {page}");
        let (_, page) = seen(&rules("serving"), path).await;
        assert!(!page.contains(offer), "{path}: {page}");
        // What concerns the application alone is offered all the same.
        assert!(
            page.contains("href=\"/apps/serving/suspend\""),
            "{path}: {page}"
        );
    }
    // What its plan touches decides on the page itself: who is let in gets all of it.
    let (status, page) = seen(&rules("serving"), "/rollouts/serving-12/rollback").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("Push revert commit"), "{page}");
    let (status, page) = seen(&rules("ui"), "/rollouts/serving-12/rollback").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(
        page.contains("href=\"/apps/serving\">Back to serving</a>"),
        "{page}"
    );
}

#[tokio::test]
async fn two_commits_are_compared_at_any_time_as_they_are() {
    let site = Site::new(Sample::default()).await;
    let then = "at=2026-03-01T14:09:00Z";
    let sides = "from=serving-11&to=serving-12&view=unified";
    let (status, page) = site
        .page(&format!("/apps/serving/diff?{sides}&{then}"))
        .await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(page.contains("Back to now"), "{page}");
    // What moves has another page then, and the way it was looked at stays.
    let request = Request::get(format!("/apps/serving/diff?to=main&view=unified&{then}"))
        .header(header::COOKIE, site.cookie())
        .header(header::ACCEPT, "text/html");
    let response = site.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let to = response.headers()[header::LOCATION].to_str().unwrap();
    let expected = "/rollouts/serving-12/diff?view=unified&at=2026-03-01T14%3A09%3A00Z";
    assert_eq!(to, expected);
}

#[tokio::test]
async fn programs_are_told_what_needs_somebody_and_what_comes_next() {
    let site = Site::new(Sample::default()).await;
    let (_, apps) = site.json("/apps?health=suspended").await;
    let mut needs = apps["needs"]["items"].as_array().unwrap().iter();
    let ui = needs.find(|it| it["application"] == "ui").unwrap();
    assert_eq!(
        ui["sentence"],
        "ui is held: container ui cannot pull image movies/ui:nope"
    );
    let cause = ui["cause"].as_str().unwrap();
    assert!(
        cause.starts_with("Not found. Commit 7f3c2ab failed"),
        "{ui}"
    );
    let mut offers = ui["actions"].as_array().unwrap().iter();
    let compare = offers.find(|it| it["label"] == "Compare").unwrap();
    assert_eq!(compare["page"], "/rollouts/ui-9/diff");
    let back = offers.find(|it| it["label"] == "Roll back").unwrap();
    assert_eq!(back["page"], "/rollouts/ui-9/rollback");
    let (_, rollout) = site.json("/rollouts/serving-12").await;
    assert_eq!(rollout["next"]["heading"], "What happens next", "{rollout}");
    assert!(!rollout["next"]["items"].as_array().unwrap().is_empty());
    let (_, back) = site.json("/rollouts/serving-12/rollback").await;
    assert!(
        back["byHand"].as_str().unwrap().starts_with("git revert"),
        "{back}"
    );
    assert!(
        back["takes"].as_str().unwrap().starts_with("About"),
        "{back}"
    );
}
