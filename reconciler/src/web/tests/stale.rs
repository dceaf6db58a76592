//! While the API server does not answer, nothing that is old passes for new.

use axum::http::StatusCode;
use jiff::SignedDuration;

use super::sample::Sample;
use super::{Site, now};
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

    // Pages that are open hear of it.
    let all = fragments(&site.app, "apps:").await.unwrap();
    let trouble = all.iter().find(|it| it.id == "trouble").unwrap();
    assert!(trouble.html.contains(bar), "{}", trouble.html);
    site.pulse.send_replace(None);
    let all = fragments(&site.app, "apps:").await.unwrap();
    let trouble = all.iter().find(|it| it.id == "trouble").unwrap();
    assert!(!trouble.html.contains(bar), "{}", trouble.html);
}
