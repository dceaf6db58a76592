//! Streams: they end when their visitor may not see any more, and take in what comes later.

use axum::body::Bytes;

use api::{Collection, ResourceVersion};

use super::*;

impl Site {
    async fn stream(&self, path: &str, cookie: &str) -> Body {
        let request = Request::get(path).header(header::COOKIE, cookie);
        let response = self.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.into_body()
    }
}

async fn frame(body: &mut Body) -> Bytes {
    body.frame().await.unwrap().unwrap().into_data().unwrap()
}

#[tokio::test]
async fn streams_end_with_the_session() {
    let site = Site::new(Sample::default()).await;
    for path in [
        "/live?topics=app:serving&after=0",
        "/apps/serving/logs/stream",
    ] {
        let session = site.auth.sign_in(TOKEN, now()).unwrap();
        let cookie = site.auth.cookie(&session);
        let mut body = site.stream(path, &cookie).await;
        frame(&mut body).await;
        site.auth.end(&session, now()).await.unwrap();
        // The end, not a failure.
        assert!(body.collect().await.is_ok());
        let request = Request::get(path).header(header::COOKIE, &cookie);
        let again = site.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(again.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test]
async fn pods_that_come_later_join_the_log() {
    let site = Site::new(Sample::default()).await;
    let pods = site.informers.cache(&Collection::new("", "pods"));
    let there: Vec<api::Object> = pods.all().iter().map(|pod| (**pod).clone()).collect();
    pods.replace(Vec::new(), ResourceVersion("8".into()));
    let mut body = site
        .stream("/apps/serving/logs/stream", &site.cookie())
        .await;
    pods.replace(there, ResourceVersion("9".into()));
    let first = frame(&mut body).await;
    let first = String::from_utf8_lossy(&first);
    assert!(first.contains("[serving-7d9f6c8b54-x2x7k/"), "{first}");
    assert!(
        first.contains("id: movies/serving-7d9f6c8b54-x2x7k/"),
        "{first}"
    );
}

#[tokio::test]
async fn the_log_of_the_past_ends() {
    let site = Site::new(Sample::default()).await;
    let path = "/apps/serving/logs/stream?at=2026-03-01T14:09:00Z";
    let (status, text) = site.page(path).await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.contains("what was printed then is not kept"), "{text}");
}
