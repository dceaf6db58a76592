//! The states that every page may be in, and what each of them says.

use std::sync::LazyLock;

use askama::Template;
use axum::http::Method;
use regex::Regex;

use super::access::{HTML, cookie_of, request};
use super::ailing::PARTS;
use super::pages::PAGES;
use super::*;
use crate::web::access::Role;
use crate::web::auth::User;
use crate::web::view::changes::Rows;
use crate::web::view::component::encoded;

/// Pages that ask before they do something.
fn asks(path: &str) -> bool {
    let path = path.split('?').next().unwrap();
    ["/rollback", "/sync", "/suspend", "/resume"]
        .iter()
        .any(|end| path.ends_with(end))
}

/// What differs from one answer to the next though nothing happened: names of requests and forms.
static PASSING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"name="csrf" value="[^"]*"|<p class="req">.*?</p>|after=\d+"#).unwrap()
});

fn lasting(page: &str) -> String {
    PASSING.replace_all(page, "").into_owned()
}

/// A page is there at once, in full; nothing of it is fetched by a script.
#[tokio::test]
async fn pages_are_whole() {
    let site = Site::new(Sample::default()).await;
    for path in PAGES {
        let (_, page) = site.page(path).await;
        assert!(page.trim_end().ends_with("</html>"), "{path}");
        for empty in ["skeleton", "Loading", "spinner"] {
            assert!(!page.contains(empty), "{path}: {empty}");
        }
    }
}

#[tokio::test]
async fn what_is_empty_says_what_would_be_there_and_what_brings_it() {
    let site = Site::new(Sample {
        empty: true,
        ..Sample::default()
    })
    .await;
    let push = "git push http://127.0.0.1:8080/git/cluster.git HEAD:main";
    for (path, what, command) in [
        ("/apps", "No applications yet", push),
        ("/rollouts", "No rollouts here", "git push"),
        // One of the sample's repositories cannot be read.
        ("/changes", "Not all changes are known", "cannot be read"),
        ("/events", "Nothing was reported", "kubectl get events -A"),
        (
            "/repos/shop",
            "Which branches there are is not known",
            "cannot be read",
        ),
        ("/settings/tokens", "No tokens", "kedge token create NAME"),
        ("/settings/access", "No rules", "--access FILE"),
    ] {
        let (status, page) = site.page(path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        for says in [what, command] {
            assert!(page.contains(says), "{path}: {says}: {page}");
        }
    }
    let (rows, unread) = (Vec::new(), Vec::new());
    let none = Rows { rows, unread }.render().unwrap();
    assert!(none.contains("No change is under way"), "{none}");
    assert!(none.contains("git push origin HEAD:try"), "{none}");
}

/// How often something says that it is missing.
fn told(page: &str) -> usize {
    page.matches("role=\"alert\"").count() + page.matches("cannot be read").count()
}

/// What a page can do without: ways to what is beside it, suggestions for a form, whose a pod is, what
/// brought it, and the draft of a commit.
fn is_extra(path: &str, part: &str) -> bool {
    let beside = ["/apps/serving/objects", "/rollouts/"];
    let explained = ["/pods/", "/why/", "/apps/serving/why"];
    let is_explained = explained.iter().any(|start| path.starts_with(start));
    match part {
        "rollouts" if is_explained => true,
        "objects" | "rollouts" => {
            path.contains("/diff") || beside.iter().any(|start| path.starts_with(start))
        }
        "owners" => is_explained,
        "written" => path == "/nodes",
        _ => false,
    }
}

/// Whatever does not answer: either the page goes on without it and says so, or there is a page that
/// says what did not answer; with the name of the request, and a way to try again.
#[tokio::test]
async fn a_part_that_does_not_answer_is_told() {
    let mut silent = Vec::new();
    for path in PAGES {
        // One of their own each: a person may ask for so many dry runs only.
        let site = Site::new(Sample::default()).await;
        let (_, well) = site.page(path).await;
        for part in PARTS {
            *site.ailing.part.lock().unwrap() = part;
            let (status, page) = site.page(path).await;
            *site.ailing.part.lock().unwrap() = "";
            let is_told = match status {
                StatusCode::OK => lasting(&page) == lasting(&well) || told(&page) > told(&well),
                StatusCode::SERVICE_UNAVAILABLE => {
                    page.contains("The history did not answer") && page.contains("Try again</a>")
                }
                _ => false,
            };
            let named = page.contains("<p class=\"req\">") && page.contains(">Try again</a>");
            if !(is_told && named || is_extra(path, part)) {
                silent.push(format!("{path} without {part}: {status}"));
            }
        }
    }
    assert!(silent.is_empty(), "{silent:#?}");
}

#[tokio::test]
async fn every_page_says_that_git_cannot_be_reached_and_what_is_run_meanwhile() {
    let site = Site::new(Sample::default()).await;
    *site.ailing.part.lock().unwrap() = "git";
    for path in PAGES.iter().filter(|path| **path != "/_components") {
        let (_, page) = site.page(path).await;
        let (_, after) = page.split_once("<div id=\"trouble\">").unwrap();
        let (bar, _) = after.split_once("</div>").unwrap();
        for says in [
            "banner k-bad",
            "Git is not followed.",
            "git.example.org did not answer",
            "The cluster keeps running 7f3c2ab",
            "fetched <time",
        ] {
            assert!(bar.contains(says), "{path}: {says}: {bar}");
        }
    }
}

#[tokio::test]
async fn every_page_has_a_past_or_says_why_not() {
    let site = Site::new(Sample::default()).await;
    let mut wrong = Vec::new();
    for path in PAGES {
        let of_now = ["/settings/preferences", "/settings/tokens", "/_components"];
        if of_now.contains(path) {
            continue;
        }
        let join = if path.contains('?') { '&' } else { '?' };
        let (status, page) = site
            .page(&format!("{path}{join}at=2026-03-01T14:09:00Z"))
            .await;
        let bar = [
            "class=\"tape past\"",
            "banner k-hold",
            "data-now>Back to now",
        ];
        let says = bar.iter().all(|part| page.contains(part));
        let stands =
            !page.contains("data-events") && !page.contains("method=\"post\" action=\"/apps");
        let right = match status {
            StatusCode::BAD_REQUEST => asks(path),
            // To the comparison that it was then.
            StatusCode::SEE_OTHER => path.contains("/diff"),
            StatusCode::OK | StatusCode::NOT_FOUND | StatusCode::GONE => says && stands,
            // Nothing of it is kept.
            StatusCode::CONFLICT => path.contains("/access") && says && stands,
            _ => false,
        };
        if !right {
            wrong.push(format!("{path}: {status}, bar {says}, still {stands}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn who_may_only_look_is_offered_nothing_else() {
    let rules = "rules:\n- {role: operator, applications: [other], users: [ben]}\n\
                 - {role: operator, applications: [serving], groups: [team]}\n";
    let site = Site::with(Sample::default(), Access::parse(rules).unwrap()).await;
    let ben = User {
        name: "ben".into(),
        email: "ben@example.org".into(),
        groups: Vec::new(),
        everywhere: Role::Viewer,
    };
    let cookie = cookie_of(&site, ben);
    for path in PAGES.iter().filter(|path| **path != "/_components") {
        let headers = [HTML, ("cookie", cookie.as_str())];
        let answer = site.send(request(Method::GET, path, &headers, "")).await;
        let (status, page) = read(answer).await;
        if asks(path) {
            assert_eq!(status, StatusCode::FORBIDDEN, "{path}: {page}");
            assert!(page.contains("this needs operator: ask"), "{path}: {page}");
        }
        let own = ["/signout", "/settings/preferences"];
        for form in page.split(" method=\"post\" action=\"").skip(1) {
            let to = form.split('"').next().unwrap();
            assert!(own.contains(&to), "{path} offers {to}");
        }
        for link in page.split(" href=\"").skip(1) {
            let to = link.split('"').next().unwrap();
            assert!(!asks(to), "{path} offers {to}");
        }
    }
}

#[tokio::test]
async fn who_is_signed_out_is_led_to_sign_in_and_back() {
    let site = Site::new(Sample::default()).await;
    for path in PAGES {
        let answer = site.send(request(Method::GET, path, &[HTML], "")).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
        let to = answer.headers()[header::LOCATION].to_str().unwrap();
        assert_eq!(to, format!("/signin?next={}", encoded(path)));
        let program = site.send(request(Method::GET, path, &[], "")).await;
        assert_eq!(program.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test]
async fn what_is_gone_says_how_it_was_when_it_went_and_by_which_commit() {
    let site = Site::new(Sample::default()).await;
    for (path, last, when, by) in [
        (
            "/apps/retired",
            "Converging",
            "2026-03-01T12:16:48Z",
            "/commits/5d0be77aa210",
        ),
        (
            "/apps/serving/objects/configmap/movies/old-flags",
            "color: blue",
            "2026-03-01T13:06:48",
            "/commits/e2a9c14bb01f",
        ),
        (
            "/pods/movies/serving-5b9c-old",
            "Stopping container api",
            "2026-02-20",
            "",
        ),
        ("/nodes/north-z", "Stopping container api", "2026-02-20", ""),
    ] {
        let (status, page) = site.page(path).await;
        assert_eq!(status, StatusCode::GONE, "{path}: {page}");
        for says in [last, when, by] {
            assert!(page.contains(says), "{path}: {says}: {page}");
        }
    }
}
