use axum::http::Method;

use super::*;
use crate::web::access::Role;
use crate::web::auth::User;

pub(super) fn request(
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if !body.is_empty() {
        request = request.header("content-type", "application/x-www-form-urlencoded");
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

fn location(response: &Response<Body>) -> &str {
    response.headers()[header::LOCATION].to_str().unwrap()
}

pub(super) const HTML: (&str, &str) = ("accept", "text/html");
pub(super) const SAME: (&str, &str) = ("sec-fetch-site", "same-origin");

#[tokio::test]
async fn nobody_gets_in_without_signing_in() {
    let site = Site::new(Sample::default()).await;
    let all = [
        "/apps",
        "/apps/serving",
        "/apps/serving/diff",
        "/apps/serving/history",
        "/rollouts",
        "/rollouts/serving-12",
        "/rollouts/serving-12/diff",
        "/rollouts/serving-12/rollback",
        "/pods/movies/x",
        "/pods/movies/x/logs",
        "/nodes",
        "/live?topics=apps:",
        "/nothing",
    ];
    for path in all {
        let response = site.send(request(Method::GET, path, &[HTML], "")).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{path}");
        assert!(
            location(&response).starts_with("/signin?next=%2F"),
            "{path}"
        );
        let response = site.send(request(Method::GET, path, &[], "")).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
        let wrong = [("authorization", "Bearer wrong"), HTML];
        let response = site.send(request(Method::GET, path, &wrong, "")).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    let post = request(
        Method::POST,
        "/rollouts/serving-12/rollback",
        &[SAME],
        "reason=x",
    );
    assert_eq!(site.send(post).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn probes_and_assets_are_open() {
    let site = Site::new(Sample::default()).await;
    for path in ["/livez", "/readyz", "/metrics", "/signin"] {
        let response = site.send(request(Method::GET, path, &[], "")).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
    }
    let style = &super::super::assets::ASSETS.style.path;
    let response = site.send(request(Method::GET, style, &[], "")).await;
    assert_eq!(response.status(), StatusCode::OK);
    let cache = response.headers()[header::CACHE_CONTROL].to_str().unwrap();
    assert!(cache.contains("immutable"), "{cache}");
    let old = request(Method::GET, "/assets/kedge.000000.css", &[], "");
    assert_eq!(site.send(old).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_link_signs_in_once_and_leads_on() {
    let site = Site::new(Sample::default()).await;
    let link = format!("{}&next=/apps/serving", site.auth.sign_in_path(now()));
    let response = site.send(request(Method::GET, &link, &[HTML], "")).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(location(&response), "/apps/serving");
    let cookie = response.headers()[header::SET_COOKIE]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(cookie.contains("HttpOnly; SameSite=Lax"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap();
    let response = site
        .send(request(
            Method::GET,
            "/apps",
            &[HTML, ("cookie", cookie)],
            "",
        ))
        .await;
    assert_eq!(response.status(), StatusCode::OK);
    let again = site.send(request(Method::GET, &link, &[HTML], "")).await;
    assert_eq!(again.status(), StatusCode::UNAUTHORIZED);
    let (_, text) = read(again).await;
    assert!(text.contains("used already"), "{text}");
}

#[tokio::test]
async fn the_admin_token_signs_in_and_leads_to_no_other_site() {
    let site = Site::new(Sample::default()).await;
    let token = "token=correct+horse+battery+staple";
    let check = async |headers: &[(&str, &str)], body: &str, status: StatusCode, to: &str| {
        let response = site
            .send(request(Method::POST, "/signin", headers, body))
            .await;
        assert_eq!(response.status(), status, "{body}");
        if status == StatusCode::SEE_OTHER {
            assert_eq!(location(&response), to);
        }
    };
    check(
        &[SAME],
        &format!("{token}&next=%2Fnodes"),
        StatusCode::SEE_OTHER,
        "/nodes",
    )
    .await;
    for elsewhere in ["https://evil.test", "//evil.test", "/\\evil.test", ""] {
        let next = super::super::view::component::encoded(elsewhere);
        check(
            &[SAME],
            &format!("{token}&next={next}"),
            StatusCode::SEE_OTHER,
            "/apps",
        )
        .await;
    }
    check(&[SAME], "token=wrong", StatusCode::UNAUTHORIZED, "").await;
    check(
        &[("sec-fetch-site", "cross-site")],
        token,
        StatusCode::UNAUTHORIZED,
        "",
    )
    .await;
}

#[tokio::test]
async fn a_rollback_needs_the_session_s_form_and_a_reason() {
    let site = Site::new(Sample::default()).await;
    let session = site.auth.sign_in(TOKEN, now()).unwrap();
    let cookie = site.auth.cookie(&session);
    let cookie = cookie.split(';').next().unwrap();
    let csrf = site.auth.csrf(&session);
    let head = site.sample.head.clone();
    let check = async |headers: &[(&str, &str)], body: &str, status: StatusCode| {
        let mut all = vec![HTML, ("cookie", cookie)];
        all.extend(headers);
        let post = request(Method::POST, "/rollouts/serving-12/rollback", &all, body);
        let response = site.send(post).await;
        assert_eq!(response.status(), status, "{headers:?} {body}");
        response
    };
    let good = format!("csrf={csrf}&reason=it+crashes&parent={head}");
    check(&[], &good, StatusCode::FORBIDDEN).await;
    check(
        &[("sec-fetch-site", "cross-site")],
        &good,
        StatusCode::FORBIDDEN,
    )
    .await;
    check(
        &[SAME],
        &format!("reason=x&parent={head}"),
        StatusCode::FORBIDDEN,
    )
    .await;
    check(
        &[SAME],
        &format!("csrf=wrong&reason=x&parent={head}"),
        StatusCode::FORBIDDEN,
    )
    .await;
    check(
        &[SAME],
        &format!("csrf={csrf}&reason=++&parent={head}"),
        StatusCode::BAD_REQUEST,
    )
    .await;
    let moved = check(
        &[SAME],
        &format!("csrf={csrf}&reason=why&parent=123"),
        StatusCode::OK,
    )
    .await;
    let (_, text) = read(moved).await;
    assert!(
        text.contains("moved to 7f3c2ab") && text.contains(">why</textarea>"),
        "{text}"
    );
    assert!(site.sample.asked.lock().unwrap().is_empty());
    let done = check(&[SAME], &good, StatusCode::SEE_OTHER).await;
    assert_eq!(location(&done), "/rollouts/serving-11");
    let asked = site.sample.asked.lock().unwrap();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].reason, "it crashes");
    assert_eq!(asked[0].author.name, "admin");
}

#[tokio::test]
async fn programs_roll_back_with_the_token_alone() {
    let site = Site::new(Sample::default()).await;
    let bearer = format!("Bearer {TOKEN}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("accept", "application/json"),
    ];
    let post = request(
        Method::POST,
        "/rollouts/serving-12/rollback",
        &headers,
        "reason=it+crashes",
    );
    let (status, text) = read(site.send(post).await).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    let done: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(done["rollouts"][0], "serving-11");
    assert_eq!(done["push"], "push-11");
}

#[tokio::test]
async fn signing_out_ends_the_session() {
    let site = Site::new(Sample::default()).await;
    let session = site.auth.sign_in(TOKEN, now()).unwrap();
    let cookie = site.auth.cookie(&session);
    let cookie = cookie.split(';').next().unwrap();
    let body = format!("csrf={}", site.auth.csrf(&session));
    let headers = [HTML, SAME, ("cookie", cookie)];
    let post = |body: &str| request(Method::POST, "/signout", &headers, body);
    assert_eq!(
        site.send(post("csrf=no")).await.status(),
        StatusCode::FORBIDDEN
    );
    assert_eq!(site.send(post(&body)).await.status(), StatusCode::SEE_OTHER);
    let response = site.send(request(Method::GET, "/apps", &headers, "")).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_sync_is_of_the_plan_that_was_seen() {
    let site = Site::new(Sample::default()).await;
    let session = site.auth.sign_in(TOKEN, now()).unwrap();
    let cookie = site.auth.cookie(&session);
    let cookie = cookie.split(';').next().unwrap();
    let csrf = site.auth.csrf(&session);
    let (_, page) = site.page("/apps/serving/sync").await;
    let field = "name=\"plan\" value=\"";
    let seen = page.split(field).nth(1).unwrap();
    let seen = &seen[..64];
    let check = async |plan: &str, status: StatusCode| {
        let headers = [HTML, SAME, ("cookie", cookie)];
        let body = format!("csrf={csrf}&prune=false&plan={plan}");
        let post = request(Method::POST, "/apps/serving/sync", &headers, &body);
        let (answered, text) = read(site.send(post).await).await;
        assert_eq!(answered, status, "{text}");
        text
    };
    // The answer to an old plan is the page again, with the new one.
    let again = check(&"0".repeat(64), StatusCode::OK).await;
    assert!(again.contains("nothing was changed"), "{again}");
    assert!(again.contains(seen), "{again}");
    check(seen, StatusCode::SEE_OTHER).await;
}

/// The cookie of somebody who signed in by a provider.
pub(super) fn cookie_of(site: &Site, user: User) -> String {
    let cookie = site.auth.cookie(&site.auth.begin(user, now()));
    cookie.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn who_may_only_look_changes_nothing_and_is_told_who_may() {
    let rules = "rules:\n- {role: operator, applications: [other], users: [ben]}\n\
                 - {role: operator, applications: [serving], groups: [team]}\n";
    let site = Site::with(Sample::default(), Access::parse(rules).unwrap()).await;
    let user = |name: &str, groups: &[&str]| User {
        name: name.into(),
        email: format!("{name}@example.org"),
        groups: groups.iter().map(|it| (*it).to_owned()).collect(),
        everywhere: Role::Viewer,
    };
    let ask = async |user: User, path: &str, body: &str| {
        let session = site.auth.begin(user, now());
        let cookie = site.auth.cookie(&session);
        let cookie = cookie.split(';').next().unwrap();
        let body = format!("csrf={}&{body}", site.auth.csrf(&session));
        let headers = [SAME, HTML, ("cookie", cookie)];
        let response = site
            .send(request(Method::POST, path, &headers, &body))
            .await;
        read(response).await
    };
    let writes = [
        ("/apps/serving/sync", ""),
        ("/apps/serving/suspend", "reason=x"),
        ("/apps/serving/resume", ""),
        ("/rollouts/serving-12/rollback", "reason=x"),
    ];
    for (path, body) in writes {
        let (status, text) = ask(user("ben", &[]), path, body).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
        let sentence = "You are viewer of application serving, and this needs operator: ask \
                        the group team, whoever has the admin token; nothing was changed";
        assert!(text.contains(sentence), "{path} {text}");
        let (status, _) = ask(user("eve", &["team"]), path, body).await;
        assert_ne!(status, StatusCode::FORBIDDEN, "{path}");
    }
    // All of the repository is for those who may everything.
    let path = "/rollback?to=serving-11";
    let (status, _) = ask(user("eve", &["team"]), path, "reason=x").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    // Looking is for both.
    let cookie = cookie_of(&site, user("ben", &[]));
    let headers = [HTML, ("cookie", cookie.as_str())];
    let page = site
        .send(request(Method::GET, "/apps/serving", &headers, ""))
        .await;
    let (status, text) = read(page).await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.contains("Signed in as <b>ben</b>"), "{text}");
    // What they may not do is not offered.
    assert!(!text.contains("/apps/serving/sync"), "{text}");
    let cookie = cookie_of(&site, user("eve", &["team"]));
    let headers = [HTML, ("cookie", cookie.as_str())];
    let page = site.send(request(Method::GET, "/apps/serving", &headers, ""));
    let (_, text) = read(page.await).await;
    assert!(text.contains("/apps/serving/sync"), "{text}");
}

#[tokio::test]
async fn the_rules_are_there_to_read_and_say_what_oneself_may() {
    let rules = "rules:\n- role: operator\n  users: [ola]\n  applications: [serving]\n\
                 badges: [serv*]\n";
    let site = Site::with(Sample::default(), Access::parse(rules).unwrap()).await;
    let (status, text) = site.page("/settings/access").await;
    assert_eq!(status, StatusCode::OK);
    for says in ["ola", "serving", "operator", "Signed in as", "serv*"] {
        assert!(text.contains(says), "{says}: {text}");
    }
    let (_, told) = site.json("/settings/access").await;
    assert_eq!(told["role"], "admin");
    assert_eq!(told["rules"][0]["who"], "ola");
    assert_eq!(told["badges"][0], "serv*");
    let (_, none) = Site::new(Sample::default())
        .await
        .page("/settings/access")
        .await;
    assert!(none.contains("--oidc-issuer URL --access FILE"), "{none}");
}
