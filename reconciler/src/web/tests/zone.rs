//! The reader's own clock.

use super::*;

impl Site {
    async fn in_berlin(&self, path: &str) -> String {
        let cookies = format!("{}; zone=Europe/Berlin", self.cookie());
        let request = Request::get(path)
            .header(header::COOKIE, cookies)
            .header(header::ACCEPT, "text/html");
        read(self.send(request.body(Body::empty()).unwrap()).await)
            .await
            .1
    }
}

#[tokio::test]
async fn every_moment_is_in_the_zone_that_was_chosen() {
    let site = Site::new(Sample::default()).await;
    let page = site.in_berlin("/rollouts/serving-12").await;
    assert!(page.contains("title=\"2026-03-01 15:07:20 CET\""), "{page}");
    assert!(page.contains("datetime=\"2026-03-01T14:07:20Z\""));
    // The line of time of a picture, too.
    assert!(
        page.contains("data-at=\"2026-03-01T14:13:28Z\">15:13:28<"),
        "{page}"
    );
    assert!(!page.contains(" UTC\""), "{page}");
    let (_, utc) = site.page("/rollouts/serving-12").await;
    assert!(utc.contains("title=\"2026-03-01 14:07:20 UTC\""));
    let log = site
        .in_berlin("/pods/movies/serving-7d9f6c8b54-x2x7k")
        .await;
    assert!(log.contains("15:11:43.410"), "{log}");
    let chosen = site.in_berlin("/settings/preferences").await;
    assert!(
        chosen.contains("value=\"Europe/Berlin\" autocomplete"),
        "{chosen}"
    );
}

#[tokio::test]
async fn a_zone_that_is_none_changes_nothing() {
    let site = Site::new(Sample::default()).await;
    let session = site.auth.sign_in(TOKEN, now()).unwrap();
    let csrf = site.auth.csrf(&session);
    let choose = async |zone: &str| {
        let body = format!("csrf={csrf}&theme=dark&zone={zone}");
        let request = Request::post("/settings/preferences")
            .header(
                header::COOKIE,
                site.auth
                    .cookie(&session)
                    .split(';')
                    .next()
                    .unwrap()
                    .to_owned(),
            )
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin");
        let response = site.send(request.body(Body::from(body)).unwrap()).await;
        let cookies = response.headers().get_all(header::SET_COOKIE).iter();
        let zone = cookies.filter_map(|it| it.to_str().ok()).find_map(|it| {
            it.strip_prefix("zone=")?
                .split(';')
                .next()
                .map(str::to_owned)
        });
        (response.status(), zone)
    };
    let berlin = Some("Europe/Berlin".to_owned());
    assert_eq!(
        choose("Europe%2FBerlin").await,
        (StatusCode::SEE_OTHER, berlin)
    );
    assert_eq!(
        choose("").await,
        (StatusCode::SEE_OTHER, Some("UTC".into()))
    );
    assert_eq!(
        choose("Mars%2FOlympus").await,
        (StatusCode::BAD_REQUEST, None)
    );
    let evil = choose("UTC%0d%0aX-Evil%3A%20yes").await;
    assert_eq!(evil, (StatusCode::BAD_REQUEST, None));
}
