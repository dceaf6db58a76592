//! Logs: in the page, as a stream, as a file, and what is looked for in them.

use super::cluster::LATE;
use super::*;

const POD: &str = "/pods/movies/serving-7d9f6c8b54-x2x7k";

#[tokio::test]
async fn logs_are_a_stream_and_a_file() {
    let site = Site::new(Sample::default()).await;
    let log = "/pods/movies/serving-7d9f6c8b54-x2x7k/logs?c=api";
    let (status, text) = site.page(&format!("{log}&download=1")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.starts_with("INFO serving 2.18.1 starting"), "{text}");
    // Browsers ask for it compressed.
    let request = Request::get(format!("{log}&download=1")).header(header::COOKIE, site.cookie());
    let request = request.header(header::ACCEPT_ENCODING, "gzip");
    let response = site.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert!(body.starts_with(&[0x1f, 0x8b]), "{body:?}");
    let (_, text) = site
        .page(&format!("{log}&after=2026-03-01T14:11:33.013000001Z"))
        .await;
    assert_eq!(text.matches("event: log").count(), 2, "{text}");
    assert!(
        text.contains("id: 2026-03-01T14:11:43.410000001Z"),
        "{text}"
    );
    assert!(
        text.ends_with("event: end\ndata: {\"text\":\"the container ended\"}\n\n"),
        "{text}"
    );
}

#[tokio::test]
async fn a_log_that_is_not_there_yet_is_asked_for_again() {
    let site = Site::new(Sample::default()).await;
    let log = format!("/pods/movies/serving-7d9f6c8b54-x2x7k/logs?c={LATE}");
    let (status, text) = site.page(&log).await;
    // Any other status, and a browser never asks again.
    assert_eq!(status, StatusCode::OK, "{text}");
    assert!(text.contains("event: wait\n"), "{text}");
    assert!(text.contains("retry: 3000"), "{text}");
    let (status, _) = site.page(&format!("{log}&download=1")).await;
    assert!(!status.is_success());
}

#[tokio::test]
async fn lines_are_looked_for_in_the_whole_log() {
    let site = Site::new(Sample::default()).await;
    let (status, text) = site
        .page(&format!("{POD}?grep=not.set&since=24h&run=now"))
        .await;
    assert_eq!(status, StatusCode::OK);
    for says in [
        "MODEL_URL is not set",
        "name=\"grep\" value=\"not.set\"",
        "<option value=\"24h\" selected>",
        // It goes on with the same lines only.
        "&amp;grep=not.set&amp;since=24h&amp;after=",
    ] {
        let escaped = says.replace("&amp;", "&#38;");
        assert!(
            text.contains(says) || text.contains(&escaped),
            "{says}: {text}"
        );
    }
    assert!(!text.contains("2.18.1 starting</span>"), "{text}");
    let (_, text) = site.page(&format!("{POD}?grep=nowhere&run=now")).await;
    assert!(text.contains("no line matches"), "{text}");
    let (status, text) = site.page(&format!("{POD}?grep=a(b")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(text.contains("unclosed group"), "{text}");
    let (_, lines) = site.json(&format!("{POD}/logs?c=api&grep=not.set")).await;
    assert_eq!(lines["items"].as_array().map(Vec::len), Some(1), "{lines}");
    let (_, text) = site.page(&format!("{POD}/logs?c=api&grep=not.set")).await;
    assert_eq!(text.matches("event: log").count(), 1, "{text}");
}

#[tokio::test]
async fn a_page_does_not_wait_for_a_node_that_is_silent() {
    let site = Site::new(Sample {
        silent: true,
        ..Sample::default()
    })
    .await;
    let (status, text) = site.page(&format!("{POD}?run=now")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.contains("reading the log…"), "{text}");
    assert!(text.contains("data-stream=\"/pods/"), "{text}");
    let (_, text) = site.page("/apps/serving/logs").await;
    assert!(text.contains("reading the logs…"), "{text}");
    let (_, lines) = site.json(&format!("{POD}/logs?c=api")).await;
    assert_eq!(lines["errors"][0], "the node did not answer in time");
}
