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
    for says in [
        "No line of container api matches the regular expression nowhere.",
        "run=now\">Whatever it says</a>",
    ] {
        assert!(text.contains(says), "{says}: {text}");
    }
    let (status, text) = site.page(&format!("{POD}?grep=a(b")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(text.contains("unclosed group"), "{text}");
    let (status, _) = site.json(&format!("{POD}?grep=a(b")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (_, lines) = site.json(&format!("{POD}/logs?c=api&grep=not.set")).await;
    assert_eq!(lines["items"].as_array().map(Vec::len), Some(1), "{lines}");
    // The pod has the same lines, and says whose they are.
    let (_, pod) = site
        .json(&format!("{POD}?c=api&run=now&grep=not.set"))
        .await;
    assert_eq!(pod["logs"]["items"], lines["items"], "{pod}");
    assert_eq!(pod["logs"]["container"], "api");
    assert_eq!(pod["logs"]["run"], "now");
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
    assert!(text.contains("reading the log…"), "{text}");
    let (_, lines) = site.json(&format!("{POD}/logs?c=api")).await;
    assert_eq!(lines["errors"][0], "the node did not answer in time");
    let (_, pod) = site.json(&format!("{POD}?c=api")).await;
    assert_eq!(pod["logs"]["errors"], lines["errors"], "{pod}");
}

const APP: &str = "/apps/serving/logs";

#[tokio::test]
async fn the_logs_of_all_pods_are_searched_together() {
    let site = Site::new(Sample::default()).await;
    let (status, page) = site.page(APP).await;
    assert_eq!(status, StatusCode::OK);
    for says in [
        "<option>serving-7d9f6c8b54-x2x7k</option>",
        "<option>proxy</option>",
        "[serving-7d9f6c8b54-x2x7k/api] config: MODEL_URL is not set",
        "[serving-7d9f6c8b54-x2x7k/proxy] exit 1",
        "data-events=\"/live?topics=app-logs%3Aserving",
        "data-stream=\"/apps/serving/logs/stream?after=movies",
        "href=\"/apps/serving/logs?download=1\" download",
        "aria-label=\"Log of all pods of serving\"",
    ] {
        assert!(page.contains(says), "{says}: {page}");
    }
    let (_, page) = site
        .page(&format!("{APP}?c=api&grep=not.set&since=24h"))
        .await;
    for says in [
        "<option selected>api</option>",
        "name=\"grep\" value=\"not.set\"",
        "/api] config: MODEL_URL is not set",
        ">1 line<",
    ] {
        assert!(page.contains(says), "{says}: {page}");
    }
    assert!(!page.contains("/proxy] "), "{page}");
    let (status, page) = site.page(&format!("{APP}?pod=gone&grep=x")).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{page}");
    for says in [
        "there is no pod gone in application serving.",
        "<option value=\"\">All pods</option>",
        "<option selected>gone</option>",
    ] {
        assert!(page.contains(says), "{says}: {page}");
    }
    let (status, page) = site.page(&format!("{APP}?grep=a(b")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{page}");
}

#[tokio::test]
async fn programs_and_files_have_the_same_lines() {
    let site = Site::new(Sample::default()).await;
    let query = "c=api&grep=not.set";
    let (_, lines) = site.json(&format!("{APP}?{query}")).await;
    let items = lines["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{lines}");
    assert_eq!(items[0]["from"], "serving-7d9f6c8b54-x2x7k/api");
    assert_eq!(
        (items[0]["level"].as_str(), &lines["omitted"]),
        (Some("ERROR"), &serde_json::json!(0))
    );
    // Both pages write files of what is asked for.
    let (_, file) = site.page(&format!("{APP}?{query}&download=1")).await;
    let line = "config: MODEL_URL is not set (expected an absolute URL)\n";
    assert_eq!(
        file,
        format!("2026-03-01T14:11:43.410000001Z serving-7d9f6c8b54-x2x7k/api ERROR {line}")
    );
    let (_, file) = site.page(&format!("{POD}/logs?{query}&download=1")).await;
    assert_eq!(file, format!("ERROR {line}"));
}

#[tokio::test]
async fn the_stream_of_all_pods_goes_on_where_the_page_ended() {
    let site = Site::new(Sample::default()).await;
    let (_, page) = site.page(&format!("{APP}?grep=exit")).await;
    let (_, rest) = page.split_once("data-stream=\"").unwrap();
    let (address, _) = rest.split_once('"').unwrap();
    let address = address.replace("&#38;", "&");
    assert!(address.starts_with("/apps/serving/logs/stream?grep=exit&after="));
    let next = async |address: &str| {
        let request = Request::get(address).header(header::COOKIE, site.cookie());
        let mut body = site
            .send(request.body(Body::empty()).unwrap())
            .await
            .into_body();
        let first = tokio::time::timeout(Duration::from_millis(500), body.frame()).await;
        let first = first.ok()?.unwrap().unwrap().into_data().unwrap();
        Some(String::from_utf8_lossy(&first).into_owned())
    };
    // All that there is was in the page.
    assert_eq!(next(&address).await, None);
    let (address, _) = address.split_once("&after=").unwrap();
    let first = next(address).await.unwrap();
    assert!(first.contains("] exit 1\""), "{first}");
}

#[tokio::test]
async fn a_page_stays_where_what_is_looked_for_cannot_be_read() {
    let site = Site::new(Sample::default()).await;
    for (page, says) in [
        (
            format!("{POD}?grep=%28&c=api"),
            "grep: ( is no regular expression: unclosed group.",
        ),
        (
            format!("{POD}?grep=%28&since=x"),
            "grep: ( is no regular expression: unclosed group.",
        ),
        (
            format!("{POD}?c=api&run=2&grep=%28"),
            "run is 2, but container api is in run 5: the node keeps the log of that one and of the one before.",
        ),
        (
            format!("{POD}?run=foo&grep=%28"),
            "run is now, previous or the number of a run, not foo.",
        ),
        (
            format!("{POD}?c=apo&grep=%28"),
            "c is one of wait, api, proxy, not apo.",
        ),
        (
            "/apps/serving/logs?grep=%28".into(),
            "grep: ( is no regular expression: unclosed group.",
        ),
    ] {
        let (status, text) = site.page(&page).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{page}");
        assert!(text.contains(says), "{page}: {text}");
        // What was typed stays, nothing is streamed, and so does the rest.
        assert!(text.contains("name=\"grep\" value=\"(\""), "{page}: {text}");
        assert!(!text.contains("data-stream"), "{page}");
        let rest = if page.starts_with(POD) {
            "Why it is broken"
        } else {
            "All pods"
        };
        assert!(text.contains(rest), "{page}: {text}");
    }
    let (status, text) = site.page(&format!("{POD}?c=api&run=5&grep=2.18.1")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.contains(">1 line<"), "{text}");
}

#[tokio::test]
async fn a_run_that_is_not_kept_is_no_other_one_for_programs_and_files_either() {
    let site = Site::new(Sample::default()).await;
    for path in ["?c=api&run=99", "/logs?c=api&run=99", "/logs?c=nobody"] {
        let (status, failure) = site.json(&format!("{POD}{path}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}: {failure}");
    }
    let (status, _) = site
        .page(&format!("{POD}/logs?c=api&run=99&download=1"))
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}
