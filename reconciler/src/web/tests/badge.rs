//! What anybody may read without signing in, where the operator wants it so.

use super::*;

#[tokio::test]
async fn a_badge_is_open_where_the_rules_publish_it_and_says_no_more_than_when() {
    let rules = "badges: [serv*]\n";
    let site = Site::with(Sample::default(), Access::parse(rules).unwrap()).await;
    let get = async |site: &Site, path: &str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = site.send(request).await;
        let kind = response.headers().get(header::CONTENT_TYPE).cloned();
        let (status, text) = read(response).await;
        (status, kind, text)
    };
    let (status, kind, svg) = get(&site, "/badges/serving.svg").await;
    assert_eq!(status, StatusCode::OK, "{svg}");
    assert_eq!(kind.unwrap(), "image/svg+xml");
    assert!(svg.contains("proven 2026-03-01 14:07 UTC"), "{svg}");
    for hidden in ["serving", "e2a9c14", "7f3c2ab"] {
        assert!(!svg.contains(hidden), "{svg}");
    }
    // What is not published is not told of, whether or not it is there.
    for path in [
        "/badges/ui.svg",
        "/badges/nope.svg",
        "/badges/serving",
        "/badges/.svg",
    ] {
        assert_eq!(get(&site, path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    // All else stays shut, and without the rule so does the badge.
    let (status, ..) = get(&site, "/proofs/newest/serving.svg").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let shut = Site::new(Sample::default()).await;
    assert_eq!(
        get(&shut, "/badges/serving.svg").await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn proofs_are_linked_from_what_they_prove() {
    let site = Site::new(Sample::default()).await;
    let (_, app) = site.page("/apps/serving").await;
    assert!(app.contains("href=\"/proofs/newest/serving\""), "{app}");
    // Also that of then.
    let (status, past) = site
        .page("/proofs/newest/serving?at=2026-03-01T12:00:00Z")
        .await;
    assert_eq!(status, StatusCode::OK, "{past}");
    assert!(
        past.contains("Proof of <a class=\"commit\" href=\"/commits/5d0be77aa210"),
        "{past}"
    );
    let (_, done) = site.page("/rollouts/serving-11").await;
    assert!(done.contains("href=\"/proofs/"), "{done}");
    let (_, failed) = site.page("/rollouts/ui-9").await;
    assert!(!failed.contains("href=\"/proofs/"), "{failed}");
}
