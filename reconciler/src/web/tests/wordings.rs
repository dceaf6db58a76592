//! What is asked for in other words than Kedge's own pages have, or with a word missing.

use axum::http::Method;

use super::access::{HTML, SAME, request};
use super::*;

#[tokio::test]
async fn an_address_with_a_slash_at_its_end_is_the_one_without() {
    let site = Site::new(Sample::default()).await;
    for (from, to) in [
        ("/apps/", "/apps"),
        ("/apps/serving/?view=list", "/apps/serving?view=list"),
    ] {
        let get = Request::get(from).header(header::COOKIE, site.cookie());
        let response = site.send(get.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::PERMANENT_REDIRECT, "{from}");
        assert_eq!(response.headers()[header::LOCATION], to);
    }
}

#[tokio::test]
async fn a_program_that_has_nothing_to_say_sends_nothing() {
    let site = Site::new(Sample::default()).await;
    let nothing = Request::post("/apps/serving/resume")
        .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
        .header(header::ACCEPT, "application/json");
    let (status, text) = read(site.send(nothing.body(Body::empty()).unwrap()).await).await;
    assert_eq!(status, StatusCode::CONFLICT, "{text}");
    assert!(
        text.contains("application serving is not suspended"),
        "{text}"
    );
}

#[tokio::test]
async fn a_reason_that_is_missing_is_asked_for_in_the_form() {
    let site = Site::new(Sample::default()).await;
    let session = site.auth.sign_in(TOKEN, now()).unwrap();
    let cookie = site.auth.cookie(&session);
    let cookie = cookie.split(';').next().unwrap();
    let body = format!("csrf={}&reason=+", site.auth.csrf(&session));
    let headers = [SAME, HTML, ("cookie", cookie)];
    let path = "/rollouts/serving-12/rollback";
    let response = site
        .send(request(Method::POST, path, &headers, &body))
        .await;
    let (status, page) = read(response).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let says = "A rollback needs a reason; it becomes part of the commit.";
    assert!(
        page.contains(says) && page.contains("name=\"reason\""),
        "{page}"
    );
}

#[tokio::test]
async fn a_pod_that_is_not_there_is_no_silent_one() {
    let site = Site::new(Sample::default()).await;
    for (asked, says) in [
        ("pod=nope", "there is no pod nope in application serving"),
        (
            "pod=serving-7d9f6c8b54-x2x7k&c=nope",
            "there is no container nope in application serving",
        ),
    ] {
        let path = format!("/apps/serving/logs?{asked}");
        let (status, page) = site.page(&path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert!(
            page.contains(says) && page.contains("All pods"),
            "{path}: {page}"
        );
        let (status, data) = site.json(&path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(data["error"]["message"], says);
    }
}
