use axum::http::{HeaderMap, HeaderName, Method};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::{SignedDuration, Timestamp};

use super::*;

const TOKEN: &str = "correct horse battery staple";

fn now() -> Timestamp {
    "2026-03-01T14:00:00Z".parse().unwrap()
}

fn auth() -> Auth {
    Auth::new(TOKEN, Transport::Plain)
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
        .collect()
}

/// What a browser sends back.
fn sent(set_cookie: &str) -> String {
    set_cookie.split(';').next().unwrap().to_owned()
}

#[test]
fn a_link_works_once_and_not_for_ever() {
    let auth = auth();
    let token = |path: String| path.strip_prefix("/signin?token=").unwrap().to_owned();
    let first = token(auth.sign_in_path(now()));
    let late = token(auth.sign_in_path(now()));
    assert_ne!(first, late);
    let session = auth.redeem(&first, now()).unwrap();
    assert_eq!(session.user.name, "admin");
    assert_eq!(auth.redeem(&first, now()), None);
    assert_eq!(auth.redeem("", now()), None);
    assert_eq!(auth.redeem(&late, now() + LINK), None);
}

#[tokio::test]
async fn sessions_survive_a_restart_and_end() {
    let session = auth().sign_in(&format!(" {TOKEN}\n"), now()).unwrap();
    let cookie = sent(&auth().cookie(&session));
    let restarted = auth();
    assert_eq!(restarted.session(&cookie, now()), Some(session.clone()));
    assert_eq!(
        restarted.session(&format!("a=b; {cookie}"), now()),
        Some(session.clone())
    );
    assert_eq!(restarted.session(&cookie, now() + SESSION), None);
    let other = Auth::new("another token", Transport::Plain);
    assert_eq!(other.session(&cookie, now()), None);
    restarted.end(&session, now()).await.unwrap();
    assert_eq!(restarted.session(&cookie, now()), None);
}

#[tokio::test]
async fn ended_sessions_stay_so_however_many_there_are() {
    let auth = auth();
    let sessions: Vec<Session> = (0..3_000)
        .map(|_| auth.sign_in(TOKEN, now()).unwrap())
        .collect();
    for session in &sessions {
        auth.end(session, now()).await.unwrap();
    }
    for session in &sessions {
        assert_eq!(auth.session(&sent(&auth.cookie(session)), now()), None);
    }
}

/// A clock that is there as soon as somebody waits.
struct Passing(Mutex<Timestamp>);

#[async_trait]
impl client::Clock for Passing {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    async fn sleep(&self, duration: std::time::Duration) {
        *self.0.lock().unwrap() += duration;
    }
}

#[tokio::test]
async fn nobody_stays_longer_than_their_session() {
    let auth = Arc::new(auth());
    let session = auth.sign_in(TOKEN, now()).unwrap();
    let clock = Arc::new(Passing(Mutex::new(now())));
    let env = client::Env {
        clock: clock.clone(),
        ids: Arc::new(client::SystemIds),
    };
    let stay = Stay::new(&auth, &Admitted::Session(session.clone()));
    stay.over(env).await;
    assert_eq!(client::Clock::now(&*clock), session.until);
}

#[test]
fn a_changed_cookie_is_none() {
    let auth = auth();
    let session = auth.sign_in(TOKEN, now()).unwrap();
    let cookie = sent(&auth.cookie(&session));
    let (before, signature) = cookie.rsplit_once('.').unwrap();
    let (version, who) = before.rsplit_once('.').unwrap();
    let who = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(who).unwrap()).unwrap();
    let again = |version: &str, who: &str| {
        let who = BASE64_URL_SAFE_NO_PAD.encode(who);
        auth.session(&format!("{version}.{who}.{signature}"), now())
    };
    assert_eq!(again(version, &who), Some(session.clone()));
    assert_eq!(again("kedge=v1", &who), None);
    let check = |from: &str, to: &str| {
        let changed = who.replace(from, to);
        assert_ne!(changed, who);
        assert_eq!(again(version, &changed), None, "{changed}");
    };
    check("\"name\":\"admin\"", "\"name\":\"root\"");
    check("\"everywhere\":\"admin\"", "\"everywhere\":\"viewer\"");
    let until = session.until.as_second().to_string();
    let later = session.until + SignedDuration::from_hours(1);
    check(&until, &later.as_second().to_string());
    assert_eq!(auth.session("kedge=", now()), None);
    assert_eq!(auth.session("kedge=....", now()), None);
}

#[test]
fn cookies_are_closed_to_scripts_and_bound_to_tls_where_there_is_any() {
    let session = auth().sign_in(TOKEN, now()).unwrap();
    let plain = auth().cookie(&session);
    assert!(plain.starts_with("kedge="), "{plain}");
    assert!(plain.ends_with("Path=/; HttpOnly; SameSite=Lax"), "{plain}");
    let tls = Auth::new(TOKEN, Transport::Tls).cookie(&session);
    assert!(tls.starts_with("__Host-kedge="), "{tls}");
    assert!(tls.ends_with("HttpOnly; SameSite=Lax; Secure"), "{tls}");
}

#[test]
fn forms_belong_to_their_session() {
    let auth = auth();
    let (one, two) = (
        auth.sign_in(TOKEN, now()).unwrap(),
        auth.sign_in(TOKEN, now()).unwrap(),
    );
    let token = auth.csrf(&one);
    assert!(auth.is_csrf(&one, &token));
    assert!(!auth.is_csrf(&two, &token));
    assert!(!auth.is_csrf(&one, ""));
}

#[tokio::test]
async fn programs_bring_the_admin_token() {
    let auth = auth();
    let basic = |text: &str| format!("Basic {}", BASE64_STANDARD.encode(text));
    let check = |header: &str, good: bool| {
        assert_eq!(auth.authorization(header).is_some(), good, "{header}");
    };
    check(&format!("Bearer {TOKEN}"), true);
    check(&format!("bearer {TOKEN}"), true);
    check("Bearer wrong", false);
    check("Bearer ", false);
    check(&basic(&format!("admin:{TOKEN}")), true);
    check(&basic(&format!("root:{TOKEN}")), false);
    check(&basic("admin:wrong"), false);
    check("Basic ###", false);
    check(TOKEN, false);
    let bearer = Credentials::Bearer(TOKEN.into());
    let admin = auth.authenticate(&bearer).await.unwrap();
    assert_eq!((admin.person, admin.role), (person("admin"), Role::Admin));
    assert_eq!(
        Auth::new("", Transport::Plain).authorization("Bearer "),
        None
    );
}

#[test]
fn writes_come_from_our_own_pages() {
    let auth = auth();
    let session = auth.sign_in(TOKEN, now()).unwrap();
    let cookie = sent(&auth.cookie(&session));
    let check = |method: Method, more: &[(&'static str, &str)], expected: Result<(), Denied>| {
        let mut pairs = vec![("cookie", cookie.as_str()), ("host", "kedge.test:8080")];
        pairs.extend(more);
        let admitted = admit(&auth, &method, &headers(&pairs), now());
        assert_eq!(admitted.map(|_| ()), expected, "{method} {more:?}");
    };
    let cross = Err(Denied::CrossSite);
    check(Method::GET, &[], Ok(()));
    check(Method::POST, &[], cross);
    check(
        Method::POST,
        &[("origin", "http://kedge.test:8080")],
        Ok(()),
    );
    check(Method::POST, &[("origin", "http://evil.test")], cross);
    check(Method::POST, &[("origin", "null")], cross);
    check(Method::POST, &[("sec-fetch-site", "same-origin")], Ok(()));
    check(
        Method::POST,
        &[
            ("sec-fetch-site", "cross-site"),
            ("origin", "http://kedge.test:8080"),
        ],
        cross,
    );
    check(
        Method::GET,
        &[("authorization", "Bearer wrong")],
        Err(Denied::BadCredentials),
    );
    let nobody = admit(&auth, &Method::GET, &headers(&[]), now());
    assert_eq!(nobody, Err(Denied::SignedOut));
}
