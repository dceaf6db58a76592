use super::sample::HOSTILE;
use super::*;

/// Every page there is.
pub(super) const PAGES: &[&str] = &[
    "/apps",
    "/apps?health=degraded&q=serv",
    "/apps/serving",
    "/apps/ui",
    "/apps/serving/diff",
    "/apps/serving/diff?to=broken",
    "/apps/ingestion/diff",
    "/apps/serving/objects/deployment.apps/movies/serving",
    "/apps/serving/objects/deployment.apps/movies/serving?tab=yaml",
    "/apps/serving/objects/deployment.apps/movies/serving?tab=events",
    "/search?q=se",
    "/repos",
    "/repos/cluster",
    "/repos/shop",
    "/changes",
    "/changes/try",
    "/changes/pull/7",
    "/settings/preferences",
    "/settings/tokens",
    "/settings/access",
    "/_components",
    "/apps/serving/events",
    "/apps/serving/logs",
    "/apps/serving/settings",
    "/commits/7f3c2ab41d0c",
    "/events",
    "/events?kind=Pod&reason=BackOff",
    "/nodes/north-a",
    "/apps/serving/history",
    "/rollouts",
    "/rollouts?outcome=failed",
    "/rollouts/serving-12",
    "/rollouts/ui-9",
    "/rollouts/serving-10",
    "/rollouts/serving-12/diff",
    "/rollouts/serving-12/rollback",
    "/rollouts/serving-9/rollback?through=serving-11",
    "/apps/serving/rollback?to=serving-5",
    "/apps/serving/sync",
    "/apps/serving/suspend",
    "/apps/serving/resume",
    "/proofs/7f3c2ab41d0c/serving",
    "/rollouts/ui-9/rollback",
    "/rollouts/api-7/rollback",
    "/pods/movies/serving-7d9f6c8b54-x2x7k",
    "/why/deployments.apps/movies/serving",
    "/apps/serving/why",
    "/nodes",
];

/// What holds for every page, whatever it shows.
fn is_sound(path: &str, text: &str) {
    let count = |what: &str| text.matches(what).count();
    assert_eq!(count("<h1"), 1, "{path}: one h1");
    assert_eq!(count("<main"), 1, "{path}: one main");
    assert!(text.contains("<nav"), "{path}: navigation");
    assert!(text.contains("class=\"skip\""), "{path}: skip link");
    assert!(text.contains("<title>"), "{path}: title");
    assert!(!text.contains(" style="), "{path}: no inline style");
    assert!(!text.contains("<style"), "{path}: no inline style");
    for handler in [" onclick", " onload", " onerror", "javascript:"] {
        assert!(!text.contains(handler), "{path}: no inline script");
    }
    assert_eq!(count("<script"), 1, "{path}: one script, from a file");
    assert!(
        text.contains("<script type=\"module\" src=\"/assets/kedge."),
        "{path}"
    );
    assert!(!text.contains("aHVudGVyMg=="), "{path}: a secret");
    for tag in ["div", "section", "span", "svg", "time"] {
        let escaped = text.contains(&format!("&lt;{tag}")) || text.contains(&format!("&#60;{tag}"));
        assert!(!escaped, "{path}: <{tag}> is shown as text");
    }
    let mut ids: Vec<&str> = text
        .split(" id=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    ids.sort_unstable();
    let all = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), all, "{path}: ids are unique: {ids:?}");
    for tag in [
        "div", "section", "span", "ul", "ol", "table", "svg", "a", "g", "form",
    ] {
        let open = count(&format!("<{tag}>")) + count(&format!("<{tag} "));
        assert_eq!(
            open,
            count(&format!("</{tag}>")),
            "{path}: <{tag}> is closed"
        );
    }
}

#[tokio::test]
async fn every_page_is_sound() {
    let site = Site::new(Sample::default()).await;
    for path in PAGES {
        let (status, text) = site.page(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        is_sound(path, &text);
        assert!(text.len() < 200_000, "{path} is {} bytes", text.len());
    }
}

#[tokio::test]
async fn hostile_text_is_only_text() {
    let site = Site::new(Sample {
        hostile: true,
        ..Sample::default()
    })
    .await;
    for path in PAGES {
        let (status, text) = site.page(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        is_sound(path, &text);
        assert!(!text.contains(HOSTILE), "{path}");
        assert!(!text.contains("<script>"), "{path}");
    }
    let reflected = "/apps?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    let (_, text) = site.page(reflected).await;
    is_sound(reflected, &text);
}

#[tokio::test]
async fn the_first_page_says_what_needs_somebody() {
    let site = Site::new(Sample::default()).await;
    let (_, text) = site.page("/apps").await;
    assert!(text.contains("Needs you"), "{text}");
    assert!(text.contains("3 of 5 applications"), "{text}");
    assert!(text.contains("href=\"/rollouts/ui-9/rollback\""), "{text}");
    let empty = Site::new(Sample {
        empty: true,
        ..Sample::default()
    })
    .await;
    let (_, text) = empty.page("/apps").await;
    assert!(
        text.contains("git push http://127.0.0.1:8080/git/cluster.git HEAD:main"),
        "{text}"
    );
    is_sound("empty", &text);
    let (_, text) = empty.page("/rollouts").await;
    assert!(text.contains("No rollouts here"), "{text}");
}

#[tokio::test]
async fn one_panel_fails_alone() {
    let site = Site::new(Sample::default()).await;
    let (status, text) = site.page("/apps/ui").await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        text.contains("The objects cannot be read: the cluster did not answer."),
        "{text}"
    );
    assert!(text.contains("Recent rollouts"), "{text}");
}

#[tokio::test]
async fn what_is_not_there_has_a_page_too() {
    let site = Site::new(Sample::default()).await;
    let check = async |path: &str, status: StatusCode, says: &str| {
        let (actual, text) = site.page(path).await;
        assert_eq!(actual, status, "{path}");
        assert!(text.contains(says), "{path}: {text}");
        is_sound(path, &text);
        let (actual, body) = site.json(path).await;
        assert_eq!(actual, status, "{path}");
        assert_eq!(body["error"]["status"], status.as_u16(), "{path}");
    };
    check(
        "/apps/nope",
        StatusCode::NOT_FOUND,
        "There is no application nope.",
    )
    .await;
    check("/apps/retired", StatusCode::GONE, "retired is gone").await;
    check(
        "/apps/nope/history",
        StatusCode::NOT_FOUND,
        "There is no application nope.",
    )
    .await;
    // For programs, the history outlives its application.
    let (status, body) = site.json("/apps/retired/history").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["items"].as_array().unwrap().len(), 1, "{body}");
    check(
        "/rollouts/nope-1",
        StatusCode::NOT_FOUND,
        "There is no rollout nope-1.",
    )
    .await;
    check("/nothing/here", StatusCode::NOT_FOUND, "Not here").await;
    check(
        "/pods/other/nope",
        StatusCode::NOT_FOUND,
        "There is no pod other/nope.",
    )
    .await;
}

#[tokio::test]
async fn a_value_that_cannot_be_read_is_answered_in_one_way() {
    let site = Site::new(Sample::default()).await;
    for (path, says) in [
        (
            "/rollouts?before=yesterday",
            "before is a time such as 2026-03-01T14:00:00Z, not yesterday",
        ),
        ("/apps?page=x", "page is a number from 1 on, not x"),
        ("/apps/serving?view=foo", "view is graph or list, not foo"),
        (
            "/apps/serving/diff?view=foo",
            "view is split or unified, not foo",
        ),
        (
            "/apps/serving/diff?ctx=9999",
            "ctx is a number up to 100 or all, not 9999",
        ),
        ("/nodes?by=foo", "by is memory or cpu, not foo"),
        (
            "/events?before=x",
            "before is what the link to older events has, not x",
        ),
        (
            "/apps/ui/sync?prune=maybe",
            "prune is true or false, not maybe",
        ),
        (
            "/nodes?at=foo",
            "at is a time such as 2026-03-01T14:00:00Z or a commit, not foo",
        ),
    ] {
        let (status, text) = site.page(path).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}: {text}");
        // Within the frame, and the name as it is written.
        assert!(text.contains(&format!("<p>{says}.</p>")), "{path}: {text}");
        assert!(text.contains("<nav"), "{path}");
        let (status, body) = site.json(path).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}");
        assert_eq!(body["error"]["message"], says, "{path}");
    }
    for path in [
        "/apps/serving?at=foo&view=list",
        "/apps/serving?view=list&at=2036-01-01T00:00:00Z",
    ] {
        let (_, text) = site.page(path).await;
        let back = "href=\"/apps/serving?view=list\">Back to now</a>";
        assert!(text.contains(back), "{text}");
    }
    // What a page does not know it does not look at.
    let (status, _) = site.page("/commits/7f3c2ab41d0c?page=x").await;
    assert_eq!(status, StatusCode::OK);
    let (_, older) = site.json("/apps/serving/history?before=11").await;
    assert_eq!(older["items"][0]["id"], "serving-10", "{older}");
    let (status, _) = site.page("/apps/serving/history?before=99").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_pod_says_why() {
    let site = Site::new(Sample::default()).await;
    let (_, text) = site.page("/pods/movies/serving-7d9f6c8b54-x2x7k").await;
    for says in [
        "CrashLoopBackOff",
        "Why it is broken",
        "Container api exited with code 1 after 13 s",
        "MODEL_URL is not set",
        "BackOff, 14 times",
        "href=\"/apps/serving\"",
        // The run that failed, not the empty current one.
        "run=previous\" aria-current=\"true\"",
    ] {
        assert!(text.contains(says), "{says}: {text}");
    }
}

#[tokio::test]
async fn programs_get_the_same_as_json() {
    let site = Site::new(Sample::default()).await;
    let (_, apps) = site.json("/apps").await;
    assert_eq!(apps["items"][2]["name"], "serving");
    assert_eq!(apps["items"][2]["sync"], "OutOfSync");
    let (_, app) = site.json("/apps/serving").await;
    assert_eq!(app["health"]["status"], "Degraded");
    assert_eq!(app["tree"][0]["kind"], "Deployment");
    assert_eq!(app["rollouts"][0]["id"], "serving-12");
    let (_, diff) = site.json("/apps/serving/diff").await;
    assert_eq!(diff["counts"]["change"], 1);
    assert!(!diff.to_string().contains("aHVudGVyMg=="), "{diff}");
    let (_, rollout) = site.json("/rollouts/serving-12").await;
    assert_eq!(rollout["phase"], "Verifying");
    assert_eq!(rollout["steps"][0]["kind"], "received");
    let (_, diff) = site.json("/rollouts/serving-12/diff").await;
    assert!(!diff.to_string().contains("aHVudGVyMg=="), "{diff}");
    let (_, rollouts) = site.json("/rollouts?outcome=failed").await;
    assert_eq!(rollouts["items"][0]["counts"]["changed"], 4);
    assert_eq!(rollouts["items"].as_array().unwrap().len(), 2);
    let (_, preview) = site.json("/rollouts/serving-12/rollback").await;
    assert_eq!(preview["rollout"], "serving-12");
    let (_, pod) = site.json("/pods/movies/serving-7d9f6c8b54-x2x7k").await;
    assert_eq!(pod["containers"][1]["restarts"], 4);
    let (_, nodes) = site.json("/nodes").await;
    assert_eq!(nodes["items"][2]["state"], "NotReady");
}

#[tokio::test]
async fn a_page_s_stream_begins_where_the_page_is() {
    let site = Site::new(Sample::default()).await;
    let (_, text) = site.page("/apps/serving").await;
    let events = text.split("data-events=\"").nth(1).unwrap();
    let url = events.split('"').next().unwrap().replace("&amp;", "&");
    let stream = |url: String| {
        let request = Request::get(url).header(header::COOKIE, site.cookie());
        site.send(request.body(Body::empty()).unwrap())
    };
    let mut now = stream(url.clone()).await.into_body();
    let first = now.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(&first[..], b"event: beat\ndata: {}\n\n");
    // From before this process began: the page is told to load again.
    let old = url.split("&after=").next().unwrap().to_owned() + "&after=1";
    let (_, text) = read(stream(old).await).await;
    assert!(text.contains("event: reload"), "{text}");
    let busy = [stream(url.clone()).await, stream(url).await];
    assert_eq!(busy[1].status(), StatusCode::SERVICE_UNAVAILABLE);
    site.tasks.token().cancel();
    site.changes.send_replace(1);
    assert!(now.collect().await.is_ok());
}

#[tokio::test]
async fn every_answer_is_closed_to_what_pages_must_not_do() {
    let site = Site::new(Sample::default()).await;
    let request = Request::get("/apps").header(header::COOKIE, site.cookie());
    let response = site.send(request.body(Body::empty()).unwrap()).await;
    let header = |name: &str| response.headers()[name].to_str().unwrap();
    let policy = header("content-security-policy");
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("referrer-policy"), "same-origin");
    // The clock of these tests stands.
    assert_eq!(header("server-timing"), "render;dur=0.000, total;dur=0.000");
}
