//! While the API server does not answer, nothing that is old passes for new.

use axum::http::{Method, StatusCode};
use jiff::SignedDuration;

use super::access::request;
use super::sample::Sample;
use super::{Site, TOKEN, now};
use crate::web::pages::fragments;

#[tokio::test]
async fn pages_say_that_the_api_server_does_not_answer() {
    let site = Site::new(Sample::default()).await;
    let bar = "The API server does not answer";
    let (_, page) = site.page("/apps").await;
    assert!(
        page.contains(">Live</span>") && !page.contains(bar),
        "{page}"
    );
    let (status, _) = site.page("/readyz").await;
    assert_eq!(status, StatusCode::OK);

    let heard = now() - SignedDuration::from_secs(40);
    site.pulse.send_replace(Some(heard));
    let (status, page) = site.page("/apps").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains(bar) && page.contains("40 s ago"), "{page}");
    assert!(page.contains("data-state=\"stale\">Stale</span>"), "{page}");
    let (status, told) = site.page("/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        told.contains("the API server has not answered since"),
        "{told}"
    );

    // So do programs, of now alone.
    let bearer = format!("Bearer {TOKEN}");
    let program = [
        ("authorization", bearer.as_str()),
        ("accept", "application/json"),
    ];
    for (path, expected) in [("/apps", true), ("/apps?at=2026-03-01T14:09:00Z", false)] {
        let answer = site.send(request(Method::GET, path, &program, "")).await;
        let told = answer.headers().get("kedge-notice");
        assert_eq!(told.is_some(), expected, "{path}");
        let told = told.map(|it| it.to_str().unwrap().to_owned());
        let says = |it: String| it.starts_with("the API server has not answered since 2026-");
        assert!(told.is_none_or(says));
    }

    // Pages that are open hear of it.
    let all = fragments(&site.app, "apps:").await.unwrap();
    let trouble = all.iter().find(|it| it.id == "trouble").unwrap();
    assert!(trouble.html.contains(bar), "{}", trouble.html);
    site.pulse.send_replace(None);
    let all = fragments(&site.app, "apps:").await.unwrap();
    let trouble = all.iter().find(|it| it.id == "trouble").unwrap();
    assert!(!trouble.html.contains(bar), "{}", trouble.html);
}
