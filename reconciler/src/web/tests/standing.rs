//! What an application waits for, and what one can do about it from its pages.

use axum::http::{Method, StatusCode};

use super::access::{HTML, SAME, cookie_of, request};
use super::sample::{Sample, now};
use super::*;
use crate::web::access::Role;
use crate::web::auth::User;

fn suspended() -> Sample {
    Sample {
        suspended: true,
        ..Sample::default()
    }
}

#[tokio::test]
async fn an_application_is_suspended_and_resumed_from_its_own_page() {
    let site = Site::new(Sample::default()).await;
    let (_, page) = site.page("/apps/serving").await;
    assert!(page.contains("href=\"/apps/serving/suspend\""), "{page}");
    assert!(!page.contains("/apps/serving/resume"), "{page}");
    let (status, form) = site.page("/apps/serving/suspend").await;
    assert_eq!(status, StatusCode::OK, "{form}");
    for says in [
        "action=\"/apps/serving/suspend\"",
        "name=\"csrf\" value=\"",
        "name=\"reason\"",
        "Rollout 12 stops where it is",
        "kedge suspend serving --reason",
        "spec.suspend",
    ] {
        assert!(form.contains(says), "{says}: {form}");
    }
    let session = site.auth.sign_in(TOKEN, now()).unwrap();
    let cookie = site.auth.cookie(&session);
    let cookie = cookie.split(';').next().unwrap();
    let post = async |body: &str| {
        let headers = [HTML, SAME, ("cookie", cookie)];
        let post = request(Method::POST, "/apps/serving/suspend", &headers, body);
        site.send(post).await.status()
    };
    assert_eq!(post("reason=x").await, StatusCode::FORBIDDEN);
    let body = format!("csrf={}&reason=x", site.auth.csrf(&session));
    assert_eq!(post(&body).await, StatusCode::SEE_OTHER);

    let site = Site::new(suspended()).await;
    let (_, page) = site.page("/apps/ingestion").await;
    assert!(page.contains("href=\"/apps/ingestion/resume\""), "{page}");
    assert!(!page.contains("/apps/ingestion/suspend"), "{page}");
    let (_, form) = site.page("/apps/ingestion/resume").await;
    for says in [
        "action=\"/apps/ingestion/resume\"",
        "name=\"csrf\" value=\"",
        "Suspended by Ann: the database moves.",
        "kedge resume ingestion",
    ] {
        assert!(form.contains(says), "{says}: {form}");
    }
}

#[tokio::test]
async fn a_rollout_that_runs_can_be_held() {
    let site = Site::new(Sample::default()).await;
    let (_, page) = site.page("/rollouts/serving-12").await;
    assert!(page.contains("href=\"/apps/serving/suspend\""), "{page}");
    let (_, over) = site.page("/rollouts/serving-11").await;
    assert!(!over.contains("/apps/serving/suspend"), "{over}");
    // Not in the past.
    let (_, past) = site.page("/apps/serving?at=2026-03-01T12:00:00Z").await;
    assert!(!past.contains("/suspend"), "{past}");
}

#[tokio::test]
async fn who_may_only_look_is_not_offered_to_suspend() {
    let site = Site::new(Sample::default()).await;
    let user = User {
        name: "ben".into(),
        email: "ben@example.org".into(),
        groups: Vec::new(),
        everywhere: Role::Viewer,
    };
    let cookie = cookie_of(&site, user);
    let headers = [HTML, ("cookie", cookie.as_str())];
    let get = async |path: &str| {
        let response = site.send(request(Method::GET, path, &headers, "")).await;
        read(response).await
    };
    for path in ["/apps/serving", "/rollouts/serving-12"] {
        let (status, page) = get(path).await;
        assert_eq!(status, StatusCode::OK);
        assert!(!page.contains("/suspend"), "{path}: {page}");
    }
    let (status, _) = get("/apps/serving/suspend").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn every_state_says_what_it_waits_for_and_what_comes_then() {
    let site = Site::new(Sample::default()).await;
    let check = async |site: &Site, app: &str, all: &[&str]| {
        let (_, page) = site.page(&format!("/apps/{app}")).await;
        let truth = page.split("id=\"truth\"").nth(1).unwrap();
        let truth = truth.split("</div></div>").next().unwrap();
        for says in all {
            assert!(truth.contains(says), "{app} {says}: {truth}");
        }
    };
    let running = [
        "serving is Degraded on its way to 7f3c2ab: container api exits with code 1",
        "Since <time",
        ", until <time",
        "If it is not healthy by then, the rollout fails and the commit is held.",
        "href=\"/apps/serving/why\"",
    ];
    check(&site, "serving", &running).await;
    let held = [
        "ui is held",
        "cannot pull image",
        "Since <time",
        "It stays so until a newer commit comes, or somebody syncs it.",
        "href=\"/apps/ui/why\"",
    ];
    check(&site, "ui", &held).await;
    let standstill = [
        "features is Suspended",
        "An object of it is paused or suspended, as Git says.",
        "It stays so until a commit lets it go on.",
    ];
    check(&site, "features", &standstill).await;
    let drifted = [
        "training is not what Git says",
        "Kedge brings it back by itself.",
        "href=\"/apps/training/diff\"",
    ];
    check(&site, "training", &drifted).await;
    let (_, well) = site.page("/apps/ingestion").await;
    assert!(well.contains("<div id=\"truth\"></div>"), "{well}");

    let site = Site::new(suspended()).await;
    let left_alone = [
        "ingestion is suspended",
        "Suspended by Ann: the database moves.",
        "Nothing is rolled out, healed or deleted until somebody resumes it.",
        "href=\"/apps/ingestion/resume\"",
    ];
    check(&site, "ingestion", &left_alone).await;
}

#[tokio::test]
async fn every_problem_ends_in_the_page_that_explains_it() {
    let site = Site::new(Sample::default()).await;
    let (_, list) = site.page("/apps").await;
    for href in [
        "href=\"/apps/serving/why\"",
        "href=\"/apps/ui/why\"",
        "href=\"/apps/training/diff\"",
        "href=\"/commits/7f3c2ab41d0c\"",
    ] {
        assert!(list.contains(href), "{href}: {list}");
    }
    let object = "/apps/serving/objects/deployment.apps/movies/serving";
    let (_, page) = site.page(object).await;
    let why = "href=\"/why/deployments.apps/movies/serving\"";
    assert!(page.contains(why), "{page}");
    // The chain names its commits; what is not merged is dashed.
    let (_, chain) = site.page("/why/deployments.apps/movies/serving").await;
    let line = "<a class=\"commit\" href=\"/commits/7f3c2ab41d0c\"";
    assert!(chain.contains(line), "{chain}");
    let open = "<a class=\"commit ghost\" href=\"/commits/c41d9e000000\"";
    assert!(chain.contains(open), "{chain}");
    for path in [
        "/apps/serving/diff",
        "/apps/serving/sync",
        "/proofs/7f3c2ab41d0c/serving",
        "/rollouts/serving-12/rollback",
    ] {
        let (_, page) = site.page(path).await;
        let main = page.split("<main").nth(1).unwrap();
        assert!(main.contains("href=\"/commits/"), "{path}: {main}");
        assert!(!main.contains("<span class=\"commit\""), "{path}: {main}");
    }
    let (_, change) = site.page("/changes/try").await;
    assert!(change.contains("class=\"commit ghost\""), "{change}");
}
