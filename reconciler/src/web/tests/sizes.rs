//! What a browser loads, in bytes as they are sent: compressed.

use super::super::assets::ASSETS;
use super::*;

impl Site {
    /// Bytes of the answer to a browser that takes gzip.
    pub(super) async fn sent(&self, path: &str) -> usize {
        let request = Request::get(path)
            .header(header::COOKIE, self.cookie())
            .header(header::ACCEPT_ENCODING, "gzip")
            .header(header::ACCEPT, "text/html,application/xhtml+xml");
        let response = self.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(
            response.headers()[header::CONTENT_ENCODING],
            "gzip",
            "{path}"
        );
        let body = response.into_body().collect().await.unwrap();
        body.to_bytes().len()
    }
}

#[tokio::test]
async fn style_and_script_are_within_their_budget() {
    let site = Site::new(Sample::default()).await;
    for (asset, most) in [(&ASSETS.style, 10_000), (&ASSETS.script, 3_000)] {
        let sent = site.sent(&asset.path).await;
        assert!(sent <= most, "{}: {sent} bytes, budget {most}", asset.path);
    }
}

/// What no page may exceed.
const PAGE: usize = 60_000;

#[tokio::test]
async fn pages_about_very_much_stay_small() {
    let site = Site::new(Sample {
        many: 1_000,
        ..Sample::default()
    })
    .await;
    for path in [
        "/apps",
        "/apps?sort=recent&page=3",
        "/apps/serving",
        "/apps/serving?view=list",
        "/apps/serving?view=list&only=unhealthy",
        "/apps/serving/diff",
        "/apps/serving/diff?to=whole",
        "/apps/serving/diff?to=whole&ctx=all&view=unified",
        "/apps/serving/diff?to=big&object=configmap.movies.big",
        "/apps/serving/diff?to=big&object=configmap.movies.big&ctx=all&view=unified",
        "/apps/serving/objects/configmap/movies/serving?tab=yaml",
        "/apps/serving/objects/configmap/movies/serving?tab=yaml&page=5",
        "/apps/serving/history",
        "/rollouts",
        "/events",
        "/search?q=e",
        "/nodes",
        "/proofs/newest/serving",
        "/proofs/newest/serving?page=5",
    ] {
        let sent = site.sent(path).await;
        assert!(sent <= PAGE, "{path}: {sent} bytes, budget {PAGE}");
    }
    let (_, last) = site.page("/proofs/newest/serving?page=5").await;
    assert!(
        last.contains("801 to 1000 of 1000") && last.contains("o-999"),
        "{last}"
    );
    let (_, whole) = site.json("/proofs/newest/serving?page=5").await;
    assert_eq!(whole["objects"].as_array().unwrap().len(), 1_000);
    // What has no room is a text.
    let (_, big) = site
        .page("/apps/serving/diff?to=big&object=configmap.movies.big")
        .await;
    let all = "format=patch\" type=\"text/plain\">All of it as a patch";
    assert!(big.contains("more lines.") && big.contains(all), "{big}");
    let object = "/apps/serving/objects/configmap/movies/serving?tab=yaml";
    let (_, lines) = site.page(object).await;
    assert!(lines.contains(" of 400") && lines.contains("page=2\" rel=\"next\""));
    let (_, text) = site.page(&format!("{object}&format=yaml")).await;
    assert!(
        text.lines().count() > 4_000 && text.contains("\ndata:\n"),
        "{text}"
    );
    // What is on neither side is not the same on both.
    let nobody = "/apps/serving/diff?object=configmap.movies.none";
    let told = "object configmap.movies.none on either side";
    let (status, page) = site.page(nobody).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(page.contains(told), "{page}");
    let (status, answer) = site.json(nobody).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(answer.to_string().contains(told), "{answer}");
}

#[tokio::test]
async fn a_thousand_applications_are_pages_of_two_hundred() {
    let site = Site::new(Sample {
        many: 1_000,
        ..Sample::default()
    })
    .await;
    let rows = |page: &str| page.matches("<tr data-row").count();
    let (_, first) = site.page("/apps").await;
    assert_eq!(rows(&first), 200);
    assert!(first.contains("1 to 200 of 1000"), "{first}");
    assert!(
        first.contains("href=\"/apps?page=2\" rel=\"next\"")
            && !first.contains("rel=\"prev\">Before")
    );
    let (_, last) = site.page("/apps?sort=recent&page=5").await;
    assert_eq!(rows(&last), 200);
    assert!(last.contains("801 to 1000 of 1000"));
    assert!(
        last.contains("href=\"/apps?sort=recent&#38;page=4\" rel=\"prev\"")
            && !last.contains("rel=\"next\"")
    );
    // Beyond the end is the end.
    let (_, beyond) = site.page("/apps?page=99").await;
    assert!(beyond.contains("801 to 1000 of 1000"));
    // Words are looked for on all pages, not on the one that is shown.
    let last = last.split("<tr data-row").last().unwrap();
    let name = last.split("href=\"/apps/").nth(1).unwrap();
    let name = name.split('"').next().unwrap();
    let (_, found) = site.page(&format!("/apps?q={name}&sort=recent")).await;
    assert!(found.contains(&format!("<a class=\"name\" href=\"/apps/{name}\"")));
    assert!(rows(&found) < 200 && found.contains("name=\"sort\" value=\"recent\""));
    let (_, objects) = site.page("/apps/serving?view=list").await;
    assert_eq!(objects.matches("<li class=\"l").count(), 1_000);
}
