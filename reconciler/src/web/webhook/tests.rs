use std::sync::Mutex;

use axum::body::Body;
use axum::http::{Request, header};
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::*;

const SECRET: &str = "It's a Secret to Everybody";

#[derive(Default)]
struct Told(Mutex<Vec<Vec<String>>>);

impl News for Told {
    fn news(&self, repositories: &[String]) -> usize {
        self.0.lock().unwrap().push(repositories.to_vec());
        repositories.len().min(1)
    }

    fn pull(&self, repositories: &[String], pull: &Pull) -> usize {
        let told = vec![format!("pull {} of {}", pull.number, repositories[0])];
        self.0.lock().unwrap().push(told);
        1
    }
}

fn tag(key: &str, text: &[u8]) -> String {
    let key = Key::new(HMAC_SHA256, key.as_bytes());
    let tag = ring::hmac::sign(&key, text);
    tag.as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

struct Site {
    told: Arc<Told>,
    router: Router,
    deliveries: Deliveries,
}

impl Site {
    fn new() -> Self {
        let told = Arc::new(Told::default());
        let deliveries = Deliveries::default();
        let router = webhooks(told.clone(), SECRET, deliveries.clone(), &Env::system());
        Self {
            told,
            router,
            deliveries,
        }
    }

    async fn post(&self, headers: &[(&str, &str)], body: &str) -> (u16, String) {
        let mut request = Request::post(PATH).header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    fn heard(&self) -> usize {
        self.told.0.lock().unwrap().len()
    }
}

/// GitHub's own example of a signature.
#[test]
fn signs_as_the_forges_do() {
    let tag = tag(SECRET, b"Hello, World!");
    assert_eq!(
        tag,
        "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    );
}

#[tokio::test]
async fn every_forge_is_understood_and_nobody_else() {
    let urls = [
        (
            r#"{"ref":"refs/heads/main","repository":{"clone_url":"https://github.com/a/b.git"}}"#,
            "https://github.com/a/b.git",
        ),
        (
            r#"{"project":{"git_http_url":"https://gitlab.com/a/b.git"}}"#,
            "https://gitlab.com/a/b.git",
        ),
        (
            r#"{"repository":{"links":{"html":{"href":"https://bitbucket.org/a/b"}}}}"#,
            "https://bitbucket.org/a/b",
        ),
        (
            r#"{"repository":"git@example.org:a/b.git"}"#,
            "git@example.org:a/b.git",
        ),
    ];
    for (body, url) in urls {
        let (good, bad) = (tag(SECRET, body.as_bytes()), tag("other", body.as_bytes()));
        let forges = [
            ("x-hub-signature-256", "sha256=", "x-github-event", "push"),
            ("x-gitea-signature", "", "x-gitea-event", "push"),
            ("x-forgejo-signature", "", "x-forgejo-event", "push"),
            ("x-hub-signature", "sha256=", "x-event-key", "repo:push"),
        ];
        for (name, prefix, event, what) in forges {
            let site = Site::new();
            let wrong = format!("{prefix}{bad}");
            for wrong in [&*wrong, "", "sha256=", "sha256=zz", "sha1=00"] {
                let (status, _) = site.post(&[(name, wrong), (event, what)], body).await;
                assert_eq!(status, 401, "{name}: {wrong}");
            }
            let right = format!("{prefix}{good}");
            let other = format!("{body} ");
            let (status, _) = site.post(&[(name, &right), (event, what)], &other).await;
            assert_eq!((status, site.heard()), (401, 0));
            let (status, said) = site.post(&[(name, &right), (event, "ping")], body).await;
            assert_eq!((status, &*said), (200, "nothing to do for this event\n"));
            let (status, said) = site.post(&[(name, &right), (event, what)], body).await;
            assert_eq!((status, &*said), (200, "1 repository is looked at\n"));
            // Once more wakes nobody.
            let (status, said) = site.post(&[(name, &right), (event, what)], body).await;
            assert_eq!((status, &*said), (200, "this was said before\n"));
            assert_eq!(*site.told.0.lock().unwrap(), [[url.to_owned()]]);
        }
    }
}

#[tokio::test]
async fn gitlab_tells_its_token() {
    let site = Site::new();
    let body = r#"{"project":{"web_url":"https://gitlab.com/a/b"}}"#;
    for (token, expected) in [("", 401), ("It's", 401), (SECRET, 200)] {
        let headers = [("x-gitlab-token", token), ("x-gitlab-event", "Push Hook")];
        let (status, _) = site.post(&headers, body).await;
        assert_eq!(status, expected, "{token}");
    }
    assert_eq!(site.heard(), 1);
}

#[tokio::test]
async fn the_generic_one_is_dated() {
    let site = Site::new();
    let now = Env::system().now().as_second();
    let body = "";
    let check = async |time: i64, signed: i64, expected: u16| {
        let signature = format!("sha256={}", tag(SECRET, format!("{signed}.").as_bytes()));
        let time = time.to_string();
        let headers = [
            ("x-kedge-timestamp", &*time),
            ("x-kedge-signature", &signature),
        ];
        let (status, said) = site.post(&headers, body).await;
        assert_eq!(status, expected, "{said}");
    };
    check(now, now, 200).await;
    check(now - 200, now - 200, 200).await;
    check(now, now - 400, 401).await;
    check(now - 400, now - 400, 401).await;
    check(now + 400, now + 400, 401).await;
    check(i64::MIN, i64::MIN, 401).await;
    let signature = format!("sha256={}", tag(SECRET, b"."));
    let (status, _) = site.post(&[("x-kedge-signature", &signature)], body).await;
    assert_eq!((status, site.heard()), (401, 2));
}

#[tokio::test]
async fn what_is_too_large_or_unsigned_is_not_taken() {
    let site = Site::new();
    let (status, _) = site.post(&[], "{}").await;
    assert_eq!(status, 401);
    let body = " ".repeat(LIMIT + 1);
    let signature = format!("sha256={}", tag(SECRET, body.as_bytes()));
    let (status, _) = site
        .post(&[("x-hub-signature-256", &signature)], &body)
        .await;
    assert_eq!((status, site.heard()), (413, 0));
}

/// Whatever somebody signs who knows the secret is read, and nothing that somebody else changes.
#[test]
fn no_message_is_too_much() {
    let corpus = [
        r#"{"ref": "refs/heads/main", "repository": {"clone_url": "https://example.org/a/b.git",
            "ssh_url": "git@example.org:a/b.git", "full_name": "a/b"}}"#,
        r#"{"action": "opened", "number": 7, "pull_request": {"number": 7, "head": {"sha":
            "0123456789012345678901234567890123456789"}, "base": {"ref": "main"}},
            "repository": {"clone_url": "https://example.org/a/b.git"}}"#,
        r#"{"object_kind": "merge_request", "project": {"git_http_url": "https://x/y.git"},
            "object_attributes": {"action": "open", "iid": 3, "target_branch": "main",
            "last_commit": {"id": "0123456789012345678901234567890123456789"}}}"#,
        r#"{"repository": {"links": {"html": {"href": "https://bitbucket.org/a/b"}}}}"#,
        &"[".repeat(300),
    ];
    let forges = [
        ("x-hub-signature-256", "sha256=", "x-github-event", "push"),
        (
            "x-hub-signature-256",
            "sha256=",
            "x-github-event",
            "pull_request",
        ),
        ("x-gitea-signature", "", "x-gitea-event", "push"),
        ("x-gitlab-token", "", "x-gitlab-event", "Merge Request Hook"),
        ("x-hub-signature", "sha256=", "x-event-key", "repo:push"),
    ];
    let (key, now) = (
        Key::new(HMAC_SHA256, SECRET.as_bytes()),
        Env::system().now(),
    );
    for (index, body) in crate::testing::mutations(&corpus, 4_000).enumerate() {
        let (header, prefix, event, what) = forges[index % forges.len()];
        let proof = match header {
            "x-gitlab-token" => SECRET.to_owned(),
            _ => format!("{prefix}{}", tag(SECRET, &body)),
        };
        let read = |proof: &str, body: &[u8]| {
            let headers = [(header, proof), (event, what)];
            let find = |name: &str| headers.iter().find(|it| it.0 == name).map(|it| it.1);
            message::read(find, body, (&key, SECRET), now)
        };
        let once = read(&proof, &body).expect("it is signed");
        assert_eq!(once, read(&proof, &body).expect("it is signed"));
        assert!(once.repositories.iter().all(|it| it.len() <= body.len()));
        assert_eq!(read(&proof[1..], &body), Err(Refusal::Signature));
        if header != "x-gitlab-token" {
            let other = [&body[..], b" "].concat();
            assert_eq!(read(&proof, &other), Err(Refusal::Signature));
        }
    }
}

#[tokio::test]
async fn what_was_sent_is_told_and_what_was_refused_is_of_nobody() {
    let site = Site::new();
    let of = |wanted: &str| site.deliveries.of(|address| address.contains(wanted));
    assert_eq!(of("a/b"), Webhook::default());
    let body = r#"{"project":{"web_url":"https://gitlab.com/a/b"}}"#;
    let post = async |token: &str| {
        let headers = [("x-gitlab-token", token), ("x-gitlab-event", "Push Hook")];
        site.post(&headers, body).await.0
    };
    assert_eq!((post("wrong").await, post("wrong").await), (401, 401));
    let refused = of("a/b").refused.unwrap();
    assert_eq!((refused.count, of("a/b").last), (2, None));
    assert_eq!(refused.why, "the signature or token is wrong");
    assert_eq!(
        of("other/repository").refused,
        Some(refused),
        "of nobody: shown at all"
    );
    // What comes after it, and is taken, says that it is mended.
    assert_eq!(post(SECRET).await, 200);
    let now = of("a/b");
    let last = now.last.unwrap();
    assert_eq!(
        (last.forge.as_str(), last.outcome.as_str()),
        ("gitlab", "1 repository is looked at")
    );
    assert_eq!(now.refused, None);
    assert!(of("other/repository").refused.is_some());
}
